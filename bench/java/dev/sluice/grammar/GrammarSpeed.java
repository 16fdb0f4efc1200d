package dev.sluice.grammar;

import dev.sluice.grammar.SpeedSample.Case;
import dev.sluice.grammar.SpeedSample.Instance;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// The command `bench/grammar DIR [--rounds N] [--slowest N] [--check N] [--every N]
/// [--compile-only] [--json] [--write FILE]`: what masks and compiling cost over MaskBench's
/// sample, on one thread and in its processor time, so that neighbours hardly matter.
///
/// Each round compiles every schema anew and finds the mask of every place of its instances, up to
/// the first token that may not come. The last round counts, the others warm the JVM. With
/// `--check` every Nth mask of the last round is compared with a walk of the whole vocabulary.
public final class GrammarSpeed {
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();
    private static final int SHOWN_TEXT = 200;

    private final PrintWriter out;
    private final SpeedSample sample;
    private final GrammarCompiler compiler;
    private final boolean compileOnly;
    private final MemorySegment row;
    private final MemorySegment naive;
    private final Set<String> refused = new HashSet<>();

    private GrammarSpeed(PrintWriter out, SpeedSample sample, Arena arena, boolean compileOnly) {
        this.out = out;
        this.compileOnly = compileOnly;
        this.sample = sample;
        GrammarVocabulary words = GrammarVocabulary.of(sample.vocabulary());
        this.compiler =
                new GrammarCompiler(
                        () -> words,
                        GrammarLimits.DEFAULT,
                        JsonSchemaOptions.DEFAULT.with(JsonSchemaOptions.Whitespace.ANY),
                        1);
        int width = Math.ceilDiv(sample.vocabulary().size(), 32);
        this.row = arena.allocate(ValueLayout.JAVA_INT, width);
        this.naive = arena.allocate(ValueLayout.JAVA_INT, width);
    }

    /// Runs the command.
    ///
    /// @throws IOException if the sample can't be read
    public static void main(String[] args) throws IOException {
        List<String> words = new ArrayList<>(List.of(args));
        int rounds = number(words, "--rounds", 4);
        int slowest = number(words, "--slowest", 0);
        int check = number(words, "--check", 0);
        int every = number(words, "--every", 1);
        boolean json = words.remove("--json");
        boolean compileOnly = words.remove("--compile-only");
        int write = words.indexOf("--write");
        List<String> file = write < 0 ? List.of() : List.copyOf(words.subList(write, write + 2));
        words.removeAll(file);
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        SpeedSample sample = SpeedSample.read(Path.of(words.getFirst())).every(every);
        if (!file.isEmpty()) {
            sample.write(Path.of(file.getLast()));
        }
        try (Arena arena = Arena.ofConfined()) {
            GrammarSpeed speed = new GrammarSpeed(out, sample, arena, compileOnly);
            for (int i = 1; i < rounds; i++) {
                speed.round(0);
                speed.warmCompiler();
            }
            speed.print(speed.round(check), json, slowest);
            speed.compiler.close();
        }
    }

    private static int number(List<String> words, String option, int otherwise) {
        int at = words.indexOf(option);
        if (at < 0) {
            return otherwise;
        }
        words.remove(at);
        return Integer.parseInt(words.remove(at));
    }

    /// What one pass over the sample cost.
    private static final class Round {
        private final SpeedTimes compile = new SpeedTimes();
        private final SpeedTimes masks = new SpeedTimes();
        private final SpeedTimes accepts = new SpeedTimes();
        private int refused;
        private int validRejected;
        private int invalidAccepted;
        private long mostBytes;
        private int seen;
        private int compared;
        private int differ;
    }

    /// A round has few schemas beside its many masks. What is refused is left out: it may take
    /// until the limit of time.
    private void warmCompiler() {
        for (Case each : sample.cases()) {
            try {
                if (!refused.contains(each.id())) {
                    compiler.compileNow(new GrammarSpec.JsonSchema(each.schema(), true));
                }
            } catch (GrammarException e) {
                refused.add(each.id());
            }
        }
    }

    private Round round(int check) {
        Round round = new Round();
        for (Case each : sample.cases()) {
            long start = now();
            CompiledGrammar grammar;
            try {
                grammar = compiler.compileNow(new GrammarSpec.JsonSchema(each.schema(), true));
            } catch (GrammarException e) {
                round.refused++;
                refused.add(each.id());
                continue;
            }
            round.compile.add(now() - start, each.id() + " " + shortened(each.schema()));
            for (int i = 0; i < each.instances().size() && !compileOnly; i++) {
                follow(round, grammar, each, i, check);
            }
            round.mostBytes = Math.max(round.mostBytes, grammar.machine().bytes());
        }
        return round;
    }

    private void follow(Round round, CompiledGrammar grammar, Case each, int number, int check) {
        Instance instance = each.instances().get(number);
        MachineMatcher matcher = (MachineMatcher) grammar.matcher(sample.vocabulary().eosIds());
        for (int i = 0; i < instance.tokens().size(); i++) {
            int token = instance.tokens().get(i);
            long start = now();
            matcher.fillNextTokenBitmask(row);
            long filled = now();
            if (check > 0 && ++round.seen % check == 0) {
                matcher.fillSlowly(naive);
                round.differ += row.mismatch(naive) < 0 ? 0 : 1;
                round.compared++;
            }
            long before = now();
            boolean accepted = matcher.accept(token);
            round.accepts.add(now() - before, "");
            round.masks.add(filled - start, each.id() + ", instance " + number + ", token " + i);
            boolean allowed = (row.getAtIndex(ValueLayout.JAVA_INT, token >> 5) >>> token & 1) == 1;
            if (allowed != accepted) {
                throw new IllegalStateException("mask and matcher differ: " + each.id());
            }
            if (!accepted) {
                round.validRejected += instance.valid() ? 1 : 0;
                return;
            }
        }
        round.validRejected += instance.valid() && !matcher.mayEnd() ? 1 : 0;
        round.invalidAccepted += !instance.valid() && matcher.mayEnd() ? 1 : 0;
    }

    private static long now() {
        return THREADS.getCurrentThreadCpuTime();
    }

    private static String shortened(String text) {
        return text.length() <= SHOWN_TEXT ? text : text.substring(0, SHOWN_TEXT) + "...";
    }

    private void print(Round round, boolean json, int slowest) {
        if (json) {
            ObjectNode all = JsonMapper.shared().createObjectNode();
            all.put("schemas", sample.cases().size()).put("refused", round.refused);
            all.put("valid_rejected", round.validRejected);
            all.put("invalid_accepted", round.invalidAccepted).put("most_bytes", round.mostBytes);
            round.compile.write(all.putObject("compile"));
            round.masks.write(all.putObject("mask"));
            round.accepts.write(all.putObject("accept"));
            out.println(all);
            return;
        }
        out.printf(
                Locale.ROOT,
                "%d tokens; %d schemas, %d refused; %d valid instances rejected (with those whose"
                        + " keys come in another order), %d invalid ones accepted; at most %.1f MB"
                        + " a grammar%n",
                sample.vocabulary().size(),
                sample.cases().size(),
                round.refused,
                round.validRejected,
                round.invalidAccepted,
                round.mostBytes / 1e6);
        if (round.compared > 0) {
            out.printf(
                    "%d masks compared with a whole walk, %d differ%n",
                    round.compared, round.differ);
        }
        out.println(SpeedTimes.heading());
        out.println("compile  " + round.compile);
        out.println("mask     " + round.masks);
        out.println("accept   " + round.accepts);
        round.compile.slowest(slowest).forEach(out::println);
        round.masks.slowest(slowest).forEach(out::println);
    }
}
