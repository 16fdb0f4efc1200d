package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// What both kinds of requests may say, each field valid by itself. Empty where the request says
/// nothing.
///
/// @param stop stop strings, without the empty ones
/// @param stopTokenIds may hold an id twice
record SharedParameters(
        Optional<String> model,
        boolean stream,
        StreamOptions streamOptions,
        OptionalDouble temperature,
        OptionalDouble topP,
        OptionalLong topK,
        OptionalDouble minP,
        OptionalLong seed,
        OptionalLong maxTokens,
        List<String> stop,
        List<Integer> stopTokenIds,
        boolean includeStopString,
        boolean ignoreEos,
        boolean skipSpecialTokens,
        Optional<String> user,
        Optional<String> requestId) {
    private static final long MAX_SEED = 922_337_203_685_477_580L;

    /// @param includeStopString where the request does not say
    /// @throws InvalidRequest naming the field
    static SharedParameters of(Fields fields, boolean includeStopString) {
        boolean stream = fields.flag("stream", false);
        return new SharedParameters(
                fields.text("model"),
                stream,
                streamOptions(fields, stream),
                fields.number("temperature"),
                fields.number("top_p"),
                fields.integer("top_k"),
                fields.number("min_p"),
                seed(fields),
                fields.integer("max_tokens"),
                stop(fields),
                TokenLists.idsOrSingletons("stop_token_ids", fields.list("stop_token_ids")),
                fields.flag("include_stop_str_in_output", includeStopString),
                fields.flag("ignore_eos", false),
                fields.flag("skip_special_tokens", true),
                fields.text("user"),
                fields.text("request_id"));
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

    /// The schema compares doubles, which can't tell the largest seed from the next number.
    private static OptionalLong seed(Fields fields) {
        OptionalLong seed = fields.integer("seed");
        if (seed.isPresent() && seed.getAsLong() > MAX_SEED) {
            throw Invalid.field("seed", "Input should be less than or equal to " + MAX_SEED);
        }
        return seed;
    }

    private static List<String> stop(Fields fields) {
        Object stop = fields.value("stop").orElse(List.of());
        List<?> items = stop instanceof List<?> list ? list : List.of(stop);
        return items.stream().map(String.class::cast).filter(s -> !s.isEmpty()).toList();
    }
}
