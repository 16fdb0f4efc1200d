package dev.sluice.openai;

import java.util.OptionalLong;

/// Which log probabilities a request wants.
///
/// @param wanted whether it wants those of its answer
/// @param top how many alternatives; may be out of range
/// @param topField the field that says so
/// @param prompt alternatives of each token of the prompt; may be out of range
/// @param decodeTokens log probabilities carry the text of their tokens
/// @param drafts those of guessed tokens are wanted too
record LogprobsFields(
        boolean wanted,
        OptionalLong top,
        String topField,
        OptionalLong prompt,
        boolean temperatureScaled,
        boolean topPNormalized,
        boolean decodeTokens,
        boolean drafts) {

    static LogprobsFields ofChat(Fields fields) {
        return of(
                fields,
                fields.flag("logprobs", false),
                fields.integer("top_logprobs"),
                "top_logprobs");
    }

    static LogprobsFields ofCompletion(Fields fields) {
        OptionalLong top = fields.integer("logprobs");
        return of(fields, top.isPresent(), top, "logprobs");
    }

    private static LogprobsFields of(
            Fields fields, boolean wanted, OptionalLong top, String topField) {
        return new LogprobsFields(
                wanted,
                top,
                topField,
                fields.integer("prompt_logprobs"),
                fields.flag("temp_scaled_logprobs", false),
                fields.flag("top_p_normalized_logprobs", false),
                fields.flag("include_logprobs_decode_token", true),
                fields.flag("include_draft_logprobs", false));
    }
}
