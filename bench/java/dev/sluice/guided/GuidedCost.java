package dev.sluice.guided;

import dev.sluice.embed.EngineOptions;
import dev.sluice.embed.GuidedOptions;
import dev.sluice.embed.LoadedEngine;
import dev.sluice.embed.LogitsOptions;
import dev.sluice.engine.Engine;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.Guidance;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsMode;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.grammar.JsonSchemaOptions;
import dev.sluice.model.ModelSource;
import dev.sluice.tokenizer.TokenIds;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Measures what a form costs in decoding: 8 sequences of as many tokens with and without one, in
/// turns; and what is saved by computing forced text at once.
///
/// Run by `bench/guided cost`. The engine alone: no HTTP, one thread runs it.
public final class GuidedCost {
    private static final int SEQUENCES = 8;
    private static final int TOKENS = 96;
    private static final double SECOND = 1e9;

    /// A list that does not end by itself within the tokens.
    private static final String LIST =
            """
            {"type": "array", "minItems": 500, "items": {"type": "object",
              "properties": {
                "name": {"type": "string", "maxLength": 24},
                "kind": {"enum": ["small", "medium", "large"]},
                "price": {"type": "number", "minimum": 0, "maximum": 1000},
                "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3}},
              "required": ["name", "kind", "price", "tags"], "additionalProperties": false}}
            """;

    private final PrintStream out;
    private final int rounds;
    private int requests;

    private GuidedCost(PrintStream out, int rounds) {
        this.out = out;
        this.rounds = rounds;
    }

    /// Runs.
    ///
    /// @param args number of rounds, 7 by default
    public static void main(String[] args) {
        GuidedCost cost =
                new GuidedCost(System.out, args.length > 0 ? Integer.parseInt(args[0]) : 7);
        try (LoadedEngine step = load(false);
                LoadedEngine jump = load(true)) {
            for (float temperature : new float[] {0, 0.8f}) {
                cost.decode(step, temperature);
            }
            for (int sequences : new int[] {1, SEQUENCES}) {
                cost.forced(step, jump, sequences);
            }
        }
    }

    private static LoadedEngine load(boolean jumpForward) {
        LogitsOptions logits =
                new LogitsOptions(
                        LogprobsMode.RAW_LOGPROBS,
                        List.of(),
                        Optional.of(new GuidedOptions(JsonSchemaOptions.DEFAULT, jumpForward)));
        return LoadedEngine.load(
                EngineOptions.defaults().withLogits(logits),
                new ModelSource(System.getenv(), _ -> {}));
    }

    /// Decoding with and without a form, in turns.
    private void decode(LoadedEngine loaded, float temperature) {
        Optional<Guidance> list = Optional.of(guidance(LIST));
        run(loaded, SEQUENCES, Optional.empty(), temperature);
        run(loaded, SEQUENCES, list, temperature);
        double[] free = new double[rounds];
        double[] guided = new double[rounds];
        double[] ratios = new double[rounds];
        for (int i = 0; i < rounds; i++) {
            free[i] = run(loaded, SEQUENCES, Optional.empty(), temperature).rate();
            guided[i] = run(loaded, SEQUENCES, list, temperature).rate();
            ratios[i] = 100 * (1 - guided[i] / free[i]);
        }
        out.printf(
                Locale.ROOT,
                "decode of %d sequences, temperature %.1f: %.0f tokens/s, with a form %.0f: %.1f %%"
                        + " less (median of %d rounds; %.1f to %.1f %%)%n",
                SEQUENCES,
                temperature,
                median(free),
                median(guided),
                median(ratios),
                rounds,
                Arrays.stream(ratios).min().orElseThrow(),
                Arrays.stream(ratios).max().orElseThrow());
    }

    /// JSON with long keys that the schema fixes, a token a step and at once, in turns.
    private void forced(LoadedEngine step, LoadedEngine jump, int sequences) {
        Optional<Guidance> keys = Optional.of(guidance(longKeys()));
        run(step, sequences, keys, 0);
        run(jump, sequences, keys, 0);
        double[] slow = new double[rounds];
        double[] fast = new double[rounds];
        Run last = new Run(0, 0, 0);
        Run first = last;
        for (int i = 0; i < rounds; i++) {
            first = run(step, sequences, keys, 0);
            last = run(jump, sequences, keys, 0);
            slow[i] = first.nanos() / SECOND;
            fast[i] = last.nanos() / SECOND;
        }
        out.printf(
                Locale.ROOT,
                "%d texts of 12 fixed keys: %.2f s and %d steps a token a step, %.2f s and %d steps"
                        + " with forced text at once (median of %d rounds)%n",
                sequences,
                median(slow),
                first.steps(),
                median(fast),
                last.steps(),
                rounds);
    }

    private static String longKeys() {
        String[] names = {
            "customer_identification_number", "preferred_contact_language",
            "has_accepted_terms_and_conditions", "number_of_registered_devices",
            "subscription_renewal_interval", "is_eligible_for_early_access",
            "primary_billing_currency", "maximum_concurrent_sessions",
            "requires_two_factor_authentication", "last_successful_login_method",
            "account_verification_status", "marketing_communication_opt_in"
        };
        String properties =
                IntStream.range(0, names.length)
                        .mapToObj(i -> "\"%s\": %s".formatted(names[i], value(i)))
                        .collect(Collectors.joining(", "));
        String required =
                Arrays.stream(names).map("\"%s\""::formatted).collect(Collectors.joining(", "));
        return "{\"type\": \"object\", \"properties\": {%s}, \"required\": [%s], \"additionalProperties\": false}"
                .formatted(properties, required);
    }

    private static String value(int index) {
        return switch (index % 3) {
            case 0 -> "{\"type\": \"integer\", \"minimum\": 1, \"maximum\": 99}";
            case 1 -> "{\"enum\": [\"en\", \"fr\", \"zh\"]}";
            default -> "{\"type\": \"boolean\"}";
        };
    }

    private static Guidance guidance(String schema) {
        return new Guidance(new GrammarSpec.JsonSchema(schema, true), "guided_json");
    }

    /// What a run took.
    private record Run(long tokens, long steps, long nanos) {
        double rate() {
            return tokens * SECOND / nanos;
        }
    }

    /// Decodes: the time begins when all prompts have been computed.
    private Run run(
            LoadedEngine loaded, int sequences, Optional<Guidance> guidance, float temperature) {
        Engine engine = loaded.engine();
        TokenIds prompt = loaded.prompts().text("A list of things in a shop, as JSON: ");
        List<Counter> counters = new ArrayList<>();
        for (int i = 0; i < sequences; i++) {
            Counter counter = new Counter();
            counters.add(counter);
            SamplingParams sampling = new SamplingParams(temperature, 1, OptionalInt.empty(), 0, i);
            LogitsRules rules = guidance.map(LogitsRules.NONE::with).orElse(LogitsRules.NONE);
            StopConditions stop =
                    new StopConditions(TOKENS, List.of(), Set.of(), guidance.isEmpty(), false);
            engine.admit(
                            new GenerationRequest(
                                    "c" + requests++,
                                    prompt,
                                    sampling,
                                    rules,
                                    stop,
                                    OutputOptions.TEXT),
                            counter::accept)
                    .join();
        }
        while (counters.stream().anyMatch(counter -> counter.tokens == 0)) {
            engine.step();
        }
        long before = counters.stream().mapToLong(counter -> counter.tokens).sum();
        long start = System.nanoTime();
        long steps = 1;
        while (engine.step()) {
            steps++;
        }
        long nanos = System.nanoTime() - start;
        long tokens = counters.stream().mapToLong(counter -> counter.tokens).sum() - before;
        return new Run(tokens, steps, nanos);
    }

    private static final class Counter {
        private long tokens;

        void accept(GenerationEvent event) {
            switch (event) {
                case GenerationEvent.Delta delta -> tokens += delta.tokenIds().size();
                case GenerationEvent.Failed failed ->
                        throw new IllegalStateException(String.valueOf(failed.cause()));
                default -> {}
            }
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
