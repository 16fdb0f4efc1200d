package dev.sluice.acceptance;

import static dev.sluice.testing.ApiClient.prompt;
import static dev.sluice.testing.ApiClient.user;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.Check;
import dev.sluice.testing.PrometheusText;
import dev.sluice.testing.RawConnection;
import dev.sluice.testing.SluiceServer;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;

/// What a client sends first, right and wrong, to a server without further flags.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FirstRequestsIT {
    private static final Duration SOON = Duration.ofSeconds(10);
    private SluiceServer server;
    private ApiClient api;

    @BeforeAll
    void start() {
        server = SluiceServer.start("--max-model-len", "512");
        api = new ApiClient(server.url());
    }

    @AfterAll
    void stop() {
        api.close();
        server.close();
    }

    private static JsonObject chat() {
        return user("Name three colours of the rainbow.").put("max_tokens", 12);
    }

    private static JsonArray someIds(int count) {
        JsonArray ids = new JsonArray();
        IntStream.range(0, count).forEach(i -> ids.add(1000 + i));
        return ids;
    }

    private static JsonObject options(String json) {
        return chat().put("stream", true).put("stream_options", new JsonObject(json));
    }

    private static void assertRefused(Reply reply, String param) {
        assertThat(reply.status()).as(reply.body()).isEqualTo(400);
        assertThat(reply.error().getString("type")).isEqualTo("invalid_request_error");
        assertThat(reply.error().getString("message")).isNotBlank();
        assertThat(reply.error().getString("param")).isEqualTo(param);
    }

    @Test
    @Check(1)
    void aChatOfOneTurnAndNothingElseIsAnswered() {
        String body = "{\"messages\": [{\"role\": \"user\", \"content\": \"Hello!\"}]}";

        Reply reply = api.send(ApiClient.CHAT, body).join();

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.json().getString("object")).isEqualTo("chat.completion");
        assertThat(reply.json().getString("id")).startsWith("chatcmpl-");
        assertThat(reply.choices()).hasSize(1);
        assertThat(reply.message().getString("role")).isEqualTo("assistant");
        assertThat(reply.message().getString("content")).isNotBlank();
        JsonObject usage = reply.usage();
        assertThat(usage.getInteger("total_tokens"))
                .isEqualTo(
                        usage.getInteger("prompt_tokens") + usage.getInteger("completion_tokens"));
    }

    @Test
    @Check(5)
    void aStreamHasItsShape() {
        SseEvents events =
                api.chat(chat().put("stream", true).put("n", 2).put("temperature", 1)).events();

        assertThat(events.done()).isTrue();
        for (int i = 0; i < 2; i++) {
            List<JsonObject> choices = events.choices(i);
            assertThat(choices.getFirst().getJsonObject("delta").getString("role"))
                    .isEqualTo("assistant");
            assertThat(choices.stream().skip(1))
                    .allSatisfy(
                            c -> assertThat(c.getJsonObject("delta").getString("role")).isNull());
            assertThat(choices.stream().map(c -> c.getString("finish_reason")))
                    .filteredOn(Objects::nonNull)
                    .hasSize(1);
        }
        Set<Object> heads = new HashSet<>();
        events.chunks().forEach(c -> heads.add(c.getString("id") + c.getLong("created")));
        assertThat(heads).hasSize(1);
    }

    @Test
    @Check({6, 7})
    void usageComesOnceBeforeTheEnd() {
        for (String options : List.of("{\"include_usage\": true}", "{}")) {
            List<JsonObject> chunks = api.chat(options(options)).events().chunks();

            assertThat(chunks.getLast().getJsonArray("choices")).isEmpty();
            assertThat(chunks.getLast().getJsonObject("usage").getInteger("completion_tokens"))
                    .isPositive();
            assertThat(chunks.subList(0, chunks.size() - 1))
                    .allSatisfy(chunk -> {
                        assertThat(chunk.getValue("usage")).isNull();
                        assertThat(chunk.getJsonArray("choices")).isNotEmpty();
                    });
        }
    }

    @Test
    @Check(8)
    void optionsOfAStreamNeedOne() {
        JsonObject request = options("{\"include_usage\": true}").put("stream", false);

        assertRefused(api.chat(request), "stream_options");
    }

    @Test
    @Check({10, 11, 12})
    void messagesMustBeThereUnlessIdsAre() {
        Reply none = api.chat(new JsonObject().put("max_tokens", 4));
        Reply text = api.chat(new JsonObject().put("messages", "text"));
        JsonObject empty = new JsonObject().put("messages", new JsonArray()).put("max_tokens", 4);

        assertRefused(none, "messages");
        assertThat(none.error().getString("code")).isEqualTo("missing_required_parameter");
        assertRefused(text, "messages");
        assertRefused(api.chat(empty), "messages");
        Reply ids = api.chat(empty.copy().put("prompt_token_ids", someIds(9)));
        assertThat(ids.status()).as(ids.body()).isEqualTo(200);
        assertThat(ids.usage().getInteger("prompt_tokens")).isEqualTo(9);
    }

    @ParameterizedTest
    @Check({13, 34})
    @CsvSource({
        "top_p, 1.5",
        "temperature, -0.1",
        "frequency_penalty, 2.1",
        "presence_penalty, -2.1",
        "seed, -1",
        "seed, 922337203685477581",
        "top_k, -2",
        "min_p, 1.5",
    })
    void refusesNumbersOutOfTheirRanges(String field, String value) {
        String request = chat().encode();
        String body =
                request.substring(0, request.length() - 1) + ",\"%s\":%s}".formatted(field, value);

        assertRefused(
                api.send(ApiClient.CHAT, body.replace("\"temperature\":0,", "")).join(), field);
    }

    @Test
    @Check(14)
    void takesTheLargestSeed() {
        assertThat(api.chat(chat().put("seed", 922_337_203_685_477_580L)).status()).isEqualTo(200);
    }

    @Test
    @Check(16)
    void refusesLimitsBelowOneAndBetweenNumbers() {
        for (int limit : List.of(0, -10)) {
            Reply reply = api.chat(chat().put("max_tokens", limit));
            assertRefused(reply, "max_tokens");
            assertThat(reply.error().getString("message")).contains("[1,");
        }
        assertRefused(api.chat(chat().put("max_tokens", 10.5)), "max_tokens");
    }

    @Test
    @Check({17, 18, 19})
    void limitsAreKept() {
        Reply one = api.chat(chat().put("max_tokens", 1));
        Reply both =
                api.chat(
                        chat().put("max_tokens", 5)
                                .put("max_completion_tokens", 7)
                                .put("ignore_eos", true));
        Reply huge = api.chat(chat().put("max_tokens", 10_000_000));

        assertThat(one.usage().getInteger("completion_tokens")).isEqualTo(1);
        assertThat(one.choice().getString("finish_reason")).isEqualTo("length");
        assertThat(both.usage().getInteger("completion_tokens")).isEqualTo(7);
        assertThat(both.choice().getString("finish_reason")).isEqualTo("length");
        assertThat(huge.status()).isEqualTo(200);
    }

    @Test
    @Check(20)
    void refusesAPromptBeyondTheContextBeforeAnyStream() {
        JsonObject request = user("word ".repeat(2000));

        for (boolean stream : List.of(false, true)) {
            Reply reply = api.chat(request.copy().put("stream", stream));
            assertRefused(reply, "messages");
            assertThat(reply.error().getString("message")).contains("Input text is too long");
        }
    }

    @Test
    @Check(23)
    void promptsMayBeTokenIds() {
        JsonArray two = new JsonArray().add(someIds(9)).add(someIds(12));
        JsonObject fromIds = prompt("").put("prompt_token_ids", someIds(12)).put("max_tokens", 2);

        assertThat(promptTokens(prompt(someIds(9)).put("max_tokens", 2))).isEqualTo(9);
        assertThat(promptTokens(prompt(two).put("max_tokens", 2))).isEqualTo(21);
        assertThat(promptTokens(fromIds)).isEqualTo(12);
    }

    private int promptTokens(JsonObject request) {
        Reply reply = api.complete(request);
        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        return reply.usage().getInteger("prompt_tokens");
    }

    @Test
    @Check({27, 28})
    void stopTextsHaveANumber() {
        JsonArray seven = new JsonArray(List.of("1", "2", "3", "4", "5", "6", "7"));
        Reply tooMany = api.chat(chat().put("stop", seven));

        assertThat(api.chat(chat().put("stop", "")).status()).isEqualTo(200);
        assertRefused(tooMany, "stop");
        assertThat(tooMany.error().getString("message")).contains("max_stop_seqs_num(5)");
    }

    @Test
    @Check(32)
    void aBiasForNoProcessorChangesNothing() {
        JsonObject args = new JsonObject().put("logit_bias", new JsonObject().put("9906", 100));

        assertThat(api.chat(chat().put("logits_processors_args", args)).text())
                .isEqualTo(api.chat(chat()).text());
    }

    @Test
    @Check({58, 59})
    void whatNobodyKnowsIsNoFault() {
        assertThat(api.chat(chat().put("invalid_field", 1)).status()).isEqualTo(200);
        assertThat(api.chat(chat().putNull("metadata")).status()).isEqualTo(200);
    }

    @Test
    @Check(64)
    void aClientThatLeavesTakesNothingWithIt() {
        JsonObject endless = chat().put("stream", true).put("ignore_eos", true);
        double free = metric("sluice_available_gpu_block_num");
        try (RawConnection client = new RawConnection(server.port())) {
            client.post(ApiClient.CHAT, endless.put("max_tokens", 450).encode())
                    .readUntil("\"content\":\"");
            assertThat(metric("sluice_num_requests_running")).isEqualTo(1);
        }

        long deadline = System.nanoTime() + SOON.toNanos();
        while (metric("sluice_num_requests_running") > 0 && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }

        assertThat(metric("sluice_num_requests_running")).isZero();
        assertThat(metric("sluice_available_gpu_block_num")).isEqualTo(free);
    }

    private double metric(String name) {
        return PrometheusText.parse(api.get("/metrics").body()).value(name);
    }

    @Test
    @Check(72)
    void refusesJsonThatBreaksOff() {
        Reply reply = api.send(ApiClient.CHAT, "{\"messages\":[").join();

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error().getString("type")).isEqualTo("invalid_request_error");
        assertThat(reply.error().getString("message")).isNotBlank();
        assertThat(reply.error().getValue("param")).isNull();
    }
}
