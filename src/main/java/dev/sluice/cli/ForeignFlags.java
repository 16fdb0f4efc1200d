package dev.sluice.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Flags of FastDeploy's start scripts that do nothing here.
///
/// Those that change no answer are accepted, each with a line that says what happens instead. Those
/// that would change answers, or are about what there is not, are refused, unless their value asks
/// for what happens anyway.
final class ForeignFlags {

    /// One flag.
    ///
    /// @param name without dashes
    /// @param values most values that it takes: 0 or 1, or [#MANY]
    /// @param neutral whether values ask for what happens anyway
    /// @param isRefused whether other values are refused
    /// @param text goes on after the flag's name where it is accepted; else why it is not
    private record Flag(
            String name,
            int values,
            Predicate<List<String>> neutral,
            boolean isRefused,
            String text) {

        static Flag accepted(String name, int values, String text) {
            return partial(name, values, "has no effect: " + text);
        }

        /// A part of it counts.
        static Flag partial(String name, int values, String text) {
            return new Flag(name, values, _ -> false, false, text);
        }

        static Flag refused(String name, int values, String text, String... neutral) {
            Set<String> all = Set.of(neutral);
            Predicate<List<String>> asksForNothing =
                    given ->
                            !given.isEmpty()
                                    && given.stream()
                                            .allMatch(
                                                    v -> all.contains(v.toLowerCase(Locale.ROOT)));
            return new Flag(name, values, asksForNothing, true, text);
        }

        /// One is accepted, several are refused, also where commas are between them.
        static Flag several(String name, String text) {
            return new Flag(
                    name,
                    MANY,
                    given -> given.size() == 1 && given.getFirst().indexOf(',') < 0,
                    true,
                    text);
        }

        /// Any value below 0 is accepted.
        static Flag off(String name, String text) {
            return new Flag(name, 1, given -> given.getFirst().matches("-[1-9][0-9]*"), true, text);
        }

        String arity() {
            return values == MANY ? "1..*" : String.valueOf(values);
        }

        Class<?> type() {
            return switch (values) {
                case 0 -> boolean.class;
                case 1 -> String.class;
                default -> List.class;
            };
        }

        /// The values that count: of a flag that takes one, the last.
        List<String> given(CommandLine.ParseResult parsed) {
            List<String> all = parsed.matchedOption("--" + name).stringValues();
            return values == MANY || all.isEmpty() ? all : List.of(all.getLast());
        }
    }

    private static final int MANY = Integer.MAX_VALUE;
    private static final String ONE_PROCESS = "Sluice is one process";
    private static final String ONE_POOL = "all blocks are in one pool";
    private static final String ONE_DEVICE = "there is one device";
    private static final String CHUNKS = "prompts always go in chunks of --max-num-batched-tokens";
    private static final String ONLY_TEXT = "models generate text only";
    private static final String NO_IMAGES = "Sluice serves text models";
    private static final String NO_CLUSTER = "this server is a whole by itself";
    private static final String NO_REDIS = "requests wait in this process, not in Redis";

    private static final String GRAPHS = "graph-optimization-config";

    private static final List<Flag> FLAGS =
            List.of(
                    Flag.accepted("workers", 1, ONE_PROCESS + " with an event loop"),
                    Flag.accepted("timeout", 1, ONE_PROCESS + " and has no workers to watch"),
                    Flag.accepted("engine-worker-queue-port", MANY, ONE_PROCESS),
                    Flag.accepted("cache-queue-port", MANY, ONE_PROCESS),
                    Flag.accepted("tokenizer-base-url", 1, "the tokenizer runs in the server"),
                    Flag.accepted("load-choices", 1, "there is one way to load weights"),
                    Flag.accepted("kv-cache-ratio", 1, ONE_POOL),
                    Flag.accepted("static-decode-blocks", 1, ONE_POOL),
                    Flag.accepted(
                            "prealloc-dec-block-slot-num-threshold",
                            1,
                            "blocks are taken as they are needed"),
                    Flag.accepted("swap-space", 1, "keys and values are not moved elsewhere"),
                    Flag.partial(
                            GRAPHS,
                            1,
                            "counts on a GPU only, and there for \"use_cudagraph\" alone: false is"
                                    + " --enforce-eager"),
                    Flag.accepted("enable-chunked-prefill", 0, CHUNKS),
                    Flag.accepted("max-num-partial-prefills", 1, CHUNKS),
                    Flag.accepted("max-long-partial-prefills", 1, CHUNKS),
                    Flag.accepted("long-prefill-token-threshold", 1, CHUNKS),
                    Flag.accepted("use-warmup", 1, "the first request needs no warm-up"),
                    Flag.accepted(
                            "scheduler-ttl",
                            1,
                            "what waits does not expire; see --max-waiting-time"),
                    Flag.accepted("override-pooler-config", 1, ONLY_TEXT),
                    Flag.refused("local-data-parallel-id", 1, NO_CLUSTER, "0"),
                    Flag.accepted("enable-expert-parallel", 0, ONE_DEVICE),
                    Flag.accepted("enable-eplb", 0, ONE_DEVICE),
                    Flag.accepted("eplb-config", 1, ONE_DEVICE),
                    Flag.accepted("disable-custom-all-reduce", 0, ONE_DEVICE),
                    Flag.accepted("use-internode-ll-two-stage", 0, ONE_DEVICE),
                    Flag.accepted("disable-sequence-parallel-moe", 0, ONE_DEVICE),
                    Flag.several("ips", NO_CLUSTER),
                    Flag.off("controller-port", "there is no controller"),
                    Flag.refused("scheduler-name", 1, NO_CLUSTER, "local"),
                    Flag.refused("data-parallel-size", 1, NO_CLUSTER, "1"),
                    Flag.refused("runner", 1, ONLY_TEXT, "auto", "generate"),
                    Flag.refused("convert", 1, ONLY_TEXT, "auto", "none"),
                    Flag.refused("task", 1, ONLY_TEXT, "auto", "generate"),
                    Flag.refused("dynamic-load-weight", 0, "weights can't be exchanged"),
                    Flag.refused("load-strategy", 1, "weights can't be exchanged", "normal"),
                    Flag.refused("enable-mm", 0, NO_IMAGES),
                    Flag.refused("enable-mm-output", 0, NO_IMAGES),
                    Flag.refused("limit-mm-per-prompt", 1, NO_IMAGES),
                    Flag.refused("mm-processor-kwargs", 1, NO_IMAGES),
                    Flag.refused("max-encoder-cache", 1, NO_IMAGES, "-1", "0"),
                    Flag.refused("max-processor-cache", 1, NO_IMAGES, "-1", "0"),
                    Flag.refused("disable-chunked-mm-input", 0, NO_IMAGES),
                    Flag.refused("splitwise-role", 1, NO_CLUSTER, "mixed"),
                    Flag.refused("innode-prefill-ports", MANY, NO_CLUSTER),
                    Flag.refused("cache-transfer-protocol", MANY, NO_CLUSTER, "ipc"),
                    Flag.refused("pd-comm-port", MANY, NO_CLUSTER),
                    Flag.refused("rdma-comm-ports", MANY, NO_CLUSTER),
                    Flag.refused("router", 1, NO_CLUSTER),
                    Flag.refused("plas-attention-config", 1, "attention is exact"),
                    Flag.refused("scheduler-host", 1, NO_REDIS),
                    Flag.refused("scheduler-port", 1, NO_REDIS),
                    Flag.refused("scheduler-db", 1, NO_REDIS),
                    Flag.refused("scheduler-password", 1, NO_REDIS),
                    Flag.refused("scheduler-topic", 1, NO_REDIS),
                    Flag.refused("scheduler-min-load-score", 1, NO_REDIS),
                    Flag.refused("scheduler-load-shards-num", 1, NO_REDIS),
                    Flag.refused("scheduler-sync-period", 1, NO_REDIS),
                    Flag.refused("scheduler-expire-period", 1, NO_REDIS),
                    Flag.refused("scheduler-release-load-expire-period", 1, NO_REDIS),
                    Flag.refused("scheduler-reader-parallel", 1, NO_REDIS),
                    Flag.refused("scheduler-writer-parallel", 1, NO_REDIS),
                    Flag.refused("scheduler-reader-batch-size", 1, NO_REDIS),
                    Flag.refused("scheduler-writer-batch-size", 1, NO_REDIS));

    private ForeignFlags() {}

    /// Makes a command take the flags, without showing them in its help.
    static void addTo(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        for (Flag flag : FLAGS) {
            spec.addOption(
                    OptionSpec.builder("--" + flag.name())
                            .hidden(true)
                            .arity(flag.arity())
                            .type(flag.type())
                            .auxiliaryTypes(flag.values() == 0 ? Boolean.class : String.class)
                            .build());
        }
    }

    /// What became of the flags that were given.
    ///
    /// @return lines for the log
    /// @throws Refusal if one of them would change answers
    static List<String> judge(CommandLine.ParseResult parsed) {
        List<String> lines = new ArrayList<>();
        for (Flag flag : FLAGS) {
            Optional<String> line = judge(flag, parsed);
            line.ifPresent(lines::add);
        }
        return lines;
    }

    /// Whether they ask for decoding without a GPU's graphs.
    ///
    /// @throws Refusal if what asks is no JSON object
    static boolean refuseGraphs(CommandLine.ParseResult parsed) {
        return parsed.hasMatchedOption("--" + GRAPHS)
                && Boolean.FALSE.equals(
                        JsonFlag.object(
                                        "--" + GRAPHS,
                                        parsed.matchedOption("--" + GRAPHS)
                                                .stringValues()
                                                .getLast())
                                .get("use_cudagraph"));
    }

    private static Optional<String> judge(Flag flag, CommandLine.ParseResult parsed) {
        String name = "--" + flag.name();
        if (!parsed.hasMatchedOption(name)) {
            return Optional.empty();
        }
        List<String> values = flag.given(parsed);
        if (flag.neutral().test(values)) {
            return Optional.of(
                    "%s %s is what happens anyway".formatted(name, String.join(" ", values)));
        }
        if (flag.isRefused()) {
            throw new Refusal(
                    name + " is not supported: " + flag.text() + "; start without the flag.");
        }
        return Optional.of(name + " " + flag.text());
    }
}
