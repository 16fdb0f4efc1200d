package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// How long a chat wants the model to think, if at all.
///
/// @param wanted whether it should; empty where the request says nothing
/// @param maxTokens of the thinking
/// @param maxAnswerTokens of what follows the thinking
record ThinkingFields(
        Optional<Boolean> wanted, OptionalLong maxTokens, OptionalLong maxAnswerTokens) {
    /// The variable of templates.
    static final String ENABLE_THINKING = "enable_thinking";

    private static final String MAX_TOKENS = "reasoning_max_tokens";

    /// @throws InvalidRequest naming the field
    static ThinkingFields of(Fields fields, Map<String, Object> metadata) {
        OptionalLong max = fields.integer(MAX_TOKENS);
        if (max.isPresent() && max.getAsLong() < 1) {
            throw Invalid.field(MAX_TOKENS, "reasoning_max_tokens must be greater than 1");
        }
        Fields kwargs = new Fields(fields.object("chat_template_kwargs"));
        return new ThinkingFields(
                mode(kwargs)
                        .or(() -> kwargs.flag(ENABLE_THINKING))
                        .or(() -> new Fields(metadata).flag(ENABLE_THINKING)),
                max,
                answer(fields));
    }

    /// The older way to say it, which wins.
    private static Optional<Boolean> mode(Fields kwargs) {
        return kwargs.value("options")
                .flatMap(RequestJson::asObject)
                .flatMap(options -> Optional.ofNullable(options.get("thinking_mode")))
                .map(String::valueOf)
                .map(mode -> !mode.equals("close") && !mode.equals("false"));
    }

    private static OptionalLong answer(Fields fields) {
        String name = "response_max_tokens";
        OptionalLong max = fields.integer(name);
        if (max.isPresent() && max.getAsLong() < 1) {
            throw Invalid.field(name, "Input should be greater than or equal to 1");
        }
        return max;
    }
}
