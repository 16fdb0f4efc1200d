package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/// A valid request for completions.
///
/// @param shared what chats may say, too
/// @param prompts at least one
/// @param promptField the field that they came from
/// @param echo the answer begins with the prompt
/// @param bestOf candidates for the answer
/// @param addSpecialTokens text prompts get what the model wants around a text
record CompletionRequest(
        SharedParameters shared,
        List<Prompt> prompts,
        String promptField,
        boolean echo,
        OptionalLong bestOf,
        boolean addSpecialTokens) {
    private static final String PROMPT = "prompt";
    private static final String TOKEN_IDS = "prompt_token_ids";
    private static final String BEST_OF = "best_of";

    /// A suffix may be an object that stands for this, and for nothing else.
    private static final Set<String> FROM_SUFFIX = Set.of("max_streaming_response_tokens");

    /// @throws InvalidRequest naming the field
    static CompletionRequest of(Fields body) {
        ForeignParameters.refuseInCompletion(body);
        Fields fields =
                body.orFrom(
                        body.value("suffix").flatMap(RequestJson::asObject).orElse(Map.of()),
                        FROM_SUFFIX);
        boolean tokenized = fields.value(TOKEN_IDS).isPresent();
        SharedParameters shared = SharedParameters.of(fields, LogprobsFields.ofCompletion(fields));
        return new CompletionRequest(
                shared,
                tokenized ? tokenized(fields.list(TOKEN_IDS)) : prompts(fields),
                tokenized ? TOKEN_IDS : PROMPT,
                fields.flag("echo", false),
                bestOf(fields, shared),
                fields.flag("add_special_tokens", false));
    }

    private static OptionalLong bestOf(Fields fields, SharedParameters shared) {
        OptionalLong candidates = fields.integer(BEST_OF);
        if (candidates.isPresent() && shared.choices() != 1) {
            throw Invalid.field(BEST_OF, "Value error, best_of is only possible with n=1.");
        }
        if (candidates.isPresent() && shared.stream()) {
            throw Invalid.field(BEST_OF, "Value error, best_of is not possible with stream=True.");
        }
        return candidates;
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
        return Invalid.field(
                field,
                field.equals(PROMPT)
                        ? "prompt must be a non-empty text, list of texts or list of token ids"
                        : "prompt_token_ids must be a non-empty list");
    }
}
