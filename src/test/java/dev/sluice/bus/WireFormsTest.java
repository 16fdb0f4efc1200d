package dev.sluice.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.engine.ApiException;
import dev.sluice.engine.FinishReason;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.Guidance;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsOptions;
import dev.sluice.engine.Marker;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.Penalties;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.engine.ThinkingBudget;
import dev.sluice.engine.TokenLogprob;
import dev.sluice.engine.TokenLogprobs;
import dev.sluice.grammar.GrammarSpec;
import dev.sluice.tokenizer.TokenIds;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// What a clustered bus carries is what was sent: every component of every record.
class WireFormsTest {
    private static final GenerationCodecs.JsonCodec<GenerationRequest> REQUEST =
            new GenerationCodecs.JsonCodec<>(
                    "request", RequestWireForm::toJson, RequestWireForm::toRequest);
    private static final GenerationCodecs.JsonCodec<GenerationEvent> EVENT =
            new GenerationCodecs.JsonCodec<>(
                    "event", EventWireForm::toJson, EventWireForm::toEvent);

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static <T> T carried(GenerationCodecs.JsonCodec<T> codec, T value) {
        Buffer buffer = Buffer.buffer("before");
        int start = buffer.length();
        codec.encodeToWire(buffer, value);
        return codec.decodeFromWire(start, buffer);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aRequestArrivesWhole(long seed) {
        GenerationRequest request = request(new SplittableRandom(seed));

        assertThat(carried(REQUEST, request)).isEqualTo(request);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void anEventArrivesWhole(long seed) {
        GenerationEvent event = event(new SplittableRandom(seed));

        assertThat(carried(EVENT, event)).isEqualTo(event);
    }

    @Test
    void aFailureArrivesWithItsKindAndText() {
        GenerationEvent arrived =
                carried(
                        EVENT,
                        new GenerationEvent.Failed("a", new ApiException.Overloaded("full", 3)));

        assertThat(arrived)
                .isInstanceOfSatisfying(
                        GenerationEvent.Failed.class,
                        failed ->
                                assertThat(failed.cause())
                                        .isInstanceOfSatisfying(
                                                ApiException.Overloaded.class,
                                                e -> assertThat(e.retryAfterSeconds()).isEqualTo(3))
                                        .hasMessage("full"));
    }

    @Test
    void whatJsonCannotHoldIsToldToTheReceiver() {
        LogitsRules rules =
                new LogitsRules(
                        List.of(), Map.of(), Map.of("key", Duration.ZERO), Optional.empty());
        GenerationRequest request =
                new GenerationRequest(
                        "a",
                        TokenIds.of(1),
                        SamplingParams.GREEDY,
                        rules,
                        StopConditions.maxTokens(1),
                        OutputOptions.TEXT);

        assertThatThrownBy(() -> carried(REQUEST, request))
                .isInstanceOf(ApiException.InvalidRequest.class)
                .hasMessageContaining("Duration");
    }

    static Stream<Arguments> wrongFields() {
        return Stream.of(
                Arguments.of("id", 1),
                Arguments.of("prompt", "text"),
                Arguments.of("prompt", List.of("text")),
                Arguments.of("prompt", List.of(1.5)),
                Arguments.of("prompt", List.of(1L << 32)),
                Arguments.of("sampling", List.of()),
                Arguments.of("sampling.temperature", "warm"),
                Arguments.of("sampling.temperature", true),
                Arguments.of("sampling.seed", 0.5),
                Arguments.of("stop.max_tokens", "1"),
                Arguments.of("stop.strings", List.of(1)),
                Arguments.of("stop.token_ids", List.of("1")),
                Arguments.of("stop.ignore_eos", 0),
                Arguments.of("rules.bad_words", List.of(1)),
                Arguments.of("rules.logit_bias.5", "much"),
                Arguments.of("rules.guidance.grammar.source", 5),
                Arguments.of("rules.guidance.grammar.kind", "haiku"),
                Arguments.of("output.marker_ids", Map.of()));
    }

    @ParameterizedTest
    @MethodSource("wrongFields")
    void aFieldThatIsWrongOrMissingIsNamed(String path, Object wrong) {
        JsonObject spoilt = whole();
        JsonObject lacking = whole();

        parent(spoilt, path).put(name(path), wrong);
        parent(lacking, path).remove(name(path));

        assertNamed(spoilt, path);
        if (!path.contains("logit_bias")) {
            assertNamed(lacking, path);
        }
    }

    private static void assertNamed(JsonObject request, String path) {
        assertThatThrownBy(() -> RequestWireForm.toRequest(request))
                .isInstanceOfSatisfying(
                        ApiException.InvalidRequest.class,
                        e -> assertThat(e.param()).contains(path));
    }

    private static JsonObject whole() {
        Guidance guidance = new Guidance(new GrammarSpec.RegularExpression("a"), "guided_regex");
        return RequestWireForm.toJson(
                new GenerationRequest(
                        "a",
                        TokenIds.of(1),
                        SamplingParams.GREEDY,
                        LogitsRules.NONE.with(guidance),
                        StopConditions.maxTokens(1),
                        OutputOptions.TEXT));
    }

    private static JsonObject parent(JsonObject json, String path) {
        int dot = path.indexOf('.');
        return dot < 0
                ? json
                : parent(json.getJsonObject(path.substring(0, dot)), path.substring(dot + 1));
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    private static GenerationRequest request(SplittableRandom random) {
        return new GenerationRequest(
                "id-" + random.nextInt(),
                ids(random, 20),
                new SamplingParams(
                        number(random),
                        number(random),
                        maybe(random),
                        number(random),
                        random.nextLong(),
                        new Penalties(number(random), number(random), number(random))),
                new LogitsRules(
                        list(random, () -> ids(random, 4)),
                        bias(random),
                        args(random, 2),
                        random.nextBoolean() ? Optional.of(budget(random)) : Optional.empty(),
                        random.nextBoolean() ? Optional.of(guidance(random)) : Optional.empty()),
                new StopConditions(
                        random.nextInt(100),
                        random.nextInt(100),
                        list(random, () -> text(random)),
                        idSet(random),
                        random.nextBoolean(),
                        random.nextBoolean()),
                new OutputOptions(
                        random.nextBoolean(),
                        random.nextBoolean(),
                        idSet(random),
                        new LogprobsOptions(
                                maybe(random),
                                random.nextBoolean(),
                                random.nextBoolean(),
                                maybe(random))),
                random.nextBoolean() ? Optional.of(text(random)) : Optional.empty());
    }

    private static GenerationEvent event(SplittableRandom random) {
        String id = "id-" + random.nextInt();
        return switch (random.nextInt(3)) {
            case 0 ->
                    new GenerationEvent.Started(
                            id,
                            random.nextLong(),
                            list(random, () -> logprobs(random)),
                            random.nextInt());
            case 1 ->
                    new GenerationEvent.Delta(
                            id,
                            text(random),
                            ids(random, 5),
                            list(random, () -> logprobs(random)),
                            list(random, () -> marker(random)),
                            random.nextLong());
            default ->
                    new GenerationEvent.Finished(
                            id,
                            List.of(FinishReason.values()).get(random.nextInt(3)),
                            random.nextInt(),
                            random.nextInt(),
                            random.nextInt());
        };
    }

    private static Guidance guidance(SplittableRandom random) {
        return new Guidance(
                grammar(random),
                text(random),
                random.nextBoolean() ? Optional.of(ids(random, 3)) : Optional.empty(),
                maybe(random));
    }

    private static GrammarSpec grammar(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 ->
                    new GrammarSpec.JsonSchema(
                            text(random), random.nextBoolean(), random.nextBoolean());
            case 1 -> new GrammarSpec.JsonObject();
            case 2 -> new GrammarSpec.RegularExpression(text(random));
            case 3 -> new GrammarSpec.Choice(list(random, () -> text(random)));
            case 4 -> new GrammarSpec.Ebnf(text(random));
            default ->
                    new GrammarSpec.StructuralTag(
                            text(random), Set.copyOf(list(random, () -> text(random))));
        };
    }

    private static ThinkingBudget budget(SplittableRandom random) {
        return new ThinkingBudget(
                random.nextBoolean() ? OptionalInt.of(random.nextInt(1, 100)) : OptionalInt.empty(),
                random.nextBoolean() ? OptionalInt.of(random.nextInt(1, 100)) : OptionalInt.empty(),
                random.nextBoolean(),
                ids(random, 3),
                ids(random, 3),
                ids(random, 3));
    }

    private static TokenLogprobs logprobs(SplittableRandom random) {
        return new TokenLogprobs(logprob(random), list(random, () -> logprob(random)));
    }

    private static TokenLogprob logprob(SplittableRandom random) {
        return new TokenLogprob(random.nextInt(), number(random), random.nextInt());
    }

    private static Marker marker(SplittableRandom random) {
        return new Marker(random.nextInt(), random.nextInt(), random.nextInt());
    }

    /// Any float, now and then one that JSON has no word for.
    private static float number(SplittableRandom random) {
        return random.nextInt(20) > 0
                ? Float.intBitsToFloat(random.nextInt())
                : List.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)
                        .get(random.nextInt(3));
    }

    private static OptionalInt maybe(SplittableRandom random) {
        return random.nextBoolean() ? OptionalInt.of(random.nextInt(100)) : OptionalInt.empty();
    }

    private static TokenIds ids(SplittableRandom random, int most) {
        return TokenIds.of(random.ints(random.nextInt(most + 1), 0, 200_000).toArray());
    }

    private static Set<Integer> idSet(SplittableRandom random) {
        return new HashSet<>(list(random, () -> random.nextInt(200_000)));
    }

    private static Map<Integer, Float> bias(SplittableRandom random) {
        Map<Integer, Float> bias = new HashMap<>();
        list(random, () -> random.nextInt(200_000)).forEach(id -> bias.put(id, number(random)));
        return bias;
    }

    private static String text(SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        String alphabet = "a \"\\\n\u0000€😀\u2028";
        int[] symbols = alphabet.codePoints().toArray();
        random.ints(random.nextInt(6), 0, symbols.length)
                .forEach(i -> text.appendCodePoint(symbols[i]));
        return text.toString();
    }

    /// An object as a JSON parser has it, null included.
    private static Map<String, Object> args(SplittableRandom random, int depth) {
        Map<String, Object> args = new LinkedHashMap<>();
        args.put("int", random.nextInt());
        args.put("long", Long.MAX_VALUE - random.nextInt(1000));
        args.put("double", random.nextDouble());
        args.put("flag", random.nextBoolean());
        args.put("text", text(random));
        args.put("list", list(random, () -> random.nextInt()));
        args.put("nothing", null);
        if (depth > 0) {
            args.put("object", args(random, depth - 1));
        }
        return args;
    }

    private static <T> List<T> list(SplittableRandom random, Supplier<T> element) {
        List<T> list = new ArrayList<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            list.add(element.get());
        }
        return list;
    }
}
