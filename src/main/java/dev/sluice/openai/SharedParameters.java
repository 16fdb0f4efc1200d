package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.Map;
import java.util.Optional;

/// What both kinds of requests may say, each field valid by itself. Empty where the request says
/// nothing.
///
/// @param choices answers for each prompt, at least 1
/// @param form of the text; empty where any will do
/// @param tokensPerChunk tokens that a chunk of a stream waits for, at least 1
record SharedParameters(
        Optional<String> model,
        boolean stream,
        StreamOptions streamOptions,
        long choices,
        SamplingFields sampling,
        StopFields stops,
        LogitsFields logits,
        LogprobsFields logprobs,
        Optional<GuidedForm> form,
        boolean skipSpecialTokens,
        boolean returnTokenIds,
        int tokensPerChunk,
        boolean collectMetrics,
        Optional<String> user,
        Optional<String> requestId,
        Optional<String> cacheSalt) {
    /// @throws InvalidRequest naming the field
    static SharedParameters of(Fields fields, LogprobsFields logprobs) {
        boolean stream = fields.flag("stream", false);
        return new SharedParameters(
                fields.text("model"),
                stream,
                streamOptions(fields, stream),
                choices(fields),
                SamplingFields.of(fields),
                StopFields.of(fields),
                LogitsFields.of(fields),
                logprobs,
                GuidedFields.of(fields),
                fields.flag("skip_special_tokens", true),
                fields.flag("return_token_ids", false),
                tokensPerChunk(fields),
                fields.flag("collect_metrics", false),
                fields.text("user"),
                fields.text("request_id"),
                fields.text("cache_salt").filter(salt -> !salt.isEmpty()));
    }

    private static StreamOptions streamOptions(Fields fields, boolean stream) {
        if (fields.value("stream_options").isEmpty()) {
            return StreamOptions.NONE;
        }
        Map<String, Object> values = fields.object("stream_options");
        if (!stream) {
            if (values.isEmpty()) {
                return StreamOptions.NONE;
            }
            throw Invalid.field(
                    "stream_options",
                    "Value error, Stream options can only be defined when `stream=True`.");
        }
        Fields options = new Fields(values);
        return new StreamOptions(
                options.flag("include_usage", true), options.flag("continuous_usage_stats", false));
    }

    private static long choices(Fields fields) {
        long choices = fields.integer("n").orElse(1);
        if (choices < 1) {
            throw Invalid.field("n", "n must be at least 1, but is %d.".formatted(choices));
        }
        return choices;
    }

    private static int tokensPerChunk(Fields fields) {
        long tokens = fields.integer("max_streaming_response_tokens").orElse(1);
        return Math.clamp(tokens, 1, Integer.MAX_VALUE);
    }
}
