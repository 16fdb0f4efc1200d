package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.OptionalDouble;
import java.util.OptionalLong;

/// How a request wants tokens drawn; empty where it says nothing.
///
/// @param topK below 1 for all tokens
/// @param repetition above 0
record SamplingFields(
        OptionalDouble temperature,
        OptionalDouble topP,
        OptionalLong topK,
        OptionalDouble minP,
        OptionalLong seed,
        OptionalDouble repetition,
        double frequency,
        double presence) {
    private static final long MAX_SEED = 922_337_203_685_477_580L;

    /// @throws InvalidRequest naming the field
    static SamplingFields of(Fields fields) {
        return new SamplingFields(
                fields.number("temperature"),
                fields.number("top_p"),
                fields.integer("top_k"),
                fields.number("min_p"),
                seed(fields),
                repetition(fields),
                fields.number("frequency_penalty").orElse(0),
                fields.number("presence_penalty").orElse(0));
    }

    /// The schema compares doubles, which can't tell the largest seed from the next number.
    private static OptionalLong seed(Fields fields) {
        OptionalLong seed = fields.integer("seed");
        if (seed.isPresent() && seed.getAsLong() > MAX_SEED) {
            throw Invalid.field("seed", "Input should be less than or equal to " + MAX_SEED);
        }
        return seed;
    }

    /// A float may round what is above 0 down to it.
    private static OptionalDouble repetition(Fields fields) {
        OptionalDouble penalty = fields.number("repetition_penalty");
        if (penalty.isPresent() && (float) penalty.getAsDouble() == 0) {
            throw Invalid.field("repetition_penalty", "Input should be greater than 0");
        }
        return penalty;
    }
}
