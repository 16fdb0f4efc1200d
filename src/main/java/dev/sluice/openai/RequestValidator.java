package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.Map;

/// Turns bodies into requests whose fields are all valid by themselves.
///
/// Unknown fields are ignored, null is the same as absent. The JSON Schemas `chat-request` and
/// `completion-request` beside this class say what types and ranges fields have; what a schema
/// can't say, or says slowly, is checked by hand.
///
/// Safe for use by several threads. Takes time in proportion to the body: large ones are not for an
/// event loop.
public final class RequestValidator {
    private final SchemaCheck chat;
    private final SchemaCheck completion;

    private final SchemaCheck tokenize;
    private final SchemaCheck detokenize;

    private RequestValidator(
            SchemaCheck chat,
            SchemaCheck completion,
            SchemaCheck tokenize,
            SchemaCheck detokenize) {
        this.chat = chat;
        this.completion = completion;
        this.tokenize = tokenize;
        this.detokenize = detokenize;
    }

    /// Reads the schemas. Takes most of a second the first time: not for an event loop.
    public static RequestValidator create() {
        return new RequestValidator(
                SchemaCheck.ofResource("chat-request.schema.json"),
                SchemaCheck.ofResource("completion-request.schema.json"),
                SchemaCheck.ofResource("tokenize-request.schema.json"),
                SchemaCheck.ofResource("detokenize-request.schema.json"));
    }

    /// @throws InvalidRequest naming the field
    ChatRequest chat(byte[] body) {
        return ChatRequest.of(checked(chat, body));
    }

    /// @throws InvalidRequest naming the field
    CompletionRequest completion(byte[] body) {
        return CompletionRequest.of(checked(completion, body));
    }

    /// @throws InvalidRequest naming the field
    Fields tokenize(byte[] body) {
        return checked(tokenize, body);
    }

    /// @throws InvalidRequest naming the field
    Fields detokenize(byte[] body) {
        return checked(detokenize, body);
    }

    private static Fields checked(SchemaCheck schema, byte[] body) {
        Map<String, Object> values = RequestJson.object(body);
        schema.check(values);
        return new Fields(values);
    }
}
