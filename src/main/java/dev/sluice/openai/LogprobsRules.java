package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.OptionalInt;
import java.util.OptionalLong;

/// Which log probabilities a request may have of one model.
///
/// @param model says whether it may have any, and how many
record LogprobsRules(ServedModel model) {
    private static final int WHOLE_VOCABULARY = -1;

    /// How many alternatives are given; empty for no log probabilities.
    ///
    /// @param top of each token of the answer
    /// @param prompt of each token of the prompt
    record Granted(OptionalInt top, OptionalInt prompt) {}

    /// @throws InvalidRequest naming the field
    Granted grant(LogprobsFields fields) {
        return new Granted(top(fields), prompt(fields.prompt()));
    }

    private OptionalInt top(LogprobsFields fields) {
        long top = fields.top().orElse(0);
        checkSign(fields.topField(), top);
        if (!fields.wanted()) {
            if (top != 0) {
                throw Invalid.field(
                        fields.topField(),
                        "Value error, when using `top_logprobs`, `logprobs` must be set to true.");
            }
            return OptionalInt.empty();
        }
        return granted("logprobs", fields.topField(), top);
    }

    private OptionalInt prompt(OptionalLong wanted) {
        String field = "prompt_logprobs";
        if (wanted.isEmpty()) {
            return OptionalInt.empty();
        }
        checkSign(field, wanted.getAsLong());
        return granted(field, field, wanted.getAsLong());
    }

    private void checkSign(String field, long number) {
        boolean all = number == WHOLE_VOCABULARY && model.options().maxLogprobs().isEmpty();
        if (number < 0 && !all) {
            throw Invalid.field(
                    field, "Value error, `%s` must be a positive value.".formatted(field));
        }
    }

    private OptionalInt granted(String switchField, String field, long number) {
        if (!model.options().logprobsEnabled()) {
            throw Invalid.field(
                    switchField, "Logprobs is disabled, please enable it in startup config.");
        }
        int vocabulary = model.tokenizer().vocabulary().size();
        int max = Math.min(model.options().maxLogprobs().orElse(vocabulary), vocabulary);
        if (number > max) {
            throw Invalid.field(
                    field,
                    "Number of %s requested (%d) exceeds maximum allowed value (%d)."
                            .formatted(field, number, max));
        }
        return OptionalInt.of(number == WHOLE_VOCABULARY ? vocabulary : (int) number);
    }
}
