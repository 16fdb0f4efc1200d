package dev.sluice.cli;

import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Flags of FastDeploy's start scripts that do nothing here.
///
/// Those that change no answer are accepted, each with a line that says what happens instead. Those
/// that would change answers are refused, unless their value asks for what happens anyway.
final class LaterFlags {

    /// One flag.
    ///
    /// @param name without dashes
    /// @param values most values that it takes: 0 or 1, or [#MANY]
    /// @param neutral lower-case values that ask for what happens anyway
    /// @param isRefused whether other values are refused
    /// @param text what happens instead, or why not
    private record Flag(
            String name, int values, Set<String> neutral, boolean isRefused, String text) {

        static Flag accepted(String name, int values, String text) {
            return new Flag(name, values, Set.of(), false, text);
        }

        static Flag refused(String name, int values, String text, String... neutral) {
            return new Flag(name, values, Set.of(neutral), true, text);
        }

        String arity() {
            return values == MANY ? "1..*" : String.valueOf(values);
        }
    }

    private static final int MANY = Integer.MAX_VALUE;
    private static final String ONE_PROCESS = "Sluice is one process";
    private static final String CHUNKS = "prompts always go in chunks of --max-num-batched-tokens";
    private static final String NO_IMAGES = "Sluice serves text models";
    private static final String NO_GUIDE =
            "there is no guided decoding yet, so requests that ask get a 400";
    private static final String NO_CLUSTER = "this server is a whole by itself";

    private static final List<Flag> FLAGS =
            List.of(
                    Flag.accepted("workers", 1, ONE_PROCESS + " with an event loop"),
                    Flag.accepted("timeout", 1, ONE_PROCESS + " and has no workers to watch"),
                    Flag.accepted("engine-worker-queue-port", 1, ONE_PROCESS),
                    Flag.accepted("cache-queue-port", 1, ONE_PROCESS),
                    Flag.accepted("load-choices", 1, "there is one way to load weights"),
                    Flag.accepted("load-strategy", 1, "there is one way to load weights"),
                    Flag.accepted("kv-cache-ratio", 1, "all blocks are in one pool"),
                    Flag.accepted("static-decode-blocks", 1, "all blocks are in one pool"),
                    Flag.accepted(
                            "prealloc-dec-block-slot-num-threshold",
                            1,
                            "blocks are taken as they are needed"),
                    Flag.accepted("swap-space", 1, "keys and values are not moved elsewhere"),
                    Flag.accepted(
                            "gpu-memory-utilization", 1, "it is about GPUs; see --device auto|cpu"),
                    Flag.accepted("graph-optimization-config", 1, "it is about GPUs"),
                    Flag.accepted("enable-prefix-caching", 0, "prefixes are not cached yet"),
                    Flag.accepted("no-enable-prefix-caching", 0, "prefixes are not cached yet"),
                    Flag.accepted("enable-chunked-prefill", 0, CHUNKS),
                    Flag.accepted("max-num-partial-prefills", 1, CHUNKS),
                    Flag.accepted("max-long-partial-prefills", 1, CHUNKS),
                    Flag.accepted("long-prefill-token-threshold", 1, CHUNKS),
                    Flag.accepted("use-warmup", 1, "the first request needs no warm-up"),
                    Flag.accepted("lm-head-fp32", 0, "logits are float32 anyway"),
                    Flag.accepted("seed", 1, "a request is reproducible with a seed of its own"),
                    Flag.accepted("speculative-config", 1, "tokens are not guessed ahead yet"),
                    Flag.accepted("scheduler-name", 1, NO_CLUSTER),
                    Flag.accepted("scheduler-ttl", 1, NO_CLUSTER),
                    Flag.accepted("max-encoder-cache", 1, NO_IMAGES),
                    Flag.accepted("max-processor-cache", 1, NO_IMAGES),
                    Flag.accepted("limit-mm-per-prompt", 1, NO_IMAGES),
                    Flag.accepted("mm-processor-kwargs", 1, NO_IMAGES),
                    Flag.accepted("disable-chunked-mm-input", 0, NO_IMAGES),
                    Flag.accepted("disable-custom-all-reduce", 0, "there is one device"),
                    Flag.accepted("use-internode-ll-two-stage", 0, "there is one device"),
                    Flag.accepted("disable-sequence-parallel-moe", 0, "there is one device"),
                    Flag.accepted("local-data-parallel-id", 1, NO_CLUSTER),
                    Flag.accepted(
                            "enable-logprob",
                            0,
                            "there are no log probabilities yet, so requests that ask get a 400"),
                    Flag.accepted("max-logprobs", 1, "there are no log probabilities yet"),
                    Flag.refused("logprobs-mode", 1, "there are no log probabilities yet"),
                    Flag.refused(
                            "max-waiting-time",
                            1,
                            "requests wait as long as it takes",
                            "-1",
                            "-1.0"),
                    Flag.refused("metrics-port", 1, "metrics are served on --port"),
                    Flag.refused("controller-port", 1, "there is no controller yet", "-1"),
                    Flag.refused("api-key", MANY, "keys are not checked yet"),
                    Flag.refused("ssl-keyfile", 1, "there is no TLS yet"),
                    Flag.refused("ssl-certfile", 1, "there is no TLS yet"),
                    Flag.refused("cors-origin", MANY, "there is no CORS yet"),
                    Flag.refused(
                            "tokenizer", 1, "the tokenizer is taken from the model's own files"),
                    Flag.refused("tokenizer-base-url", 1, "the tokenizer runs in the server"),
                    Flag.refused(
                            "model-config-name",
                            1,
                            "the configuration is read from config.json",
                            "config.json"),
                    Flag.refused("reasoning-parser", 1, "reasoning is not parsed yet"),
                    Flag.refused("tool-call-parser", 1, "tool calls are not parsed yet"),
                    Flag.refused("tool-parser-plugin", 1, "tool calls are not parsed yet"),
                    Flag.refused("chat-template", 1, "the model's own template is used"),
                    Flag.refused(
                            "default-chat-template-kwargs", 1, "requests give their own", "{}"),
                    Flag.accepted("guided-decoding-backend", 1, NO_GUIDE),
                    Flag.accepted("guided-decoding-disable-any-whitespace", 0, NO_GUIDE),
                    Flag.refused("logits-processors", MANY, "there are no processors yet"),
                    Flag.refused("enable-early-stop", 0, "repetitions are not stopped yet"),
                    Flag.refused("early-stop-config", 1, "repetitions are not stopped yet"),
                    Flag.refused("dynamic-load-weight", 0, "weights can't be exchanged"),
                    Flag.refused("runner", 1, "models generate only", "auto", "generate"),
                    Flag.refused("convert", 1, "models generate only", "auto", "none"),
                    Flag.refused("task", 1, "models generate only", "auto", "generate"),
                    Flag.refused("override-pooler-config", 1, "models generate only"),
                    Flag.refused("enable-mm", 0, NO_IMAGES),
                    Flag.refused("enable-mm-output", 0, NO_IMAGES),
                    Flag.refused("data-parallel-size", 1, NO_CLUSTER, "1"),
                    Flag.refused("enable-expert-parallel", 0, "there is one device"),
                    Flag.refused("enable-eplb", 0, "there is one device"),
                    Flag.refused("eplb-config", 1, "there is one device"),
                    Flag.refused("ips", MANY, NO_CLUSTER),
                    Flag.refused("splitwise-role", 1, NO_CLUSTER, "mixed"),
                    Flag.refused("innode-prefill-ports", MANY, NO_CLUSTER),
                    Flag.refused("cache-transfer-protocol", 1, NO_CLUSTER, "ipc"),
                    Flag.refused("pd-comm-port", MANY, NO_CLUSTER),
                    Flag.refused("rdma-comm-ports", MANY, NO_CLUSTER),
                    Flag.refused("router", 1, NO_CLUSTER),
                    Flag.refused("plas-attention-config", 1, "attention is exact"));

    private LaterFlags() {}

    /// Makes a command take the flags, without showing them in its help.
    static void addTo(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        for (Flag flag : FLAGS) {
            spec.addOption(
                    OptionSpec.builder("--" + flag.name())
                            .hidden(true)
                            .arity(flag.arity())
                            .type(flag.values() == 0 ? boolean.class : List.class)
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

    private static Optional<String> judge(Flag flag, CommandLine.ParseResult parsed) {
        String name = "--" + flag.name();
        if (!parsed.hasMatchedOption(name)) {
            return Optional.empty();
        }
        List<String> values = parsed.matchedOption(name).stringValues();
        boolean isNeutral =
                !values.isEmpty()
                        && values.stream()
                                .allMatch(v -> flag.neutral().contains(v.toLowerCase(Locale.ROOT)));
        if (isNeutral) {
            return Optional.empty();
        }
        if (flag.isRefused()) {
            throw new Refusal(
                    name + " is not supported: " + flag.text() + "; start without the flag.");
        }
        return Optional.of(name + " has no effect: " + flag.text());
    }
}
