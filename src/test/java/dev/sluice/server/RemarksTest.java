package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.EngineFeatures;
import dev.sluice.engine.GuidedDecoding;
import dev.sluice.grammar.GrammarCompiler;
import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.TestEngines;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;

import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;

class RemarksTest {
    @Test
    void aHeaderHoldsPrintableTextOnly() {
        assertThat(Remarks.value(List.of("format a", "b\r\nc", "ü")))
                .isEqualTo("format a; b\\u000d\\u000ac; \\u00fc");
    }

    @Test
    void whatIsTooLongIsCut() {
        assertThat(Remarks.value(List.of("x".repeat(5000)))).hasSize(2051).endsWith("x...");
    }

    @Test
    void anAnswerNamesWhatIsNotEnforcedInAHeader() {
        JsonObject request = new JsonObject().put("prompt", "say:\"a\"\u0003").put("max_tokens", 3);
        JsonObject schema = new JsonObject().put("type", "string").put("maxLength", 1);
        JsonObject unknown = schema.copy().put("format", "surname");
        try (GrammarCompiler compiler = TestEngines.grammars();
                ParrotServer server =
                        ParrotServer.startEmpty(
                                ParrotServer.options(), ParrotServer.servedModel())) {
            GuidedDecoding guided = new GuidedDecoding(compiler, false);
            server.load(ParrotServer.config(), EngineFeatures.of(List.of(), Optional.of(guided)));
            for (boolean stream : new boolean[] {true, false}) {
                request.put("stream", stream);

                assertThat(header(server, request.put("guided_json", unknown)))
                        .hasValueSatisfying(value -> assertThat(value).contains("surname"));
                assertThat(header(server, request.put("guided_json", schema))).isEmpty();
            }
        }
    }

    private static Optional<String> header(ParrotServer server, JsonObject request) {
        HttpResponse<String> response = server.post("/v1/completions", request.encode());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return response.headers().firstValue(Remarks.HEADER);
    }
}
