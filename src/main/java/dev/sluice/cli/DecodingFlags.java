package dev.sluice.cli;

import dev.sluice.embed.DecodingOptions;
import dev.sluice.embed.Quantization;
import dev.sluice.embed.SpeculationOptions;
import dev.sluice.engine.EarlyStop;
import dev.sluice.engine.Speculation;

import picocli.CommandLine.Option;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// How answers are generated, and what ends them early.
final class DecodingFlags {
    private static final String SPECULATION = "--speculative-config";
    private static final String EARLY_STOP = "--early-stop-config";
    private static final int GUESSES = 5;
    private static final Set<String> SPECULATION_FIELDS =
            Set.of("method", "num_speculative_tokens", "model", "quantization");
    private static final Set<String> MTP_FIELDS = Set.of("num_model_steps", "mtp_strategy");
    private static final Set<String> EARLY_STOP_FIELDS =
            Set.of("enable_early_stop", "strategy", "window_size", "threshold");

    @Option(
            names = SPECULATION,
            paramLabel = "JSON",
            description =
                    "Guesses tokens ahead, which makes answers faster and does not change them:"
                            + " {\"method\": \"ngram\"} looks them up in the text so far,"
                            + " {\"method\": \"draft\", \"model\": MODEL} asks a smaller model of the"
                            + " same vocabulary, whose \"quantization\" may be wint8 or wint4."
                            + " \"num_speculative_tokens\" is 1 to 16 and 5 by default."
                            + " Default: nothing is guessed")
    private Optional<String> speculation = Optional.empty();

    @Option(
            names = "--enable-early-stop",
            description =
                    "Ends an answer once the model has been sure of every token for long, as it is"
                            + " when it repeats itself.")
    private boolean earlyStop;

    @Option(
            names = EARLY_STOP,
            paramLabel = "JSON",
            description =
                    "When that is: {\"window_size\": 3000, \"threshold\": 0.99} for so many tokens of"
                            + " a higher probability. \"enable_early_stop\": true stands for the"
                            + " flag.")
    private Optional<String> earlyStopConfig = Optional.empty();

    /// @throws Refusal if a value can't be had
    DecodingOptions toOptions() {
        return new DecodingOptions(
                speculation.map(json -> speculation(JsonFlag.object(SPECULATION, json))),
                earlyStop(
                        earlyStopConfig
                                .map(json -> JsonFlag.object(EARLY_STOP, json))
                                .orElse(Map.of())));
    }

    private static SpeculationOptions speculation(Map<String, Object> json) {
        String method = text(SPECULATION, json, "method", "ngram, draft").toLowerCase(Locale.ROOT);
        if (method.contains("mtp")) {
            throw new Refusal(
                    "%s: the method mtp needs a model with heads that predict several tokens, and no model that Sluice runs has them; take ngram or draft."
                            .formatted(SPECULATION));
        }
        known(SPECULATION, json, SPECULATION_FIELDS);
        int tokens = whole(SPECULATION, json, "num_speculative_tokens", GUESSES);
        if (tokens < 1 || tokens > Speculation.MOST_TOKENS) {
            throw wrong(
                    SPECULATION,
                    "num_speculative_tokens",
                    "1 to " + Speculation.MOST_TOKENS,
                    tokens);
        }
        return switch (method) {
            case "ngram" -> {
                for (String field : Set.of("model", "quantization")) {
                    if (json.get(field) != null) {
                        throw new Refusal(
                                "%s: %s is for the method draft; ngram has no model."
                                        .formatted(SPECULATION, field));
                    }
                }
                yield new SpeculationOptions(tokens, Optional.empty());
            }
            case "draft" ->
                    new SpeculationOptions(
                            tokens,
                            Optional.of(
                                    new SpeculationOptions.DraftModel(
                                            text(SPECULATION, json, "model", "a model's name"),
                                            quantization(json))));
            default -> throw wrong(SPECULATION, "method", "ngram or draft", method);
        };
    }

    private static Optional<Quantization> quantization(Map<String, Object> json) {
        return Optional.ofNullable(json.get("quantization"))
                .map(value ->
                        switch (String.valueOf(value).toLowerCase(Locale.ROOT)) {
                            case "wint8" -> Quantization.WINT8;
                            case "wint4" -> Quantization.WINT4;
                            default ->
                                    throw wrong(
                                            SPECULATION, "quantization", "wint8 or wint4", value);
                        });
    }

    private Optional<EarlyStop> earlyStop(Map<String, Object> json) {
        known(EARLY_STOP, json, EARLY_STOP_FIELDS);
        Object enabled = Optional.ofNullable(json.get("enable_early_stop")).orElse(false);
        if (!(enabled instanceof Boolean)) {
            throw wrong(EARLY_STOP, "enable_early_stop", "true or false", enabled);
        }
        Object strategy = Optional.ofNullable(json.get("strategy")).orElse("repetition");
        if (!strategy.equals("repetition")) {
            throw wrong(EARLY_STOP, "strategy", "repetition", strategy);
        }
        int window = whole(EARLY_STOP, json, "window_size", EarlyStop.DEFAULT.windowSize());
        if (window < 1) {
            throw wrong(EARLY_STOP, "window_size", "1 or more", window);
        }
        Object threshold =
                Optional.ofNullable(json.get("threshold")).orElse(EarlyStop.DEFAULT.threshold());
        if (!(threshold instanceof Number number)
                || !(number.doubleValue() >= 0 && number.doubleValue() <= 1)) {
            throw wrong(EARLY_STOP, "threshold", "a number in [0, 1]", threshold);
        }
        return earlyStop || Boolean.TRUE.equals(enabled)
                ? Optional.of(new EarlyStop(window, number.doubleValue()))
                : Optional.empty();
    }

    private static void known(String flag, Map<String, Object> json, Set<String> fields) {
        for (String field : json.keySet()) {
            if (MTP_FIELDS.contains(field)) {
                throw new Refusal(
                        "%s: %s is for the method mtp, which there is not.".formatted(flag, field));
            }
            if (!fields.contains(field)) {
                throw new Refusal("%s has no field %s.".formatted(flag, field));
            }
        }
    }

    private static String text(
            String flag, Map<String, Object> json, String field, String expected) {
        Object value = json.get(field);
        if (value instanceof String text && !text.isBlank()) {
            return text;
        }
        throw wrong(flag, field, expected, value == null ? "missing" : value);
    }

    private static int whole(String flag, Map<String, Object> json, String field, int usual) {
        Object value = json.get(field);
        if (value == null) {
            return usual;
        }
        if (value instanceof Integer number) {
            return number;
        }
        throw wrong(flag, field, "a whole number", value);
    }

    private static Refusal wrong(String flag, String field, String expected, Object value) {
        return new Refusal("%s: %s must be %s and is %s.".formatted(flag, field, expected, value));
    }
}
