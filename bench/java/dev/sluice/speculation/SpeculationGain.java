package dev.sluice.speculation;

import dev.sluice.embed.DecodingOptions;
import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.LoadedEngine;
import dev.sluice.embed.SpeculationOptions;
import dev.sluice.engine.DraftCounts;
import dev.sluice.engine.Engine;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.model.ModelSource;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Measures decoding with and without guessed tokens, in turns: texts that repeat themselves at one
/// user, and 32 busy sequences that do not.
///
/// A neighbour disturbs what is measured for seconds at a time. So the turns are short, a text or a
/// few steps of the 32 sequences, in changing order, and each is compared with the one beside it.
///
/// Run by `bench/speculation`. The engine alone: no HTTP, one thread runs it.
public final class SpeculationGain {
    private static final int GUESSES = 8;
    private static final int BUSY = 32;
    private static final int TOKENS = 128;
    private static final int STEPS_OF_SLICE = 6;
    private static final double SECOND = 1e9;
    private static final String STORIES = "32 stories";

    private static final Map<String, String> TEXTS =
            new TreeMap<>(
                    Map.of(
                            "edit of code", code(),
                            "extraction", extraction(),
                            "JSON of known keys", json()));

    private final PrintStream out;
    private final int rounds;
    private int requests;

    /// What a run took.
    ///
    /// @param nanos from the first token of all to the last one
    private record Run(int tokens, long nanos, DraftCounts drafts) {
        double rate() {
            return tokens * SECOND / nanos;
        }
    }

    private SpeculationGain(PrintStream out, int rounds) {
        this.out = out;
        this.rounds = rounds;
    }

    /// Runs.
    ///
    /// @param args number of turns, 9 by default; what the names of the texts begin with that are
    ///   to be run, all by default
    public static void main(String[] args) {
        String wanted = args.length > 1 ? args[1] : "";
        List<String> names = Stream.concat(TEXTS.keySet().stream(), Stream.of(STORIES)).toList();
        if (names.stream().noneMatch(name -> name.startsWith(wanted))) {
            System.err.printf(
                    "speculation: no text's name begins with \"%s\"; they are %s.%n",
                    wanted, String.join(", ", names));
            System.exit(2);
        }
        SpeculationGain gain =
                new SpeculationGain(System.out, args.length > 0 ? Integer.parseInt(args[0]) : 9);
        try (LoadedEngine plain = load(Optional.empty());
                LoadedEngine guessing =
                        load(Optional.of(new SpeculationOptions(GUESSES, Optional.empty())))) {
            TEXTS.forEach((name, text) -> {
                if (name.startsWith(wanted)) {
                    gain.compare(name, plain, guessing, text);
                }
            });
            if (STORIES.startsWith(wanted)) {
                gain.compareBusy(plain, guessing);
            }
        }
    }

    private static LoadedEngine load(Optional<SpeculationOptions> speculation) {
        return LoadedEngine.load(
                EngineOptions.defaults()
                        .withDecoding(new DecodingOptions(speculation, Optional.empty())),
                new ModelSource(System.getenv(), _ -> {}));
    }

    private void compare(String name, LoadedEngine plain, LoadedEngine guessing, String text) {
        double[] before = new double[rounds];
        double[] after = new double[rounds];
        double[] ratios = new double[rounds];
        run(plain, text);
        Run last = run(guessing, text);
        for (int i = 0; i < rounds; i++) {
            boolean plainFirst = i % 2 == 0;
            before[i] = plainFirst ? run(plain, text).rate() : 0;
            last = run(guessing, text);
            after[i] = last.rate();
            before[i] = plainFirst ? before[i] : run(plain, text).rate();
            ratios[i] = after[i] / before[i];
        }
        report(name, part(before, 2), part(after, 2), ratios, last.drafts());
    }

    private void compareBusy(LoadedEngine plain, LoadedEngine guessing) {
        DraftCounts start = drafts(guessing);
        double[] ratios = new double[rounds];
        BusyWave.Slice before = new BusyWave.Slice(0, 0);
        BusyWave.Slice after = before;
        int done = 0;
        for (int wave = 0; done < rounds; wave++) {
            BusyWave one = new BusyWave(plain, stories(), 0.8f, "wave" + wave);
            BusyWave other = new BusyWave(guessing, stories(), 0.8f, "wave" + wave);
            one.slice(STEPS_OF_SLICE);
            other.slice(STEPS_OF_SLICE);
            while (done < rounds) {
                boolean plainFirst = done % 2 == 0;
                BusyWave.Slice first = (plainFirst ? one : other).slice(STEPS_OF_SLICE);
                BusyWave.Slice second = (plainFirst ? other : one).slice(STEPS_OF_SLICE);
                if (!one.isWhole() || !other.isWhole()) {
                    break;
                }
                BusyWave.Slice old = plainFirst ? first : second;
                BusyWave.Slice now = plainFirst ? second : first;
                before = before.plus(old);
                after = after.plus(now);
                ratios[done++] = now.rate() / old.rate();
            }
            if (done < rounds) {
                one.finish();
                other.finish();
            }
        }
        report(STORIES, before.rate(), after.rate(), ratios, since(start, drafts(guessing)));
    }

    private void report(
            String name, double before, double after, double[] ratios, DraftCounts drafts) {
        out.printf(
                Locale.ROOT,
                "%s: %.0f tokens/s, with guesses %.0f: %.3f times (quartiles %.3f and %.3f, mean between them %.3f, of %d turns);"
                        + " %d of %d guesses right, %.2f tokens of a pass with guesses%n",
                name,
                before,
                after,
                part(ratios, 2),
                part(ratios, 1),
                part(ratios, 3),
                middle(ratios),
                rounds,
                drafts.numAccepted(),
                drafts.numDrafted(),
                (double) drafts.emitted() / Math.max(1, drafts.steps()));
    }

    private Run run(LoadedEngine loaded, String text) {
        Engine engine = loaded.engine();
        DraftCounts before = drafts(loaded);
        int[] generated = new int[1];
        engine.submit(
                new GenerationRequest(
                        "r" + requests++,
                        loaded.prompts().text(text),
                        SamplingParams.GREEDY,
                        new StopConditions(TOKENS, List.of(), Set.of(), true, false)),
                event -> {
                    if (event instanceof GenerationEvent.Delta delta) {
                        generated[0] += delta.tokenIds().size();
                    }
                });
        boolean more = true;
        while (more && generated[0] == 0) {
            more = engine.step();
        }
        int early = generated[0];
        long start = System.nanoTime();
        while (more) {
            more = engine.step();
        }
        long nanos = System.nanoTime() - start;
        return new Run(generated[0] - early, nanos, since(before, drafts(loaded)));
    }

    private static DraftCounts drafts(LoadedEngine loaded) {
        return loaded.engine().stats().snapshot().drafts().orElse(DraftCounts.NONE);
    }

    private static DraftCounts since(DraftCounts before, DraftCounts after) {
        return new DraftCounts(
                after.steps() - before.steps(),
                after.emitted() - before.emitted(),
                List.of(after.numDrafted() - before.numDrafted()),
                List.of(after.numAccepted() - before.numAccepted()));
    }

    /// The value that so many quarters of them do not exceed.
    private static double part(double[] values, int quarters) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[Math.min(sorted.length - 1, quarters * sorted.length / 4)];
    }

    /// The mean of the half that is neither very small nor very large.
    private static double middle(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int quarter = sorted.length / 4;
        return Arrays.stream(sorted, quarter, sorted.length - quarter).average().orElseThrow();
    }

    private static String code() {
        String function =
                """
                def total_price(items, tax_rate):
                    subtotal = 0
                    for item in items:
                        subtotal += item.price * item.quantity
                    tax = subtotal * tax_rate
                    return subtotal + tax

                def average_price(items):
                    if not items:
                        return 0
                    return sum(item.price for item in items) / len(items)
                """;
        return "# The module before the change\n"
                + function
                + "\n# The same module after the change, with another name for items\n"
                + function.lines().limit(3).reduce("", (a, b) -> a + b + "\n");
    }

    private static String extraction() {
        StringBuilder text = new StringBuilder();
        String[] names = {"Anna Berg", "Carl Dahl", "Eva Falk", "Gustav Holm"};
        for (String name : names) {
            text.append("The order of %s was shipped to %s on Monday.\n".formatted(name, name));
        }
        text.append("\nEach line once more:\n");
        text.append("The order of Anna Berg was shipped to");
        return text.toString();
    }

    private static String json() {
        StringBuilder text = new StringBuilder("[\n");
        for (int i = 1; i < 6; i++) {
            text.append(
                    "{\"customer_id\": %d, \"shipping_address\": \"Street %d\", \"is_active\": true},\n"
                            .formatted(i, i));
        }
        return text.toString();
    }

    private static List<String> stories() {
        String[] heroes = {
            "a fox", "a baker", "a robot", "a queen", "a sailor", "a child", "a cat"
        };
        String[] places = {"in a forest", "at sea", "on the moon", "in a city", "on a hill"};
        return IntStream.range(0, BUSY)
                .mapToObj(i ->
                        "A story about "
                                + heroes[i % heroes.length]
                                + " "
                                + places[i % places.length]
                                + ", part "
                                + i
                                + ".\n\nOnce upon a time")
                .toList();
    }
}
