package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.engine.EngineConfig;
import dev.sluice.openai.ServedModel;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.testing.Parrot;
import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.RawConnection;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StreamTest {
    private static final String CHAT = "/v1/chat/completions";
    private static final String COMPLETIONS = "/v1/completions";
    private ParrotServer server;

    @BeforeAll
    void start() {
        server = ParrotServer.start();
    }

    @AfterAll
    void stop() {
        server.close();
    }

    private static JsonObject chat(String content) {
        return new JsonObject()
                .put("temperature", 0)
                .put("stream", true)
                .put(
                        "messages",
                        List.of(new JsonObject().put("role", "user").put("content", content)));
    }

    private SseEvents stream(String path, JsonObject request) {
        HttpResponse<String> response = server.post(path, request.encode());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type"))
                .hasValueSatisfying(type -> assertThat(type).startsWith("text/event-stream"));
        SseEvents events = SseEvents.parse(response.body());
        assertThat(events.done()).isTrue();
        return events;
    }

    @Test
    void aChatStreamHasARoleThenTextThenOneReasonToEnd() {
        SseEvents events = stream(CHAT, chat("say:Hello, world!"));

        JsonObject first = events.choices().getFirst();
        assertThat(first.getJsonObject("delta").getString("role")).isEqualTo("assistant");
        assertThat(first.getJsonObject("delta").getString("content")).isEmpty();
        assertThat(events.choices().stream().skip(1))
                .noneMatch(c -> c.getJsonObject("delta").containsKey("role"))
                .allMatch(c -> c.getJsonObject("delta").getString("content") != null)
                .allMatch(c -> c.getValue("arrival_time") instanceof Double);
        assertThat(events.choices()).allMatch(c -> c.containsKey("finish_reason"));
        assertThat(events.choices().stream().map(c -> c.getString("finish_reason")))
                .filteredOn(Objects::nonNull)
                .containsExactly("stop");
        assertThat(events.choices().getLast().getString("finish_reason")).isEqualTo("stop");
        assertThat(events.text(0)).isEqualTo("Hello, world!");
        assertThat(events.chunks().stream().map(c -> c.getString("id")).distinct()).hasSize(1);
        assertThat(events.chunks().stream().map(c -> c.getInteger("created")).distinct())
                .hasSize(1);
        assertThat(events.chunks())
                .allMatch(c -> "chat.completion.chunk".equals(c.getString("object")))
                .noneMatch(c -> c.containsKey("usage"))
                .noneMatch(c -> c.getJsonArray("choices").isEmpty());
    }

    @Test
    void arrivalTimesNeverGoBack() {
        SseEvents events = stream(CHAT, chat("say:" + "word ".repeat(20)));

        List<Double> times =
                events.choices().stream().skip(1).map(c -> c.getDouble("arrival_time")).toList();
        assertThat(times).isSorted().allMatch(time -> time >= 0);
    }

    @Test
    void charactersOfSeveralTokensComeWhole() {
        String text = "\ud83d\ude00\u4f60\u597d\u00e4 \u0000\u0001 \u0441\u043b\u043e\u043d";

        SseEvents events = stream(CHAT, chat("say:" + text));

        assertThat(events.text(0)).isEqualTo(text);
        assertThat(events.choices())
                .noneMatch(c -> c.getJsonObject("delta").getString("content").contains("\ufffd"));
    }

    @Test
    void stopTextIsNeverSeen() {
        SseEvents events = stream(CHAT, chat("say:abcSTOPdef").put("stop", "STOP"));

        assertThat(events.text(0)).isEqualTo("abc");
        assertThat(events.choices()).noneMatch(c -> c.encode().contains("\"S"));
    }

    @Test
    void usageComesOnceBeforeTheEndWhereItIsAskedFor() {
        JsonObject asked =
                chat("say:abc").put("stream_options", new JsonObject().put("include_usage", true));

        SseEvents events = stream(CHAT, asked);

        List<JsonObject> withUsage =
                events.chunks().stream().filter(c -> c.containsKey("usage")).toList();
        assertThat(withUsage).containsExactly(events.chunks().getLast());
        assertThat(withUsage.getFirst().getJsonArray("choices")).isEmpty();
        assertThat(withUsage.getFirst().getJsonObject("usage").getInteger("completion_tokens"))
                .isEqualTo(4);
        assertThat(stream(CHAT, chat("say:abc").put("stream_options", new JsonObject())).chunks())
                .anyMatch(c -> c.containsKey("usage"));
    }

    @Test
    void continuousUsageIsOnEveryChunk() {
        JsonObject options =
                new JsonObject().put("include_usage", true).put("continuous_usage_stats", true);

        SseEvents events = stream(CHAT, chat("say:Hello, world!").put("stream_options", options));

        List<Integer> tokens =
                events.chunks().stream()
                        .map(c -> c.getJsonObject("usage").getInteger("completion_tokens"))
                        .toList();
        assertThat(tokens).isSorted().startsWith(0).endsWith(14, 14);
    }

    @Test
    void completionsOfSeveralPromptsAreToldApart() {
        JsonObject request =
                new JsonObject()
                        .put("temperature", 0)
                        .put("stream", true)
                        .put("stream_options", new JsonObject())
                        .put(
                                "prompt",
                                List.of("say:one\u0003", "say:second\u0003", "forever\u0003"))
                        .put("max_tokens", 20);

        SseEvents events = stream(COMPLETIONS, request);

        assertThat(events.text(0)).isEqualTo("one");
        assertThat(events.text(1)).isEqualTo("second");
        assertThat(events.text(2)).isEqualTo("x".repeat(20));
        for (int i = 0; i < 3; i++) {
            assertThat(events.choices(i).stream().map(c -> c.getString("finish_reason")))
                    .filteredOn(Objects::nonNull)
                    .hasSize(1);
        }
        assertThat(events.chunks()).allMatch(c -> "text_completion".equals(c.getString("object")));
        JsonObject usage = events.chunks().getLast().getJsonObject("usage");
        assertThat(usage.getInteger("prompt_tokens")).isEqualTo(8 + 11 + 8);
        assertThat(usage.getInteger("completion_tokens")).isEqualTo(4 + 7 + 20);
    }

    @Test
    void anEchoIsInTheFirstTextOfEachChoice() {
        JsonObject request =
                new JsonObject()
                        .put("temperature", 0)
                        .put("stream", true)
                        .put("echo", true)
                        .put("prompt", List.of("say:one\u0003", "say:second\u0003"));

        SseEvents events = stream(COMPLETIONS, request);

        assertThat(events.choices(0).getFirst().getString("text")).startsWith("say:one\u0003");
        assertThat(events.choices(1).getFirst().getString("text")).startsWith("say:second\u0003");
        assertThat(events.text(1)).isEqualTo("say:second\u0003second");
    }

    @Test
    void anAnswerStreamsAsItIsMade() {
        try (ParrotServer slow = ParrotServer.start().slow(Duration.ofMillis(3));
                RawConnection client = new RawConnection(slow.port())) {
            client.post(CHAT, chat("forever").encode()).readUntil("\"content\":\"x");

            assertThat(client.received()).doesNotContain("[DONE]").contains("HTTP/1.1 200 OK");
            assertThat(slow.awaitStats(s -> s.running() == 1).running()).isEqualTo(1);
        }
    }

    @Test
    void silenceIsFilledWithComments() {
        ServerOptions options = ParrotServer.options().withPingInterval(Duration.ofMillis(20));
        try (ParrotServer slow =
                ParrotServer.start(options, ParrotServer.servedModel())
                        .slow(Duration.ofMillis(150))) {
            HttpResponse<String> response = slow.post(CHAT, chat("say:ab").encode());

            SseEvents events = SseEvents.parse(response.body());
            assertThat(events.comments()).isNotEmpty().containsOnly(": ping");
            assertThat(events.text(0)).isEqualTo("ab");
            assertThat(events.done()).isTrue();
        }
    }

    @Test
    void largeEventsComeWholeAndInOrder() {
        int length = 50_000;
        ServedModel model = ParrotServer.servedModel();
        ServedModel longModel =
                new ServedModel(
                        model.name(),
                        model.servedName(),
                        model.root(),
                        model.tokenizer(),
                        model.template(),
                        model.specialTokens(),
                        model.defaults(),
                        model.options(),
                        length + 512,
                        model.created());
        EngineConfig config =
                new EngineConfig(
                        length + 512, 2, 4096, 256, 512, DType.F32, 8, Set.of(ByteTokenizer.EOS));
        String text = "say:Hello!" + Parrot.END;
        String prompt = "y".repeat(length - 16) + text;
        JsonObject request =
                new JsonObject()
                        .put("temperature", 0)
                        .put("stream", true)
                        .put("echo", true)
                        .put("prompt", List.of(prompt, text));
        try (ParrotServer server = ParrotServer.startEmpty(ParrotServer.options(), longModel)) {
            server.load(config);

            SseEvents events = SseEvents.parse(server.post(COMPLETIONS, request.encode()).body());

            assertThat(events.text(0)).isEqualTo(prompt + "Hello!");
            assertThat(events.text(1)).isEqualTo(text + "Hello!");
            assertThat(events.done()).isTrue();
        }
    }
}
