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
import dev.sluice.tokenizer.TokenIds;

import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// Measures decoding with and without guessed tokens, in turns: texts that repeat themselves at one
/// user, and 32 busy sequences that do not.
///
/// Run by `bench/speculation`. The engine alone: no HTTP, one thread runs it.
public final class SpeculationGain {
    private static final int GUESSES = 8;
    private static final int BUSY = 32;
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
    /// @param args number of rounds, 5 by default; what the names of the texts begin with that are
    ///   to be run, all by default
    public static void main(String[] args) {
        SpeculationGain gain =
                new SpeculationGain(System.out, args.length > 0 ? Integer.parseInt(args[0]) : 5);
        try (LoadedEngine plain = load(Optional.empty());
                LoadedEngine guessing =
                        load(Optional.of(new SpeculationOptions(GUESSES, Optional.empty())))) {
            String wanted = args.length > 1 ? args[1] : "";
            TEXTS.forEach((name, text) -> {
                if (name.startsWith(wanted)) {
                    gain.compare(name, plain, guessing, List.of(text), 0);
                }
            });
            if (STORIES.startsWith(wanted)) {
                gain.compare(STORIES, plain, guessing, stories(), 0.8f);
            }
        }
    }

    private static LoadedEngine load(Optional<SpeculationOptions> speculation) {
        return LoadedEngine.load(
                EngineOptions.defaults()
                        .withDecoding(new DecodingOptions(speculation, Optional.empty())),
                new ModelSource(System.getenv(), _ -> {}));
    }

    private void compare(
            String name,
            LoadedEngine plain,
            LoadedEngine guessing,
            List<String> texts,
            float temperature) {
        double[] before = new double[rounds];
        double[] after = new double[rounds];
        double[] ratios = new double[rounds];
        run(plain, texts, temperature);
        Run last = run(guessing, texts, temperature);
        for (int i = 0; i < rounds; i++) {
            before[i] = run(plain, texts, temperature).rate();
            last = run(guessing, texts, temperature);
            after[i] = last.rate();
            ratios[i] = after[i] / before[i];
        }
        DraftCounts drafts = last.drafts();
        out.printf(
                Locale.ROOT,
                "%s: %.0f tokens/s, with guesses %.0f: %.3f times (%.3f to %.3f in %d rounds); %d of"
                        + " %d guesses right, %.2f tokens of a pass with guesses%n",
                name,
                median(before),
                median(after),
                median(ratios),
                Arrays.stream(ratios).min().orElseThrow(),
                Arrays.stream(ratios).max().orElseThrow(),
                rounds,
                drafts.numAccepted(),
                drafts.numDrafted(),
                (double) drafts.emitted() / Math.max(1, drafts.steps()));
    }

    private Run run(LoadedEngine loaded, List<String> texts, float temperature) {
        Engine engine = loaded.engine();
        int tokens = texts.size() == 1 ? 128 : 64;
        DraftCounts before = engine.stats().snapshot().drafts().orElse(DraftCounts.NONE);
        int[] generated = new int[1];
        int[] begun = new int[1];
        for (String text : texts) {
            TokenIds prompt = loaded.prompts().text(text);
            engine.submit(
                    new GenerationRequest(
                            "r" + requests++,
                            prompt,
                            new SamplingParams(temperature, 1, OptionalInt.empty(), 0, requests),
                            new StopConditions(tokens, List.of(), Set.of(), true, false)),
                    event -> {
                        if (event instanceof GenerationEvent.Started) {
                            begun[0]++;
                        } else if (event instanceof GenerationEvent.Delta delta) {
                            generated[0] += delta.tokenIds().size();
                        }
                    });
        }
        boolean more = true;
        while (more && begun[0] < texts.size()) {
            more = engine.step();
        }
        int early = generated[0];
        long start = System.nanoTime();
        while (more) {
            more = engine.step();
        }
        long nanos = System.nanoTime() - start;
        DraftCounts after = engine.stats().snapshot().drafts().orElse(DraftCounts.NONE);
        return new Run(generated[0] - early, nanos, since(before, after));
    }

    private static DraftCounts since(DraftCounts before, DraftCounts after) {
        return new DraftCounts(
                after.steps() - before.steps(),
                after.emitted() - before.emitted(),
                List.of(after.numDrafted() - before.numDrafted()),
                List.of(after.numAccepted() - before.numAccepted()));
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
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
