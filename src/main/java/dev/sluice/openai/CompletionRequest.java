package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.ArrayList;
import java.util.List;

/// A valid request for completions.
///
/// @param shared what chats may say, too
/// @param prompts at least one
/// @param promptField the field that they came from
/// @param echo the answer begins with the prompt
/// @param addSpecialTokens text prompts get what the model wants around a text
record CompletionRequest(
        SharedParameters shared,
        List<Prompt> prompts,
        String promptField,
        boolean echo,
        boolean addSpecialTokens) {
    private static final String PROMPT = "prompt";
    private static final String TOKEN_IDS = "prompt_token_ids";

    /// @throws InvalidRequest naming the field
    static CompletionRequest of(Fields fields) {
        LaterParameters.refuseInCompletion(fields);
        boolean tokenized = fields.value(TOKEN_IDS).isPresent();
        return new CompletionRequest(
                SharedParameters.of(fields, false),
                tokenized ? tokenized(fields.list(TOKEN_IDS)) : prompts(fields),
                tokenized ? TOKEN_IDS : PROMPT,
                fields.flag("echo", false),
                fields.flag("add_special_tokens", false));
    }

    private static List<Prompt> tokenized(List<?> items) {
        if (items.isEmpty()) {
            throw empty(TOKEN_IDS);
        }
        return lists(TOKEN_IDS, items);
    }

    private static List<Prompt> prompts(Fields fields) {
        Object prompt = fields.value(PROMPT).orElse("");
        if (prompt instanceof String text) {
            return List.of(text(text));
        }
        List<?> items = fields.list(PROMPT);
        if (items.isEmpty()) {
            throw empty(PROMPT);
        }
        if (items.stream().allMatch(String.class::isInstance)) {
            return items.stream().map(item -> text((String) item)).toList();
        }
        if (TokenLists.isNumbers(items) || TokenLists.isLists(items)) {
            return lists(PROMPT, items);
        }
        throw Invalid.field(
                PROMPT, "If prompt is a list, each item type must be one of: str, list[int]");
    }

    /// One list of ids, or several.
    private static List<Prompt> lists(String field, List<?> items) {
        if (!TokenLists.isLists(items)) {
            return List.of(new Prompt.Ids(TokenLists.ids(field, items)));
        }
        List<Prompt> prompts = new ArrayList<>(items.size());
        for (Object item : items) {
            List<?> ids = (List<?>) item;
            if (ids.isEmpty()) {
                throw empty(field);
            }
            prompts.add(new Prompt.Ids(TokenLists.ids(field, ids)));
        }
        return prompts;
    }

    private static Prompt text(String text) {
        if (text.isEmpty()) {
            throw empty(PROMPT);
        }
        return new Prompt.Text(text);
    }

    private static InvalidRequest empty(String field) {
        return Invalid.field(field, "prompt_token_ids must be a non-empty list");
    }
}
