package dev.sluice.acceptance;

import static dev.sluice.testing.ApiClient.ids;
import static dev.sluice.testing.ApiClient.prompt;
import static dev.sluice.testing.ApiClient.user;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.Check;
import dev.sluice.testing.SluiceServer;
import dev.sluice.testing.SseEvents;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The contract's parameters against the finished server with its default model.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RequestSurfaceIT {
    private static final String FACT = "Name three colours of the rainbow.";
    private SluiceServer server;
    private ApiClient api;

    @BeforeAll
    void start() {
        server =
                SluiceServer.start(
                        "--max-model-len",
                        "512",
                        "--enable-logprob",
                        "--logits-processors",
                        "LogitBiasLogitsProcessor");
        api = new ApiClient(server.url());
    }

    @AfterAll
    void stop() {
        api.close();
        server.close();
    }

    private static JsonObject chat() {
        return user(FACT).put("max_tokens", 24);
    }

    private static List<JsonObject> entries(JsonObject parent, String field) {
        return parent.getJsonArray(field).stream().map(JsonObject.class::cast).toList();
    }

    private static List<JsonObject> logprobs(JsonObject choice) {
        return entries(choice.getJsonObject("logprobs"), "content");
    }

    @Test
    @Check(2)
    void logprobsSampleWithItsCommaWorksAsPrinted() {
        String body =
                """
                {"messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 16,
                 "logprobs": true, "top_logprobs": 0,
                }
                """;

        Reply reply = api.send(ApiClient.CHAT, body).join();

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        List<JsonObject> entries = logprobs(reply.choice());
        assertThat(entries).hasSize(reply.usage().getInteger("completion_tokens"));
        assertThat(entries)
                .allSatisfy(entry -> {
                    assertThat(entry.getString("token")).isNotNull();
                    assertThat(entry.getDouble("logprob")).isLessThanOrEqualTo(0);
                    assertThat(entry.getJsonArray("bytes")).isNotNull();
                    assertThat(entry.getJsonArray("top_logprobs")).isEmpty();
                });
    }

    @Test
    @Check(9)
    void everyChunkCarriesUsageWhenAsked() {
        JsonObject options = new JsonObject().put("continuous_usage_stats", true);
        SseEvents events =
                api.chat(chat().put("stream", true).put("stream_options", options)).events();

        List<Integer> completion =
                events.chunks().stream()
                        .map(c -> c.getJsonObject("usage").getInteger("completion_tokens"))
                        .toList();
        assertThat(completion).isSorted();
        assertThat(completion.getLast()).isEqualTo(completion.get(completion.size() - 2));
    }

    @Test
    @Check(21)
    void severalChoicesCountThePromptOnce() {
        Reply one = api.chat(chat());
        Reply two = api.chat(chat().put("n", 2).put("temperature", 1).put("seed", 3));
        SseEvents streamed =
                api.chat(
                                chat().put("n", 2)
                                        .put("temperature", 1)
                                        .put("seed", 3)
                                        .put("stream", true))
                        .events();

        assertThat(two.choices()).extracting(c -> c.getInteger("index")).containsExactly(0, 1);
        assertThat(two.usage().getInteger("prompt_tokens"))
                .isEqualTo(one.usage().getInteger("prompt_tokens"));
        for (int i = 0; i < 2; i++) {
            assertThat(streamed.text(i))
                    .isEqualTo(two.choices().get(i).getJsonObject("message").getString("content"));
            assertThat(streamed.choices(i).stream().map(c -> c.getString("finish_reason")))
                    .filteredOn(Objects::nonNull)
                    .hasSize(1);
        }
        assertThat(streamed.text(0)).isNotEqualTo(streamed.text(1));
    }

    @Test
    @Check(21)
    void completionsHaveSeveralChoicesToo() {
        JsonObject request =
                prompt("The sky is").put("n", 2).put("max_tokens", 6).put("temperature", 1);

        Reply whole = api.complete(request.put("seed", 3));
        SseEvents streamed = api.complete(request.copy().put("stream", true)).events();

        assertThat(whole.choices()).extracting(c -> c.getInteger("index")).containsExactly(0, 1);
        assertThat(whole.usage().getInteger("prompt_tokens"))
                .isEqualTo(
                        api.complete(request.copy().put("n", 1))
                                .usage()
                                .getInteger("prompt_tokens"));
        for (int i = 0; i < 2; i++) {
            assertThat(streamed.text(i)).isEqualTo(whole.choices().get(i).getString("text"));
            assertThat(streamed.choices(i).getLast().getString("finish_reason")).isNotNull();
        }
    }

    @Test
    @Check(22)
    void choicesOfSeveralPromptsStandInOrder() {
        JsonArray prompts = new JsonArray().add("The sky is").add("Water is");
        Reply reply =
                api.complete(prompt(prompts).put("n", 2).put("echo", true).put("max_tokens", 4));

        assertThat(reply.choices())
                .extracting(c -> c.getInteger("index"))
                .containsExactly(0, 1, 2, 3);
        assertThat(reply.choices().subList(0, 2))
                .allSatisfy(c -> assertThat(c.getString("text")).startsWith("The sky is"));
        assertThat(reply.choices().subList(2, 4))
                .allSatisfy(c -> assertThat(c.getString("text")).startsWith("Water is"));
    }

    @Test
    @Check(24)
    void anEchoComesFirstWholeAndStreamed() {
        Reply whole = api.complete(prompt("The sky is").put("echo", true).put("max_tokens", 4));
        SseEvents events =
                api.complete(
                                prompt("The sky is")
                                        .put("echo", true)
                                        .put("stream", true)
                                        .put("max_tokens", 4))
                        .events();

        assertThat(events.choices(0).getFirst().getString("text")).startsWith("The sky is");
        assertThat(events.text(0)).isEqualTo(whole.text()).startsWith("The sky is");
    }

    @Test
    @Check(29)
    void aStopIdEndsTheAnswerAndIsItsLastId() {
        List<Integer> free = ids(api.chat(withIds()).message(), "completion_token_ids");
        int stop = free.get(3);

        JsonObject message =
                api.chat(withIds().put("stop_token_ids", new JsonArray().add(stop))).message();

        List<Integer> stopped = ids(message, "completion_token_ids");
        assertThat(stopped).isEqualTo(free.subList(0, free.indexOf(stop) + 1));
    }

    private static JsonObject withIds() {
        return chat().put("return_token_ids", true);
    }

    @Test
    @Check(30)
    void minTokensHoldsTheEndBack() {
        JsonObject request = user("Say hi.").put("min_tokens", 50).put("max_tokens", 60);

        assertThat(api.chat(request).usage().getInteger("completion_tokens"))
                .isGreaterThanOrEqualTo(50);
    }

    @Test
    @Check(31)
    void badWordsAreAbsentAsIdsAndAsStrings() {
        JsonObject logprobs = chat().put("logprobs", true).put("return_token_ids", true);
        JsonObject choice = api.chat(logprobs).choice();
        List<Integer> all = ids(choice.getJsonObject("message"), "completion_token_ids");
        List<Integer> banned = all.subList(6, 9);
        List<String> words =
                logprobs(choice).subList(6, 9).stream().map(e -> e.getString("token")).toList();

        List<Integer> byId =
                ids(
                        api.chat(withIds().put("bad_words_token_ids", new JsonArray(banned)))
                                .message(),
                        "completion_token_ids");
        List<Integer> byText =
                ids(
                        api.chat(withIds().put("bad_words", new JsonArray(words))).message(),
                        "completion_token_ids");

        assertThat(byId).doesNotContainAnyElementsOf(banned);
        assertThat(byText).doesNotContainAnyElementsOf(banned);
    }

    @Test
    @Check(32)
    void aBiasMakesOneTokenWin() {
        JsonObject args = new JsonObject().put("logit_bias", new JsonObject().put("9906", 100));

        List<Integer> ids =
                ids(
                        api.chat(withIds().put("logits_processors_args", args)).message(),
                        "completion_token_ids");

        assertThat(Set.copyOf(ids)).containsExactly(9906);
    }

    @Test
    @Check(33)
    void neutralPenaltiesChangeNothingAndStrongOnesDo() {
        JsonObject loop = prompt("la la la la la la la la").put("max_tokens", 40);
        Reply silent = api.complete(loop.copy().put("return_token_ids", true));
        Reply neutral =
                api.complete(
                        loop.copy()
                                .put("return_token_ids", true)
                                .put("repetition_penalty", 1.0)
                                .put("frequency_penalty", 0)
                                .put("presence_penalty", 0));
        Reply strong =
                api.complete(loop.copy().put("return_token_ids", true).put("frequency_penalty", 2));

        assertThat(neutral.text()).isEqualTo(silent.text());
        assertThat(most(strong)).isLessThan(most(silent));
    }

    /// How often the commonest id occurs.
    private static int most(Reply reply) {
        List<Integer> all = ids(reply.choice(), "completion_token_ids");
        return all.stream().mapToInt(id -> Collections.frequency(all, id)).max().orElseThrow();
    }

    @Test
    @Check(35)
    void idsOfAStreamAreThoseOfTheWholeAnswer() {
        Reply whole = api.chat(withIds());
        List<JsonObject> deltas =
                api.chat(withIds().put("stream", true)).events().choices(0).stream()
                        .map(c -> c.getJsonObject("delta"))
                        .toList();

        JsonObject first = deltas.getFirst();
        assertThat(ids(first, "prompt_token_ids"))
                .isEqualTo(ids(whole.message(), "prompt_token_ids"));
        assertThat(first.getValue("completion_token_ids")).isNull();
        List<Integer> streamed =
                deltas.stream()
                        .skip(1)
                        .flatMap(d -> ids(d, "completion_token_ids").stream())
                        .toList();
        assertThat(streamed).isEqualTo(ids(whole.message(), "completion_token_ids"));
        assertThat(streamed).hasSize(whole.usage().getInteger("completion_tokens"));
        assertThat(deltas.stream().skip(1))
                .allSatisfy(d -> assertThat(d.getValue("prompt_token_ids")).isNull());
    }

    @Test
    @Check(36)
    void idsStayAwayUnlessAskedFor() {
        JsonObject message = api.chat(chat()).message();

        assertThat(message.getValue("prompt_token_ids")).isNull();
        assertThat(message.getValue("completion_token_ids")).isNull();
        assertThat(message.getValue("prompt_tokens")).isNull();
        assertThat(message.getValue("completion_tokens")).isNull();
    }

    @Test
    @Check(37)
    void aTemplatedTextWithoutTemplateGivesTheSameAnswer() {
        JsonObject message = api.chat(withIds()).message();
        JsonObject raw =
                user(message.getString("prompt_tokens"))
                        .put("max_tokens", 24)
                        .put("disable_chat_template", true);

        assertThat(api.chat(raw).text()).isEqualTo(message.getString("content"));
    }

    @Test
    @Check(38)
    void aTemplateOfTheRequestMakesThePrompt() {
        JsonObject message =
                api.chat(withIds().put("chat_template", "{{ messages[0]['content'] }}")).message();

        assertThat(message.getString("prompt_tokens")).isEqualTo(FACT);
    }

    @Test
    @Check(53)
    void topLogprobsAreSortedAndHoldTheGreedyToken() {
        List<JsonObject> entries =
                logprobs(api.chat(chat().put("logprobs", true).put("top_logprobs", 5)).choice());

        assertThat(entries)
                .allSatisfy(entry -> {
                    List<Double> top =
                            entries(entry, "top_logprobs").stream()
                                    .map(t -> t.getDouble("logprob"))
                                    .toList();
                    assertThat(top).hasSize(5).isSortedAccordingTo((a, b) -> b.compareTo(a));
                    assertThat(entry.getDouble("logprob")).isCloseTo(top.getFirst(), within(1e-6));
                });
    }

    @Test
    @Check(54)
    void refusesTooManyTopLogprobs() {
        Reply tooMany = api.chat(chat().put("logprobs", true).put("top_logprobs", 21));
        Reply alone = api.chat(chat().put("top_logprobs", 2));

        assertThat(tooMany.status()).isEqualTo(400);
        assertThat(tooMany.error().getString("param")).isEqualTo("top_logprobs");
        assertThat(alone.status()).isEqualTo(400);
        assertThat(alone.error().getString("param")).isEqualTo("top_logprobs");
    }

    @Test
    @Check(55)
    void scaledLogprobsDifferUnlessTheTemperatureIsOne() {
        assertThat(firstLogprob(0.8, true)).isNotEqualTo(firstLogprob(0.8, false));
        assertThat(firstLogprob(1, true)).isEqualTo(firstLogprob(1, false));
    }

    private double firstLogprob(double temperature, boolean scaled) {
        JsonObject request =
                chat().put("temperature", temperature)
                        .put("seed", 1)
                        .put("top_k", 1)
                        .put("logprobs", true)
                        .put("temp_scaled_logprobs", scaled);
        return logprobs(api.chat(request).choice()).getFirst().getDouble("logprob");
    }

    @Test
    @Check(56)
    void aNucleusOfOneHasCertainty() {
        JsonObject request =
                chat().put("temperature", 1)
                        .put("top_p", 0)
                        .put("logprobs", true)
                        .put("top_p_normalized_logprobs", true);

        assertThat(logprobs(api.chat(request).choice()))
                .allSatisfy(e -> assertThat(e.getDouble("logprob")).isZero());
    }

    @Test
    @Check(57)
    void completionsHaveLogprobsOfTheirOwnShape() {
        JsonObject logprobs =
                api.complete(prompt("The sky is").put("logprobs", 3).put("max_tokens", 6))
                        .choice()
                        .getJsonObject("logprobs");

        int length = logprobs.getJsonArray("tokens").size();
        assertThat(length).isPositive();
        assertThat(logprobs.getJsonArray("token_logprobs")).hasSize(length);
        assertThat(logprobs.getJsonArray("top_logprobs")).hasSize(length);
        assertThat(logprobs.getJsonArray("text_offset")).hasSize(length);
        assertThat(entries(logprobs, "top_logprobs"))
                .allSatisfy(top -> assertThat(top.size()).isBetween(1, 4));
    }

    @Test
    void anEchoCanBeScoredWithoutGenerating() {
        Reply reply =
                api.complete(
                        prompt("The sky is blue")
                                .put("echo", true)
                                .put("logprobs", 1)
                                .put("max_tokens", 0));

        assertThat(reply.status()).as(reply.body()).isEqualTo(200);
        assertThat(reply.text()).isEqualTo("The sky is blue");
        assertThat(reply.usage().getInteger("completion_tokens")).isZero();
        JsonArray values = reply.choice().getJsonObject("logprobs").getJsonArray("token_logprobs");
        assertThat(values).hasSize(reply.usage().getInteger("prompt_tokens"));
        assertThat(values.getValue(0)).isNull();
        assertThat(IntStream.range(1, values.size()).mapToDouble(values::getDouble))
                .allSatisfy(value -> assertThat(value).isLessThanOrEqualTo(0));
    }

    @Test
    @Check(60)
    void theUsersNameIsPartOfTheId() {
        assertThat(api.chat(chat().put("user", "bob")).json().getString("id"))
                .startsWith("chatcmpl-bob-");
        assertThat(
                        api.complete(prompt("Hi").put("max_tokens", 1).put("user", "bob"))
                                .json()
                                .getString("id"))
                .startsWith("cmpl-bob-");
    }

    private static int cached(JsonObject usage) {
        return usage.getJsonObject("prompt_tokens_details").getInteger("cached_tokens");
    }

    @Test
    @Check(66)
    void aPromptThatWasSeenBeforeIsFoundInTheCache() {
        JsonArray tokens = new JsonArray();
        IntStream.range(0, 200).forEach(i -> tokens.add(1000 + 37 * i % 4001));
        JsonObject request = prompt(tokens).put("max_tokens", 16).put("return_token_ids", true);

        Reply first = api.complete(request);
        Reply second = api.complete(request);
        Reply apart = api.complete(request.copy().put("cache_salt", "another"));

        assertThat(cached(first.usage())).isZero();
        assertThat(cached(second.usage())).isEqualTo(192);
        assertThat(cached(apart.usage())).isZero();
        assertThat(ids(second.choice(), "completion_token_ids"))
                .hasSize(16)
                .isEqualTo(ids(first.choice(), "completion_token_ids"))
                .isEqualTo(ids(apart.choice(), "completion_token_ids"));
    }

    @Test
    void theNextTurnOfAChatReusesTheTurnsBefore() {
        JsonObject first = user("Tell me a long story about a lighthouse. ".repeat(8));
        Reply answer = api.chat(first.copy().put("max_tokens", 64));
        JsonArray messages =
                first.getJsonArray("messages")
                        .copy()
                        .add(answer.choice().getJsonObject("message"))
                        .add(new JsonObject().put("role", "user").put("content", "Go on."));
        JsonObject next =
                new JsonObject()
                        .put("temperature", 0)
                        .put("messages", messages)
                        .put("max_tokens", 4)
                        .put("stream", true)
                        .put("stream_options", new JsonObject().put("include_usage", true));

        JsonObject usage = api.chat(next).events().chunks().getLast().getJsonObject("usage");

        assertThat(cached(usage)).isGreaterThanOrEqualTo(64);
        assertThat(cached(usage) % 64).isZero();
    }

    @Test
    @Check(68)
    void timesOfArrivalNeverGoBack() {
        List<Double> arrivals =
                api.chat(chat().put("stream", true)).events().choices(0).stream()
                        .map(c -> c.getDouble("arrival_time"))
                        .filter(Objects::nonNull)
                        .collect(Collectors.toList());

        assertThat(arrivals).isNotEmpty().isSorted();
        assertThat(arrivals.getFirst()).isNotNegative();
    }

    @Test
    @Check(71)
    void theBestOfThreeIsOneChoice() {
        JsonObject request =
                prompt("Once upon a time")
                        .put("temperature", 1)
                        .put("seed", 7)
                        .put("max_tokens", 8)
                        .put("best_of", 3);

        Reply reply = api.complete(request);
        Reply streamed = api.complete(request.copy().put("stream", true));

        assertThat(reply.choices()).hasSize(1);
        assertThat(reply.usage().getInteger("completion_tokens")).isBetween(9, 24);
        assertThat(streamed.status()).isEqualTo(400);
        assertThat(streamed.error().getString("param")).isEqualTo("best_of");
    }

    @Test
    void tokenizingAndBackIsTheSameText() {
        Reply tokens = api.post("/tokenize", new JsonObject().put("prompt", "Grüße, 世界!"));
        Reply text =
                api.post(
                        "/detokenize",
                        new JsonObject().put("tokens", tokens.json().getJsonArray("tokens")));

        assertThat(tokens.json().getInteger("count"))
                .isEqualTo(tokens.json().getJsonArray("tokens").size());
        assertThat(text.json().getString("prompt")).isEqualTo("Grüße, 世界!");
    }

    @Test
    void theSmallPagesAnswer() {
        assertThat(api.get("/version").json().getString("version")).isNotBlank();
        assertThat(api.get("/ping").status()).isEqualTo(200);
        assertThat(api.get("/load").json().getJsonArray("routes")).isNotEmpty();
        assertThat(api.get("/openapi.json").json().getString("openapi")).startsWith("3.1");
        assertThat(api.get("/config-info").status()).isEqualTo(200);
        String id =
                api.get("/v1/models").json().getJsonArray("data").getJsonObject(0).getString("id");
        assertThat(api.get("/v1/models/" + id).json().getString("id")).isEqualTo(id);
    }
}
