package dev.sluice.tokenizer;

import tools.jackson.databind.JsonNode;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The special tokens that tokenizer_config.json and special_tokens_map.json name: by a role, or in
/// a list. Each is a text, or an object with it as `content`. Hugging Face's transformers makes
/// added tokens of them all, in this order, whether or not a list of added tokens has them.
final class NamedTokens {
    private static final List<String> ROLES =
            List.of(
                    "bos_token",
                    "eos_token",
                    "unk_token",
                    "sep_token",
                    "pad_token",
                    "cls_token",
                    "mask_token");
    private static final List<String> LISTS =
            List.of("additional_special_tokens", "extra_special_tokens");

    private final Map<String, JsonNode> byRole = new LinkedHashMap<>();
    private final Map<String, JsonNode> listed = new LinkedHashMap<>();

    /// @param config of which the lists count
    /// @param map of which the roles count; may be missing
    static NamedTokens of(JsonNode config, JsonNode map) {
        NamedTokens named = new NamedTokens();
        for (JsonNode file : List.of(map, config)) {
            ROLES.forEach(role -> named.addRole(role, file.path(role)));
            file.properties().stream()
                    .filter(entry -> entry.getKey().endsWith("_token"))
                    .forEach(entry -> named.addRole(entry.getKey(), entry.getValue()));
        }
        LISTS.forEach(list -> {
            JsonNode tokens = config.has(list) ? config.path(list) : map.path(list);
            tokens.forEach(named::addListed);
        });
        return named;
    }

    private void addRole(String role, JsonNode token) {
        if (text(token).isPresent()) {
            byRole.putIfAbsent(role, token);
        }
    }

    private void addListed(JsonNode token) {
        text(token).ifPresent(text -> listed.putIfAbsent(text, token));
    }

    /// Text of a token as these files write it.
    static Optional<String> text(JsonNode token) {
        JsonNode text = token.isObject() ? token.path("content") : token;
        return text.isString() ? Optional.of(text.stringValue()) : Optional.empty();
    }

    /// Whether a text is one of these tokens.
    boolean has(String text) {
        return listed.containsKey(text)
                || byRole.values().stream()
                        .anyMatch(token -> text(token).equals(Optional.of(text)));
    }

    /// Makes special tokens of them. One that is neither an added token nor a piece gets the next
    /// free id as long as it is below a limit, and stays text otherwise.
    void addTo(TokenizerDraft draft, long limit) {
        byRole.values().forEach(token -> add(draft, token, limit));
        // A list makes tokens, and leaves those as they are that the tokenizer has.
        listed.values().stream()
                .filter(token -> !draft.isAdded(text(token).orElseThrow()))
                .forEach(token -> add(draft, token, limit));
    }

    private static void add(TokenizerDraft draft, JsonNode token, long limit) {
        String text = text(token).orElseThrow();
        int id = draft.id(text).orElseGet(draft::nextId);
        if (draft.id(text).isPresent() || id < limit) {
            draft.addSpecial(
                    token.isObject()
                            ? TokenizerJson.addedToken(token, id)
                            : AddedToken.plain(text, id, true));
        }
    }
}
