package dev.sluice.model;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// What generation_config.json recommends; empty where it says nothing.
///
/// @param temperature `temperature`
/// @param topP `top_p`
/// @param topK `top_k`
/// @param minP `min_p`
/// @param repetitionPenalty `repetition_penalty`
/// @param doSample `do_sample`; false asks for greedy decoding
/// @param eosTokenIds `eos_token_id`
public record GenerationDefaults(
        OptionalDouble temperature,
        OptionalDouble topP,
        OptionalInt topK,
        OptionalDouble minP,
        OptionalDouble repetitionPenalty,
        Optional<Boolean> doSample,
        List<Integer> eosTokenIds) {
    public GenerationDefaults {
        eosTokenIds = List.copyOf(eosTokenIds);
    }

    /// Nothing is recommended.
    static GenerationDefaults none() {
        return new GenerationDefaults(
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                OptionalInt.empty(),
                OptionalDouble.empty(),
                OptionalDouble.empty(),
                Optional.empty(),
                List.of());
    }

    /// Reads the values of generation_config.json.
    static GenerationDefaults of(ConfigValues values) {
        return new GenerationDefaults(
                values.optionalNumber("temperature"),
                values.optionalNumber("top_p"),
                topK(values),
                values.optionalNumber("min_p"),
                values.optionalNumber("repetition_penalty"),
                values.optionalFlag("do_sample"),
                values.tokenIds("eos_token_id"));
    }

    /// All tokens stay with 0, as they do with the -1 of other servers.
    private static OptionalInt topK(ConfigValues values) {
        double given = values.optionalNumber("top_k").orElse(0);
        if (given != Math.rint(given)) {
            throw values.wrong("top_k", "a whole number");
        }
        return given < 1 ? OptionalInt.empty() : OptionalInt.of((int) given);
    }
}
