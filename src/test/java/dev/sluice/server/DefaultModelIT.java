package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.Check;
import dev.sluice.testing.RawConnection;
import dev.sluice.testing.ScriptClient;
import dev.sluice.testing.SluiceServer;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// The finished server with its default model, as a newcomer has it.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DefaultModelIT {
    private static final String CHAT = "/v1/chat/completions";
    private static final long DEADLINE_NANOS = 30_000_000_000L;
    private static final Pattern CANCELLED =
            Pattern.compile("\nsluice_request_cancelled_total (\\d+)");
    private static final String QUESTION = "Name three colours of the rainbow.";
    private final HttpClient http = HttpClient.newHttpClient();
    private SluiceServer server;

    @BeforeAll
    void start() {
        server = SluiceServer.start("--max-model-len", "512");
    }

    @AfterAll
    void stop() {
        http.close();
        server.close();
    }

    private static JsonObject chat(String content) {
        return new JsonObject()
                .put("temperature", 0)
                .put("max_tokens", 32)
                .put(
                        "messages",
                        new JsonArray()
                                .add(new JsonObject().put("role", "user").put("content", content)));
    }

    private CompletableFuture<String> send(JsonObject request) {
        HttpRequest post =
                HttpRequest.newBuilder(URI.create(server.url() + CHAT))
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(request.encode()))
                        .build();
        return http.sendAsync(post, HttpResponse.BodyHandlers.ofString())
                .thenApply(HttpResponse::body);
    }

    private JsonObject choice(JsonObject request) {
        return new JsonObject(send(request).join()).getJsonArray("choices").getJsonObject(0);
    }

    private String content(JsonObject request) {
        return choice(request).getJsonObject("message").getString("content");
    }

    @Test
    void answersTheDocumentedRequest() {
        JsonObject request =
                new JsonObject("{\"messages\":[{\"role\":\"user\",\"content\":\"Hello!\"}]}");

        JsonObject choice = choice(request);

        assertThat(choice.getJsonObject("message").getString("content")).isNotBlank();
        assertThat(choice.getString("finish_reason")).isIn("stop", "length");
    }

    @Test
    @Check(4)
    void openAiForPythonIsContent() {
        assertThat(ScriptClient.python("openai_client.py", server.url())).contains("is content");
    }

    @Test
    void openAiForJavaScriptIsContent() {
        assertThat(ScriptClient.javascript("openai_client.mjs", server.url()))
                .contains("is content");
    }

    @Test
    @Check(15)
    void aSeedRepeatsTheAnswerWhateverElseRuns() {
        JsonObject seeded =
                chat(QUESTION).put("temperature", 1).put("seed", 42).put("return_token_ids", true);
        JsonObject alone = choice(seeded).getJsonObject("message");
        JsonObject again = choice(seeded).getJsonObject("message");
        List<CompletableFuture<String>> others = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            others.add(send(chat("Tell me about the number " + i).put("temperature", 1)));
        }

        JsonObject among = choice(seeded).getJsonObject("message");

        assertThat(alone.getJsonArray("completion_token_ids")).isNotEmpty();
        assertThat(again).isEqualTo(alone);
        assertThat(among).isEqualTo(alone);
        assertThat(others).allMatch(other -> other.join().contains("chat.completion"));
    }

    @Test
    @Check({25, 26})
    void stopTextThatSpansTokensIsNeverSeen() {
        String whole = content(chat(QUESTION));
        int middle = whole.length() / 2;
        String stop = whole.substring(middle, Math.min(middle + 7, whole.length()));
        String before = whole.substring(0, whole.indexOf(stop));

        JsonObject stopping = chat(QUESTION).put("stop", new JsonArray().add(stop));
        SseEvents events = SseEvents.parse(send(stopping.copy().put("stream", true)).join());

        assertThat(content(stopping)).isEqualTo(before);
        assertThat(choice(stopping).getString("finish_reason")).isEqualTo("stop");
        assertThat(events.text(0)).isEqualTo(before);
        assertThat(events.choices().getLast().getString("finish_reason")).isEqualTo("stop");
        assertThat(content(stopping.put("include_stop_str_in_output", true)))
                .isEqualTo(before + stop);
    }

    @Test
    @Check(34)
    void topKOfOneIsGreedy() {
        assertThat(content(chat(QUESTION).put("temperature", 1.5).put("top_k", 1)))
                .isEqualTo(content(chat(QUESTION)));
    }

    @Test
    @Check(70)
    void allLanguagesStreamAsUnbrokenText() {
        JsonObject request =
                chat("\u0000\u0001 \ud83d\ude00 Bonjour, \u4f60\u597d, \u041f\u0440\u0438\u0432\u0435\u0442, \u0645\u0631\u062d\u0628\u0627")
                        .put("stream", true);

        SseEvents events = SseEvents.parse(send(request).join());

        assertThat(events.done()).isTrue();
        String text = events.text(0);
        assertThat(text).isEqualTo(content(request.put("stream", false)));
        // The token limit may cut the last character.
        assertThat(text.substring(0, text.length() - 1)).doesNotContain("\ufffd");
    }

    @Test
    void manyAtOnceAnswerAsOneAlone() {
        String alone = content(chat(QUESTION));

        List<CompletableFuture<String>> answers =
                IntStream.range(0, 8).mapToObj(_ -> send(chat(QUESTION))).toList();

        assertThat(answers)
                .allSatisfy(answer ->
                        assertThat(
                                        new JsonObject(answer.join())
                                                .getJsonArray("choices")
                                                .getJsonObject(0)
                                                .getJsonObject("message")
                                                .getString("content"))
                                .isEqualTo(alone));
    }

    @Test
    void aClientThatLeavesIsNoticed() {
        JsonObject endless =
                chat("Count to a thousand.").put("stream", true).put("max_tokens", 400);
        long before = cancelled();
        try (RawConnection client = new RawConnection(server.port())) {
            client.post(CHAT, endless.put("ignore_eos", true).encode()).readUntil("\"content\":\"");
        }

        long deadline = System.nanoTime() + DEADLINE_NANOS;
        long after = cancelled();
        while (after == before && System.nanoTime() < deadline) {
            after = cancelled();
        }

        assertThat(after).isEqualTo(before + 1);
    }

    private long cancelled() {
        HttpRequest metrics = HttpRequest.newBuilder(URI.create(server.url() + "/metrics")).build();
        String text = http.sendAsync(metrics, HttpResponse.BodyHandlers.ofString()).join().body();
        Matcher counter = CANCELLED.matcher(text);
        assertThat(counter.find()).isTrue();
        return Long.parseLong(counter.group(1));
    }
}
