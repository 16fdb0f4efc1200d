package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.tokenizer.TokenIds;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// A valid request for a chat completion.
///
/// @param shared what completions may say, too
/// @param messages as templates expect them
/// @param promptTokenIds replaces the messages, if not empty
/// @param idsField the field that they came from
/// @param completionTokenIds begin the answer: they follow the prompt
/// @param maxCompletionTokens wins over the shared limit
/// @param template how the messages become a prompt
/// @param thinking how long the model may think
/// @param tools what the model may call
/// @param metadata of the client, for the log
record ChatRequest(
        SharedParameters shared,
        List<Map<String, Object>> messages,
        TokenIds promptTokenIds,
        String idsField,
        TokenIds completionTokenIds,
        OptionalLong maxCompletionTokens,
        TemplateFields template,
        ThinkingFields thinking,
        ToolFields tools,
        Map<String, Object> metadata) {
    /// The field that begins the answer.
    static final String COMPLETION_IDS = "completion_token_ids";

    private static final String MESSAGES = "messages";
    private static final String TOKEN_IDS = "prompt_token_ids";

    /// The names of the metadata that mean something where the request itself doesn't say it.
    private static final Set<String> FROM_METADATA =
            Set.of(
                    "min_tokens",
                    "max_streaming_response_tokens",
                    COMPLETION_IDS,
                    "include_stop_str_in_output");

    /// @throws InvalidRequest naming the field
    static ChatRequest of(Fields body) {
        ForeignParameters.refuseInChat(body);
        Map<String, Object> metadata = body.object("metadata");
        Fields fields = body.orFrom(metadata, FROM_METADATA);
        List<?> messages = fields.list(MESSAGES);
        TokenIds ids = TokenLists.ids(TOKEN_IDS, fields.list(TOKEN_IDS));
        if (messages.isEmpty() && ids.size() == 0) {
            throw Invalid.field(
                    MESSAGES,
                    "messages can not be an empty list, unless prompt_token_ids is passed");
        }
        boolean tokenized = !messages.isEmpty() && TokenLists.isNumbers(messages);
        boolean fromMessages = tokenized && ids.size() == 0;
        ThinkingFields thinking = ThinkingFields.of(fields, metadata);
        SharedParameters shared = SharedParameters.of(fields, LogprobsFields.ofChat(fields));
        ToolFields tools = ToolFields.of(fields);
        refuseTwoForms(shared, tools);
        return new ChatRequest(
                shared,
                tokenized ? List.of() : Messages.normalise(messages),
                fromMessages ? TokenLists.ids(MESSAGES, messages) : ids,
                fromMessages ? MESSAGES : TOKEN_IDS,
                TokenLists.ids(COMPLETION_IDS, fields.list(COMPLETION_IDS)),
                fields.integer("max_completion_tokens"),
                TemplateFields.of(fields, thinking),
                thinking,
                tools,
                metadata);
    }

    /// A text can't be a call and of another form. `response_format` is about texts that are no
    /// calls.
    private static void refuseTwoForms(SharedParameters shared, ToolFields tools) {
        Optional<String> form =
                shared.form()
                        .map(GuidedForm::field)
                        .filter(field -> !field.equals(GuidedFields.RESPONSE_FORMAT));
        if (form.isPresent() && !tools.wanted().isEmpty()) {
            throw GuidedFields.tooMany(form.get(), List.of(form.get(), ToolFields.CHOICE));
        }
    }
}
