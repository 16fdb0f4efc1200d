package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.json.pointer.JsonPointer;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

class OpenApiTest {
    /// Fields that are accepted and change nothing: a text model has no images to know again, and
    /// nobody waits in line by rank.
    private static final Set<String> WITHOUT_EFFECT = Set.of("mm_hashes", "priority");

    private static final JsonObject DOCUMENT = OpenApi.document("1.2");

    @Test
    void everyReferenceLeadsSomewhere() {
        List<String> references = new ArrayList<>();
        collectReferences(DOCUMENT, references);

        assertThat(references)
                .hasSizeGreaterThan(20)
                .allSatisfy(reference ->
                        assertThat(JsonPointer.from(reference.substring(1)).queryJson(DOCUMENT))
                                .as(reference)
                                .isInstanceOf(JsonObject.class));
    }

    private static void collectReferences(Object node, List<String> references) {
        switch (node) {
            case JsonObject object -> {
                if (object.getValue("$ref") instanceof String reference) {
                    references.add(reference);
                }
                object.forEach(entry -> collectReferences(entry.getValue(), references));
            }
            case JsonArray array -> array.forEach(item -> collectReferences(item, references));
            case null, default -> {}
        }
    }

    @Test
    void hasEveryRouteWithAnIdAndAnswers() {
        JsonObject paths = DOCUMENT.getJsonObject("paths");

        assertThat(DOCUMENT.getString("openapi")).startsWith("3.1");
        assertThat(DOCUMENT.getJsonObject("info").getString("version")).isEqualTo("1.2");
        assertThat(paths.fieldNames())
                .containsExactlyInAnyOrder(
                        "/v1/chat/completions",
                        "/v1/completions",
                        "/v1/models",
                        "/v1/models/{id}",
                        "/tokenize",
                        "/detokenize",
                        "/version",
                        "/health",
                        "/ping",
                        "/metrics",
                        "/load",
                        "/config-info",
                        "/openapi.json");
        Set<String> ids = new HashSet<>();
        for (String path : paths.fieldNames()) {
            for (String method : paths.getJsonObject(path).fieldNames()) {
                JsonObject operation = paths.getJsonObject(path).getJsonObject(method);
                assertThat(ids.add(operation.getString("operationId"))).isTrue();
                assertThat(operation.getJsonObject("responses").fieldNames()).contains("200");
            }
        }
    }

    @Test
    void aChatReadsWhatItsSchemaNamesAndNothingElse() {
        assertThat(read("{\"messages\":[1],\"stream\":true}", ChatRequest::of))
                .isEqualTo(properties("ChatCompletionRequest"));
    }

    @Test
    void aCompletionReadsWhatItsSchemaNamesAndNothingElse() {
        Set<String> read = read("{\"prompt\":\"a\"}", CompletionRequest::of);

        assertThat(read).isEqualTo(properties("CompletionRequest"));
    }

    private static Set<String> properties(String schema) {
        return DOCUMENT.getJsonObject("components")
                .getJsonObject("schemas")
                .getJsonObject(schema)
                .getJsonObject("properties")
                .fieldNames();
    }

    /// The fields that code asks for, and those that are known to change nothing.
    private static Set<String> read(String body, Consumer<Fields> reader) {
        Watched watched = new Watched(RequestJson.object(TestServer.bytes(body)));
        reader.accept(new Fields(watched));
        watched.asked.addAll(WITHOUT_EFFECT);
        return watched.asked;
    }

    private static final class Watched extends HashMap<String, Object> {
        private static final long serialVersionUID = 1L;
        private final transient Set<String> asked = new HashSet<>();

        Watched(Map<String, Object> values) {
            super(values);
        }

        @Override
        public @Nullable Object get(Object key) {
            asked.add((String) key);
            return super.get(key);
        }
    }
}
