package dev.sluice.acceptance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.SluiceServer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Grammars that are made to cost much, sent while somebody else reads a stream.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HostileGrammarsIT {
    /// The stream and a grammar share two processors, and other programs may want them, too.
    private static final double SLOWER = 10;

    /// Grammars may take 5 s to be refused: a stream that waited for them would show it.
    private static final double LONG_GAP_SECONDS = 2;

    /// A machine may stand still for a moment.
    private static final int LONGER_ONES = 2;

    private static final int BASELINE_TOKENS = 150;

    private SluiceServer server;
    private ApiClient api;

    @BeforeAll
    void start() {
        server = SluiceServer.start("--max-model-len", "4096");
        api = new ApiClient(server.url());
    }

    @AfterAll
    void stop() {
        api.close();
        server.close();
    }

    @Test
    void theyAreRefusedOrCostLittleAndAStreamBesideThemGoesOn() throws Exception {
        streamed(new CountDownLatch(0), BASELINE_TOKENS);
        Gaps alone = streamed(new CountDownLatch(0), BASELINE_TOKENS);
        CountDownLatch done = new CountDownLatch(1);
        FutureTask<Gaps> beside = new FutureTask<>(() -> streamed(done, BASELINE_TOKENS));
        Thread.ofVirtual().start(beside);
        try {
            hostile().forEach(this::assertBounded);
        } finally {
            done.countDown();
        }

        assertThat(gaps(beside).median()).isLessThan(SLOWER * alone.median() + 0.05);
        assertThat(gaps(beside).extreme())
                .isLessThan(Math.max(LONG_GAP_SECONDS, SLOWER * alone.extreme()));
    }

    private static Gaps gaps(FutureTask<Gaps> task) throws InterruptedException {
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw new AssertionError("the stream broke off", e.getCause());
        }
    }

    private void assertBounded(String name, JsonObject form) {
        JsonObject request =
                new JsonObject().put("prompt", "x").put("max_tokens", 4).put("seed", 1);
        Reply reply = api.complete(request.mergeIn(form));

        assertThat(reply.status()).as("%s: %s", name, reply.body()).isIn(200, 400);
        if (reply.status() == 400) {
            assertThat(reply.error().getString("param"))
                    .as(name)
                    .isEqualTo(form.fieldNames().iterator().next());
        }
    }

    private static Map<String, JsonObject> hostile() {
        Map<String, JsonObject> all = new LinkedHashMap<>();
        all.put("a regex with an exponential automaton", regex("[01]*1[01]{24}"));
        all.put("nested counts", regex("(((a{0,99}){0,99}){0,99}){0,99}b"));
        all.put("nested stars", regex("((((a*)*)*b*)*)*c"));
        all.put("a long regex", regex("(a|b|ab)*".repeat(2_000)));
        all.put("deep groups", regex("(".repeat(5_000) + "a" + ")".repeat(5_000)));
        all.put("an ambiguous grammar", ebnf("root ::= root root root | \"a\" | \"\""));
        all.put("hidden left recursion", ebnf("root ::= e root \"b\" | \"a\"\ne ::= \"\" | e e"));
        all.put("rules in a circle", ebnf("root ::= a\na ::= b\nb ::= a"));
        all.put("many rules", ebnf(rules(3_000)));
        all.put("deep brackets", ebnf("root ::= " + "(".repeat(5_000) + ")".repeat(5_000)));
        all.put("a schema of a megabyte", schema(properties(20_000)));
        all.put("an enum of 20,000", schema(new JsonObject().put("enum", texts(20_000))));
        all.put("a choice of 20,000", new JsonObject().put("guided_choice", texts(20_000)));
        all.put("itself", schema(new JsonObject("{\"$ref\":\"#\"}")));
        all.put("a circle of references", schema(new JsonObject(circle())));
        all.put("a chain of references", schema(chain("$ref", 20_000)));
        all.put("a chain of negations", schema(chain("not", 10_000)));
        all.put("a long constant", schema(new JsonObject().put("const", "x".repeat(400_000))));
        all.put("deep nesting", schema(nested(400)));
        all.put("a product of alternatives", schema(product(24)));
        all.put("a slow pattern", schema(pattern("^(([a-z])+.)+[A-Z]([a-z])+$")));
        all.put("huge counts", schema(pattern("^(a{1,5000}b{1,5000}){1,5000}$")));
        return all;
    }

    private static JsonObject regex(String pattern) {
        return new JsonObject().put("guided_regex", pattern);
    }

    private static JsonObject ebnf(String grammar) {
        return new JsonObject().put("guided_grammar", grammar);
    }

    private static JsonObject schema(JsonObject schema) {
        return new JsonObject().put("guided_json", schema);
    }

    private static JsonObject pattern(String pattern) {
        return new JsonObject().put("type", "string").put("pattern", pattern);
    }

    private static String rules(int count) {
        return IntStream.range(0, count)
                .mapToObj(
                        i -> "r%d ::= r%d r%d | \"%d\"".formatted(i, i + 1, (i * 7 + 1) % count, i))
                .collect(Collectors.joining("\n", "root ::= r0\n", "\nr" + count + " ::= \"x\""));
    }

    private static JsonArray texts(int count) {
        return new JsonArray(
                IntStream.range(0, count).mapToObj(i -> "entry " + i * 7919L % 100_003).toList());
    }

    private static JsonObject properties(int count) {
        JsonObject properties = new JsonObject();
        for (int i = 0; i < count; i++) {
            properties.put("property_" + i, new JsonObject().put("type", "integer"));
        }
        return new JsonObject().put("type", "object").put("properties", properties);
    }

    private static String circle() {
        return """
        {"$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}, {"$ref": "#/$defs/a"}]},
                   "b": {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}]}},
         "$ref": "#/$defs/a"}
        """;
    }

    /// Definitions of which each refers to the next.
    private static JsonObject chain(String keyword, int length) {
        JsonObject all = new JsonObject().put("d" + length, new JsonObject());
        for (int i = 0; i < length; i++) {
            JsonObject next = new JsonObject().put("$ref", "#/$defs/d" + (i + 1));
            all.put("d" + i, keyword.equals("$ref") ? next : new JsonObject().put(keyword, next));
        }
        return new JsonObject().put("$defs", all).put("$ref", "#/$defs/d0");
    }

    private static JsonObject nested(int depth) {
        JsonObject schema = new JsonObject().put("type", "integer");
        for (int i = 0; i < depth; i++) {
            schema = new JsonObject().put("type", "array").put("items", schema);
        }
        return schema;
    }

    private static JsonObject product(int factors) {
        JsonArray all = new JsonArray();
        for (int i = 0; i < factors; i++) {
            all.add(
                    new JsonObject(
                            """
                            {"anyOf": [{"properties": {"a%d": {"type": "integer"}}},
                                       {"required": ["b%d"]}]}
                            """
                                    .formatted(i, i)));
        }
        return new JsonObject().put("type", "object").put("allOf", all);
    }

    /// Seconds between the events of streams.
    private record Gaps(List<Double> sorted) {
        double median() {
            return sorted.get(sorted.size() / 2);
        }

        /// The longest but for a few.
        double extreme() {
            return sorted.get(sorted.size() - 1 - LONGER_ONES);
        }
    }

    /// Reads streams until nothing else is going on, and one to its end.
    private Gaps streamed(CountDownLatch done, int tokens) throws InterruptedException {
        List<Double> gaps = new ArrayList<>();
        try (HttpClient client = HttpClient.newHttpClient()) {
            do {
                read(client, tokens, gaps);
            } while (done.getCount() > 0);
        }
        return new Gaps(gaps.stream().sorted().toList());
    }

    private void read(HttpClient client, int tokens, List<Double> gaps)
            throws InterruptedException {
        JsonObject body =
                new JsonObject()
                        .put("prompt", "Once upon a time")
                        .put("min_tokens", tokens)
                        .put("max_tokens", tokens)
                        .put("temperature", 0)
                        .put("stream", true);
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(server.url() + "/v1/completions"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body.encode()))
                        .build();
        try (Stream<String> lines =
                client.send(request, HttpResponse.BodyHandlers.ofLines()).body()) {
            Iterator<String> data = lines.filter(line -> line.startsWith("data: {")).iterator();
            data.next();
            long last = System.nanoTime();
            int events = 1;
            while (data.hasNext()) {
                data.next();
                long now = System.nanoTime();
                gaps.add((now - last) / 1e9);
                last = now;
                events++;
            }
            assertThat(events).isGreaterThanOrEqualTo(tokens / 2);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
