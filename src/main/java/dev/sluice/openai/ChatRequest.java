package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.tokenizer.TokenIds;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// A valid request for a chat completion.
///
/// @param shared what completions may say, too
/// @param messages as templates expect them
/// @param promptTokenIds replaces the messages, if not empty
/// @param idsField the field that they came from
/// @param maxCompletionTokens wins over the shared limit
/// @param templateVariables what the template sees beside the messages
/// @param metadata of the client, for the log
record ChatRequest(
        SharedParameters shared,
        List<Map<String, Object>> messages,
        TokenIds promptTokenIds,
        String idsField,
        OptionalLong maxCompletionTokens,
        Map<String, Object> templateVariables,
        Map<String, Object> metadata) {
    private static final String MESSAGES = "messages";
    private static final String TOKEN_IDS = "prompt_token_ids";
    private static final String ENABLE_THINKING = "enable_thinking";

    /// @throws InvalidRequest naming the field
    static ChatRequest of(Fields fields) {
        LaterParameters.refuseInChat(fields);
        Fields metadata = new Fields(fields.object("metadata"));
        List<?> messages = fields.list(MESSAGES);
        TokenIds ids = TokenLists.ids(TOKEN_IDS, fields.list(TOKEN_IDS));
        boolean tokenized = !messages.isEmpty() && TokenLists.isNumbers(messages);
        if (messages.isEmpty() && ids.size() == 0) {
            throw Invalid.field(
                    MESSAGES,
                    "messages can not be an empty list, unless prompt_token_ids is passed");
        }
        boolean fromMessages = tokenized && ids.size() == 0;
        return new ChatRequest(
                SharedParameters.of(fields, metadata.flag("include_stop_str_in_output", false)),
                tokenized ? List.of() : Messages.normalise(messages),
                fromMessages ? TokenLists.ids(MESSAGES, messages) : ids,
                fromMessages ? MESSAGES : TOKEN_IDS,
                fields.integer("max_completion_tokens"),
                templateVariables(fields),
                fields.object("metadata"));
    }

    private static Map<String, Object> templateVariables(Fields fields) {
        Map<String, Object> kwargs = fields.object("chat_template_kwargs");
        Map<String, Object> variables = new LinkedHashMap<>(kwargs);
        fields.text("reasoning_effort")
                .ifPresent(effort -> variables.putIfAbsent("reasoning_effort", effort));
        variables.putIfAbsent("add_generation_prompt", fields.flag("add_generation_prompt", true));
        thinking(kwargs, fields.object("metadata"))
                .ifPresent(on -> variables.put(ENABLE_THINKING, on));
        return variables;
    }

    /// Whether the model should think, where the request says so.
    private static Optional<Object> thinking(
            Map<String, Object> kwargs, Map<String, Object> metadata) {
        Optional<Object> mode =
                Optional.ofNullable(kwargs.get("options"))
                        .flatMap(RequestJson::asObject)
                        .flatMap(options -> Optional.ofNullable(options.get("thinking_mode")));
        return mode.<Object>map(m -> !m.equals("close") && !m.equals("false"))
                .or(() -> Optional.ofNullable(kwargs.get(ENABLE_THINKING)))
                .or(() -> Optional.ofNullable(metadata.get(ENABLE_THINKING)));
    }
}
