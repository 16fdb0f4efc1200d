package dev.sluice.openai;

import io.vertx.core.json.JsonObject;

import java.util.Map;

/// The OpenAPI 3.1 document of the server. The schemas of requests in it are the very ones that
/// requests are checked against.
public final class OpenApi {
    private static final Map<String, String> REQUESTS =
            Map.of(
                    "ChatCompletionRequest", "chat-request.schema.json",
                    "CompletionRequest", "completion-request.schema.json",
                    "TokenizeRequest", "tokenize-request.schema.json",
                    "DetokenizeRequest", "detokenize-request.schema.json");

    private OpenApi() {}

    /// Builds the document. Reads files: not for an event loop.
    ///
    /// @param version of the server
    public static JsonObject document(String version) {
        JsonObject document = SchemaCheck.read("openapi.json");
        document.getJsonObject("info").put("version", version);
        JsonObject schemas = document.getJsonObject("components").getJsonObject("schemas");
        REQUESTS.forEach((name, resource) -> schemas.put(name, SchemaCheck.read(resource)));
        return document;
    }
}
