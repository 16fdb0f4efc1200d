package dev.sluice.openai;

import static dev.sluice.openai.ScriptedParser.begin;
import static dev.sluice.openai.ScriptedParser.call;
import static dev.sluice.openai.ScriptedParser.reasoning;
import static dev.sluice.openai.ScriptedParser.slice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.FinishReason;
import dev.sluice.openai.PreparedRequest.Kind;
import dev.sluice.testing.DocumentedAnswers;

import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.json.schema.Draft;
import io.vertx.json.schema.JsonSchemaOptions;
import io.vertx.json.schema.OutputFormat;
import io.vertx.json.schema.OutputUnit;
import io.vertx.json.schema.SchemaRepository;
import io.vertx.json.schema.Validator;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.util.List;

/// Answers with everything in them, and the document that describes them.
class DocumentedAnswersTest {
    private static AnswerScript everything(Kind kind) {
        ScriptedParser parser =
                new ScriptedParser()
                        .say(reasoning("hm"))
                        .say(call(begin(0, "f"), slice(0, "{\"a\":")))
                        .say(call(slice(0, "1}")))
                        .thinks(1);
        return AnswerScript.of(kind)
                .withUsage()
                .withContinuousUsage()
                .withTokenIds()
                .withLogprobs(2)
                .withPromptLogprobs(1)
                .withMetrics()
                .parsedBy(parser);
    }

    private static AnswerScript told(AnswerScript script) {
        return script.started(0, AnswerScript.chosen('b', -2))
                .token(0, "x", AnswerScript.chosen('x', -1))
                .token(0, "y", AnswerScript.chosen('y', -1))
                .token(0, "z", AnswerScript.chosen('z', -1))
                .finished(0, FinishReason.STOP);
    }

    private static String schema(Kind kind, boolean chunk) {
        return (kind == Kind.CHAT ? "ChatCompletion" : "Completion") + (chunk ? "Chunk" : "");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void wholeAnswersHaveNoFieldThatTheDocumentLacks(Kind kind) {
        JsonObject answer = new JsonObject(told(everything(kind).whole()).body());

        DocumentedAnswers.checkAs(schema(kind, false), answer);
        answer.getJsonArray("choices").getJsonObject(0).put("news", 1);
        assertThatThrownBy(() -> DocumentedAnswers.checkAs(schema(kind, false), answer))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("news");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void chunksHaveNoFieldThatTheDocumentLacks(Kind kind) {
        List<String> chunks = told(everything(kind)).allChunks();

        assertThat(chunks).hasSizeGreaterThan(3);
        chunks.forEach(
                chunk -> DocumentedAnswers.checkAs(schema(kind, true), new JsonObject(chunk)));
        assertThat(String.join("", chunks)).contains("\"metrics\"", "\"tool_calls\":[", "\"rank\"");
    }

    @Test
    void theSchemasAreThoseOfTheirDialect() {
        Vertx vertx = Vertx.vertx();
        JsonObject schemas =
                OpenApi.document("test").getJsonObject("components").getJsonObject("schemas");
        String dialect = "https://json-schema.org/draft/2020-12/schema";
        SchemaRepository repository =
                SchemaRepository.create(
                        new JsonSchemaOptions()
                                .setBaseUri("urn:sluice:")
                                .setDraft(Draft.DRAFT202012)
                                .setOutputFormat(OutputFormat.Basic));
        repository.preloadMetaSchema(vertx.fileSystem(), Draft.DRAFT202012);
        Validator validator = repository.validator(dialect);
        vertx.close().await();

        for (String name : schemas.fieldNames()) {
            OutputUnit result = validator.validate(schemas.getJsonObject(name));
            assertThat(result.getValid()).as("%s: %s", name, result.getErrors()).isTrue();
        }
        assertThat(validator.validate(new JsonObject().put("type", "no such type")).getValid())
                .isFalse();
        assertThat(
                        validator
                                .validate(new JsonObject().put("required", new JsonArray().add(1)))
                                .getValid())
                .isFalse();
    }
}
