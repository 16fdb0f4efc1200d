package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.ApiException.NotFound;
import dev.sluice.tokenizer.TextTooLongException;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Vocabulary;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// Answers `/tokenize` and `/detokenize` in the shapes that vLLM has.
///
/// Safe for use by several threads. Takes time in proportion to the body: not for an event loop.
public final class TokenService {
    private final ServedModel model;
    private final RequestValidator validator;
    private final UnreadVariables unread = new UnreadVariables();

    /// @param model whose tokenizer and template are used
    public TokenService(ServedModel model, RequestValidator validator) {
        this.model = model;
        this.validator = validator;
    }

    /// Tokenizes `{"prompt"}` or `{"messages"}`.
    ///
    /// @return JSON: `count`, `max_model_len`, `tokens`, and `token_strs` or null
    /// @throws InvalidRequest naming the field
    /// @throws NotFound if it names a model that is not served
    public byte[] tokenize(byte[] body) {
        Fields fields = validator.tokenize(body);
        model.checkName(fields.text("model"));
        TokenIds ids = ids(fields);
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("count", ids.size());
        answer.put("max_model_len", model.maxModelLen());
        answer.put("tokens", ids.toArray());
        if (fields.flag("return_token_strs", false)) {
            answer.put("token_strs", texts(ids));
        } else {
            RequestJson.putNull(answer, "token_strs");
        }
        return RequestJson.write(answer).getBytes(StandardCharsets.UTF_8);
    }

    /// Gives the text of `{"tokens"}`, special tokens included.
    ///
    /// @return JSON: `prompt`
    /// @throws InvalidRequest naming the field
    /// @throws NotFound if it names a model that is not served
    public byte[] detokenize(byte[] body) {
        Fields fields = validator.detokenize(body);
        model.checkName(fields.text("model"));
        String field = "tokens";
        TokenIds ids = TokenLists.ids(field, fields.list(field));
        TokenLists.check(field, ids, model.tokenizer().vocabulary());
        String text = model.tokenizer().decode(ids, false);
        return RequestJson.write(Map.of("prompt", text)).getBytes(StandardCharsets.UTF_8);
    }

    private TokenIds ids(Fields fields) {
        Optional<String> prompt = fields.text("prompt");
        List<?> messages = fields.list("messages");
        boolean special = fields.flag("add_special_tokens", prompt.isPresent());
        ToolFields tools = ToolFields.of(fields);
        TemplateFields template =
                TemplateFields.of(
                        fields,
                        new ThinkingFields(
                                Optional.empty(), OptionalLong.empty(), OptionalLong.empty()));
        if (prompt.isPresent()) {
            return encode(prompt.get(), special, "prompt");
        }
        if (messages.isEmpty()) {
            throw Invalid.field("prompt", "Either prompt or messages must be given.");
        }
        String text =
                new ChatPrompts(model, unread)
                        .text(Messages.normalise(messages), template, tools.tools());
        return encode(text, special, "messages");
    }

    private TokenIds encode(String text, boolean special, String field) {
        try {
            return model.tokenizer().encode(text, special);
        } catch (TextTooLongException e) {
            throw Invalid.field(field, e.text());
        }
    }

    /// Each token by itself; bytes that are no UTF-8 become U+FFFD.
    private List<String> texts(TokenIds ids) {
        Vocabulary vocabulary = model.tokenizer().vocabulary();
        // Millions of ids may be the same few.
        Map<Integer, String> known = new HashMap<>();
        List<String> texts = new ArrayList<>(ids.size());
        for (int i = 0; i < ids.size(); i++) {
            texts.add(
                    known.computeIfAbsent(
                            ids.get(i),
                            id -> new String(vocabulary.bytes(id), StandardCharsets.UTF_8)));
        }
        return texts;
    }
}
