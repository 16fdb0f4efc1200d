package dev.sluice.testing;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import javax.net.ssl.SSLContext;

/// Plain HTTP to a server of the OpenAI protocol. What it answers is compared with the OpenAPI
/// document.
public final class ApiClient implements AutoCloseable {
    /// The two generating routes.
    public static final String CHAT = "/v1/chat/completions";

    public static final String COMPLETIONS = "/v1/completions";

    private final HttpClient http;
    private final String url;

    /// @param url of the server, without a path
    public ApiClient(String url) {
        this(url, HttpClient.newHttpClient());
    }

    /// A client of a server that speaks TLS.
    ///
    /// @param trusting what the client trusts
    public ApiClient(String url, SSLContext trusting) {
        this(url, HttpClient.newBuilder().sslContext(trusting).build());
    }

    private ApiClient(String url, HttpClient http) {
        this.url = url;
        this.http = http;
    }

    /// An answer.
    public record Reply(int status, String body, HttpHeaders headers) {
        /// A header of that name.
        public Optional<String> header(String name) {
            return headers.firstValue(name);
        }

        /// The body as a JSON object.
        public JsonObject json() {
            return new JsonObject(body);
        }

        /// The error of a refusal.
        public JsonObject error() {
            return json().getJsonObject("error");
        }

        /// All choices.
        public List<JsonObject> choices() {
            return json().getJsonArray("choices").stream().map(JsonObject.class::cast).toList();
        }

        /// The first choice.
        public JsonObject choice() {
            return choices().getFirst();
        }

        /// The first choice's message.
        public JsonObject message() {
            return choice().getJsonObject("message");
        }

        /// The message's or the choice's text.
        public String text() {
            return choice().containsKey("message")
                    ? message().getString("content")
                    : choice().getString("text");
        }

        /// The usage.
        public JsonObject usage() {
            return json().getJsonObject("usage");
        }

        /// The body as events.
        public SseEvents events() {
            return SseEvents.parse(body);
        }
    }

    /// Posts a body as it stands.
    ///
    /// @param headers names and values in turns
    public CompletableFuture<Reply> send(String path, String body, String... headers) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url + path))
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString())
                .thenApply(response -> reply("post", path, response));
    }

    private static Reply reply(String method, String path, HttpResponse<String> response) {
        DocumentedAnswers.check(method, path, response.statusCode(), response.body());
        return new Reply(response.statusCode(), response.body(), response.headers());
    }

    /// Posts a body and waits.
    public Reply post(String path, JsonObject body, String... headers) {
        return send(path, body.encode(), headers).join();
    }

    /// Asks for a chat and waits.
    public Reply chat(JsonObject body) {
        return post(CHAT, body);
    }

    /// Asks for a completion and waits.
    public Reply complete(JsonObject body) {
        return post(COMPLETIONS, body);
    }

    /// Gets a page and waits.
    public Reply get(String path, String... headers) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path));
        if (headers.length > 0) {
            request.headers(headers);
        }
        try {
            HttpResponse<String> response =
                    http.send(request.build(), HttpResponse.BodyHandlers.ofString());
            return reply("get", path, response);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    /// A greedy chat of one user turn.
    public static JsonObject user(String content) {
        JsonObject message = new JsonObject().put("role", "user").put("content", content);
        return new JsonObject().put("temperature", 0).put("messages", new JsonArray().add(message));
    }

    /// A greedy completion.
    public static JsonObject prompt(Object prompt) {
        return new JsonObject().put("temperature", 0).put("prompt", prompt);
    }

    /// The numbers of an array.
    public static List<Integer> ids(JsonObject parent, String field) {
        return parent.getJsonArray(field).stream().map(id -> ((Number) id).intValue()).toList();
    }

    @Override
    public void close() {
        http.close();
    }
}
