package dev.sluice.openai;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.testing.ByteTokenizer;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// The request side of a server with a model of bytes.
///
/// @param model whose context is 64 tokens
record TestServer(ServedModel model) {
    static final RequestValidator VALIDATOR = RequestValidator.create();
    static final int CREATED = 77;
    static final int MAX_MODEL_LEN = 64;

    private static final String TEMPLATE =
            "{% for m in messages %}<{{ m.role }}>{{ m.content }}</>{% endfor %}"
                    + "{% if add_generation_prompt %}<a>{% endif %}";

    /// Nothing is allowed that must be switched on.
    static TestServer plain() {
        return with(ApiOptions.DEFAULT);
    }

    /// Log probabilities, biases of processors and parsers are on.
    static TestServer open() {
        return with(
                new ApiOptions(
                        RequestLimits.DEFAULT,
                        true,
                        OptionalInt.of(20),
                        List.of("LogitBiasLogitsProcessor"),
                        Optional.of("qwen3"),
                        Optional.of("hermes"),
                        Map.of()));
    }

    /// Like [#open()], without a limit of alternatives.
    static TestServer boundless() {
        ApiOptions open = open().model().options();
        return with(
                new ApiOptions(
                        open.limits(),
                        true,
                        OptionalInt.empty(),
                        open.logitsProcessors(),
                        open.reasoningParser(),
                        open.toolCallParser(),
                        Map.of("enable_thinking", false, "x", 1)));
    }

    static TestServer with(ApiOptions options) {
        return with(options, Optional.of(ChatTemplate.compile(TEMPLATE)));
    }

    static TestServer with(ApiOptions options, Optional<ChatTemplate> template) {
        return new TestServer(
                new ServedModel(
                        "m",
                        Optional.empty(),
                        "m",
                        new ByteTokenizer(),
                        template,
                        Map.of("bos_token", "<bos>"),
                        new SamplingDefaults(0.6f, 0.9f, OptionalInt.of(40), 0.05f, 1.1f),
                        options,
                        MAX_MODEL_LEN,
                        Instant.EPOCH));
    }

    RequestTranslator translator() {
        return new RequestTranslator(model, VALIDATOR, () -> Instant.ofEpochSecond(CREATED));
    }

    /// A chat of one message that says "hi".
    ///
    /// @param fields more of them
    PreparedRequest chat(String fields) {
        return chatBody(
                "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]%s}"
                        .formatted(fields.isEmpty() ? "" : "," + fields));
    }

    PreparedRequest chatBody(String body) {
        return translator().chat(bytes(body));
    }

    /// The one sequence of a chat that says "hi".
    GenerationRequest sequence(String fields) {
        return chat(fields).sequences().getFirst();
    }

    PreparedRequest completion(String fields) {
        return translator().completion(bytes("{" + fields + "}"));
    }

    /// The prompt of a request's first sequence, as text.
    static String prompt(PreparedRequest request) {
        return new ByteTokenizer().decode(request.sequences().getFirst().prompt(), false);
    }

    static InvalidRequest refusal(Runnable request) {
        try {
            request.run();
        } catch (InvalidRequest e) {
            return e;
        }
        throw new AssertionError("was accepted");
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
