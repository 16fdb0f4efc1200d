package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.testing.MemoryDevice;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/// The rules of sampling against a plain implementation and against transformers' processors, whose
/// numbers `src/test/python/make_sampling_cases.py` records.
class SamplerTest {
    private static final int SIZE = 40;
    private static final int EOS = SIZE - 1;
    private static final double LEAST = -9999;

    /// One row and what precedes it.
    private static final class Place {
        private final GenerationRequest request;
        private final List<Integer> output;
        private final float[] logits;

        Place(GenerationRequest request, List<Integer> output, float[] logits) {
            this.request = request;
            this.output = output;
            this.logits = logits;
        }

        GenerationRequest request() {
            return request;
        }

        List<Integer> output() {
            return output;
        }

        float[] logits() {
            return logits;
        }

        Sequence sequence() {
            Sequence sequence = Requests.sequence(request, _ -> {});
            output.forEach(sequence::append);
            return sequence;
        }

        Place with(SamplingParams sampling, LogprobsOptions logprobs) {
            return new Place(
                    new GenerationRequest(
                            request.id(),
                            request.prompt(),
                            sampling,
                            request.rules(),
                            request.stop(),
                            new OutputOptions(true, false, Set.of(), logprobs)),
                    output,
                    logits);
        }

        /// With at most so many of the most likely tokens, where some are wanted.
        Place withTopUpTo(int most) {
            LogprobsOptions given = request.output().logprobs();
            OptionalInt top =
                    given.top().isPresent()
                            ? OptionalInt.of(Math.min(most, given.top().getAsInt()))
                            : given.top();
            return with(
                    request.sampling(),
                    new LogprobsOptions(
                            top,
                            given.temperatureScaled(),
                            given.topPNormalized(),
                            given.prompt()));
        }

        Place with(boolean temperatureScaled, boolean topPNormalized) {
            return with(
                    request.sampling(),
                    new LogprobsOptions(
                            OptionalInt.of(SIZE),
                            temperatureScaled,
                            topPNormalized,
                            OptionalInt.empty()));
        }
    }

    private static EngineConfig config(LogprobsMode mode) {
        return new EngineConfig(64, 2, 64, 4, 64, DType.F32, 2, Set.of(EOS), true, mode);
    }

    /// Draws on the host, and demands the same of a device that samples.
    private static Draw draw(Place place, LogprobsMode mode, LogitsProcessor... own) {
        Draw drawn;
        try (MemoryDevice device = new MemoryDevice()) {
            drawn = draw(place, device, mode, own);
        }
        try (MemoryDevice device = MemoryDevice.sampling()) {
            Place fitting = place.withTopUpTo(SamplingBatch.MAX_TOP);
            DrawAssert.assertSame(draw(fitting, device, mode, own), drawn);
            assertThat(device.numSampled()).isEqualTo(own.length == 0 ? 1 : 0);
        }
        return drawn;
    }

    private static Draw draw(
            Place place, Device device, LogprobsMode mode, LogitsProcessor... own) {
        int columns = place.logits().length;
        Tensor logits = device.allocate(DType.F32, Shape.of(1, columns));
        device.upload(MemorySegment.ofArray(place.logits()), logits);
        ProcessorChain chain = new ProcessorChain(List.of(own));
        try (Sampler sampler = new Sampler(config(mode), device, columns, SIZE, 2, false, chain)) {
            Sequence sequence = place.sequence();
            sampler.prepare(logits, List.of(sequence), new int[1]);
            return sampler.draw(logits, 0, sequence);
        }
    }

    /// What is reported of each id.
    private static double[] reported(Place place, LogprobsMode mode) {
        double[] values = new double[SIZE];
        List<TokenLogprob> top = draw(place, mode).logprobs().getFirst().top();
        assertThat(top).hasSize(SIZE);
        top.forEach(entry -> values[entry.tokenId()] = entry.logprob());
        return values;
    }

    private static void assertClose(double[] actual, double[] expected, double tolerance) {
        for (int id = 0; id < SIZE; id++) {
            if (expected[id] < LEAST) {
                assertThat(actual[id]).as("id %d", id).isEqualTo(LEAST);
            } else {
                assertThat(actual[id])
                        .as("id %d", id)
                        .isCloseTo(
                                expected[id],
                                within(tolerance * Math.max(1, Math.abs(expected[id]))));
            }
        }
    }

    static LongStream seeds() {
        return LongStream.range(0, 150);
    }

    private static Place random(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] logits = new float[SIZE];
        double scale = random.nextDouble(0.3, 8);
        for (int i = 0; i < SIZE; i++) {
            logits[i] = (float) (random.nextGaussian() * scale);
        }
        List<TokenIds> badWords = new ArrayList<>();
        for (int i = random.nextInt(6); i > 0; i--) {
            int[] word = random.ints(random.nextInt(1, 4), 0, 8).toArray();
            badWords.add(TokenIds.of(word));
        }
        Map<Integer, Float> bias = new HashMap<>();
        for (int i = random.nextInt(4); i > 0; i--) {
            bias.put(random.nextInt(SIZE), (float) random.nextDouble(-5, 5));
        }
        SamplingParams sampling =
                new SamplingParams(
                        (float) random.nextDouble(0.2, 2),
                        (float) random.nextDouble(0.1, 1),
                        random.nextBoolean()
                                ? OptionalInt.of(random.nextInt(2, SIZE))
                                : OptionalInt.empty(),
                        (float) random.nextDouble(0, 0.2),
                        seed,
                        new Penalties(
                                (float) random.nextDouble(0.5, 2),
                                (float) random.nextDouble(-2, 2),
                                (float) random.nextDouble(-2, 2)));
        GenerationRequest request =
                new GenerationRequest(
                        "a",
                        TokenIds.of(random.ints(random.nextInt(1, 9), 0, SIZE).toArray()),
                        sampling,
                        new LogitsRules(badWords, bias, Map.of(), Optional.empty()),
                        new StopConditions(
                                random.nextInt(20),
                                100,
                                List.of(),
                                Set.of(random.nextInt(SIZE)),
                                random.nextBoolean(),
                                false),
                        OutputOptions.TEXT);
        List<Integer> output = random.ints(random.nextInt(20), 0, 8).boxed().toList();
        return new Place(request, output, logits);
    }

    private static double[] naive(Place place) {
        return NaiveSampling.processed(
                place.request(), place.output(), place.logits(), Set.of(EOS));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void processedValuesAreThoseOfAPlainImplementation(long seed) {
        Place place = random(seed).with(false, false);
        double[] logits = naive(place);

        assertClose(
                reported(place, LogprobsMode.PROCESSED_LOGPROBS),
                NaiveSampling.logSoftmax(logits),
                3e-5);
        assertClose(reported(place, LogprobsMode.PROCESSED_LOGITS), logits, 1e-5);
    }

    @Test
    void processedValuesAreDividedByTheTemperatureOnce() {
        SamplingParams warm = new SamplingParams(2, 1, OptionalInt.empty(), 0, 5);
        Place place = random(5).with(warm, LogprobsOptions.NONE);

        assertThat(reported(place.with(true, false), LogprobsMode.PROCESSED_LOGPROBS))
                .isEqualTo(reported(place.with(false, false), LogprobsMode.PROCESSED_LOGPROBS));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void rawValuesIgnoreEverythingButWhatTheyWereAskedFor(long seed) {
        Place place = random(seed);
        double[] row = NaiveSampling.doubles(place.logits());
        SamplingParams sampling = place.request().sampling();
        double[] scaled = row.clone();
        for (int i = 0; i < SIZE; i++) {
            scaled[i] /= sampling.temperature();
        }
        LogprobsMode mode = LogprobsMode.RAW_LOGPROBS;

        assertClose(reported(place.with(false, false), mode), NaiveSampling.logSoftmax(row), 1e-5);
        assertClose(
                reported(place.with(true, false), mode), NaiveSampling.logSoftmax(scaled), 1e-5);
        assertClose(
                reported(place.with(false, true), mode),
                NaiveSampling.inNucleus(NaiveSampling.logSoftmax(row), sampling.topP()),
                1e-5);
        assertClose(
                reported(place.with(true, true), mode),
                NaiveSampling.inNucleus(NaiveSampling.logSoftmax(scaled), sampling.topP()),
                1e-5);
        assertClose(reported(place.with(true, true), LogprobsMode.RAW_LOGITS), row, 0);
    }

    /// The largest logit before the temperature, in a place that is not decided by rounding.
    @ParameterizedTest
    @MethodSource("seeds")
    void greedyAppliesPenaltiesAndBansFirst(long seed) {
        Place place = random(seed);
        SamplingParams given = place.request().sampling();
        SamplingParams greedy =
                new SamplingParams(0, 1, OptionalInt.empty(), 0, seed, given.penalties());
        SamplingParams warm =
                new SamplingParams(1, 1, OptionalInt.empty(), 0, seed, given.penalties());
        double[] logits = naive(place.with(warm, LogprobsOptions.NONE));
        int best = 0;
        for (int id = 1; id < SIZE; id++) {
            best = logits[id] > logits[best] ? id : best;
        }

        Draw drawn = draw(place.with(greedy, LogprobsOptions.NONE), LogprobsMode.RAW_LOGPROBS);

        assertThat(drawn.token()).isEqualTo(best);
        assertThat(drawn.logprobs()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(LogprobsMode.class)
    void askingForLogprobsChangesNoToken(LogprobsMode mode) {
        for (long seed = 0; seed < 100; seed++) {
            Place place = random(seed);
            int without =
                    draw(place.with(place.request().sampling(), LogprobsOptions.NONE), mode)
                            .token();

            Draw with = draw(place.with(true, true), mode);

            assertThat(with.token()).as("seed %d", seed).isEqualTo(without);
            assertThat(with.logprobs().getFirst().chosen().tokenId()).isEqualTo(without);
        }
    }

    @Test
    void topPZeroMakesTheDrawnTokenCertain() {
        Place place = random(7);
        SamplingParams sampling =
                new SamplingParams(
                        1, 0, OptionalInt.empty(), 0, 1, place.request().sampling().penalties());
        LogprobsOptions options =
                new LogprobsOptions(OptionalInt.of(3), false, true, OptionalInt.empty());

        TokenLogprobs reported =
                draw(place.with(sampling, options), LogprobsMode.RAW_LOGPROBS)
                        .logprobs()
                        .getFirst();

        assertThat(reported.chosen().logprob()).isEqualTo(0f);
        assertThat(reported.top().stream().filter(entry -> entry.logprob() != 0))
                .allMatch(entry -> entry.logprob() == LEAST);
    }

    @Test
    void idsPastTheVocabularyAreNeitherDrawnNorCounted() {
        Place place = random(3).with(false, false);
        float[] padded = new float[SIZE + 24];
        Arrays.fill(padded, 50);
        System.arraycopy(place.logits(), 0, padded, 0, SIZE);
        SamplingParams greedy = SamplingParams.GREEDY;
        Place wide = new Place(place.request(), place.output(), padded);

        assertThat(reported(wide, LogprobsMode.RAW_LOGPROBS))
                .isEqualTo(reported(place, LogprobsMode.RAW_LOGPROBS));
        assertThat(draw(wide.with(greedy, LogprobsOptions.NONE), LogprobsMode.RAW_LOGPROBS).token())
                .isLessThan(SIZE);
    }

    @Test
    void aHighTemperatureLiftsNothingThatIsForbidden() {
        Place place = random(11);
        GenerationRequest given = place.request();
        GenerationRequest request =
                new GenerationRequest(
                        "a",
                        given.prompt(),
                        new SamplingParams(1e12f, 1, OptionalInt.empty(), 0, 5),
                        new LogitsRules(
                                List.of(TokenIds.of(4)), Map.of(), Map.of(), Optional.empty()),
                        new StopConditions(9, 10, List.of(), Set.of(), false, false),
                        OutputOptions.TEXT);
        for (long seed = 0; seed < 500; seed++) {
            SamplingParams hot = new SamplingParams(1e12f, 1, OptionalInt.empty(), 0, seed);
            Place hotPlace =
                    new Place(request, List.of(), place.logits()).with(hot, LogprobsOptions.NONE);

            assertThat(draw(hotPlace, LogprobsMode.RAW_LOGPROBS).token()).isNotIn(4, EOS);
        }
    }

    @Test
    void processorsRunInOrderBeforeThePenaltiesAndAfterTheRawValues() {
        LogitsProcessor three = new Always((_, row) -> set(row, 5, 3));
        LogitsProcessor times = new Always((_, row) -> set(row, 5, get(row, 5) * 10));
        SamplingParams doubled =
                new SamplingParams(1, 1, OptionalInt.empty(), 0, 1, new Penalties(2, 0, 0));
        LogprobsOptions all =
                new LogprobsOptions(OptionalInt.of(SIZE), false, false, OptionalInt.empty());
        Place place =
                new Place(
                                new GenerationRequest(
                                        "a", TokenIds.of(5), doubled, StopConditions.maxTokens(9)),
                                List.of(),
                                new float[SIZE])
                        .with(doubled, all);

        TokenLogprob processed =
                draw(place, LogprobsMode.PROCESSED_LOGITS, three, times)
                        .logprobs()
                        .getFirst()
                        .top()
                        .getFirst();
        TokenLogprob raw =
                draw(place, LogprobsMode.RAW_LOGITS, three, times)
                        .logprobs()
                        .getFirst()
                        .top()
                        .getFirst();

        assertThat(processed).isEqualTo(new TokenLogprob(5, 15, 1));
        assertThat(raw.logprob()).isZero();
    }

    private static float get(MemorySegment row, int id) {
        return row.getAtIndex(ValueLayout.JAVA_FLOAT, id);
    }

    private static void set(MemorySegment row, int id, float value) {
        row.setAtIndex(ValueLayout.JAVA_FLOAT, id, value);
    }

    /// A processor for all sequences.
    private record Always(BiConsumer<SequenceState, MemorySegment> change)
            implements LogitsProcessor {
        @Override
        public boolean appliesTo(SequenceState sequence) {
            return true;
        }

        @Override
        public void apply(SequenceState sequence, MemorySegment logits) {
            change.accept(sequence, logits);
        }
    }

    static Stream<JsonNode> recorded() {
        try (InputStream in =
                Objects.requireNonNull(
                        SamplerTest.class.getResourceAsStream("/sampling/cases.json"))) {
            JsonNode root = new ObjectMapper().readTree(in);
            return StreamSupport.stream(root.get("cases").spliterator(), false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double[] numbers(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToDouble(JsonNode::doubleValue)
                .toArray();
    }

    private static int[] ids(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false)
                .mapToInt(JsonNode::intValue)
                .toArray();
    }

    private static SamplingParams sampling(JsonNode json, long seed) {
        int topK = json.get("topK").intValue();
        return new SamplingParams(
                json.get("temperature").floatValue(),
                json.get("topP").floatValue(),
                topK == 0 ? OptionalInt.empty() : OptionalInt.of(topK),
                json.get("minP").floatValue(),
                seed,
                new Penalties(
                        json.get("repetition").floatValue(),
                        json.get("frequency").floatValue(),
                        json.get("presence").floatValue()));
    }

    private static Place recordedPlace(JsonNode json) {
        List<TokenIds> badWords = new ArrayList<>();
        json.get("badWords").forEach(word -> badWords.add(TokenIds.of(ids(word))));
        double[] row = numbers(json.get("logits"));
        float[] logits = new float[row.length];
        for (int i = 0; i < row.length; i++) {
            logits[i] = (float) row[i];
        }
        GenerationRequest request =
                new GenerationRequest(
                        "a",
                        TokenIds.of(ids(json.get("prompt"))),
                        sampling(json, 1),
                        new LogitsRules(badWords, Map.of(), Map.of(), Optional.empty()),
                        new StopConditions(
                                json.get("minTokens").intValue(),
                                100,
                                List.of(),
                                Set.of(),
                                false,
                                false),
                        OutputOptions.TEXT);
        List<Integer> output = Arrays.stream(ids(json.get("output"))).boxed().toList();
        return new Place(request, output, logits);
    }

    @ParameterizedTest
    @MethodSource("recorded")
    void logprobsAreThoseOfTransformersProcessors(JsonNode json) {
        double[] expected = numbers(json.get("logprobs"));

        double[] actual =
                reported(recordedPlace(json).with(false, false), LogprobsMode.PROCESSED_LOGPROBS);

        for (int id = 0; id < SIZE; id++) {
            assertThat(actual[id])
                    .as("id %d", id)
                    .isCloseTo(expected[id], within(1e-5 * Math.max(1, -expected[id])));
        }
    }

    /// Walks the random number through `[0, 1)`: the share of each token is its probability.
    @ParameterizedTest
    @MethodSource("recorded")
    void probabilitiesAreThoseOfTransformersProcessors(JsonNode json) {
        double[] expected = numbers(json.get("probabilities"));
        double[] processed =
                reported(recordedPlace(json).with(false, false), LogprobsMode.PROCESSED_LOGPROBS);
        float[] logits = new float[SIZE];
        int best = 0;
        for (int id = 0; id < SIZE; id++) {
            logits[id] = (float) processed[id];
            best = logits[id] > logits[best] ? id : best;
        }
        TokenLottery lottery = new TokenLottery(SIZE);
        int draws = 10_000;
        double[] share = new double[SIZE];

        for (int i = 0; i < draws; i++) {
            share[lottery.draw(logits, best, sampling(json, 1), (i + 0.5) / draws)] += 1.0 / draws;
        }

        for (int id = 0; id < SIZE; id++) {
            assertThat(share[id]).as("id %d", id).isCloseTo(expected[id], within(1.5e-4));
        }
    }

    @ParameterizedTest
    @MethodSource("recorded")
    void drawsOnlyWhatTransformersLeaves(JsonNode json) {
        double[] expected = numbers(json.get("probabilities"));
        Place place = recordedPlace(json);

        for (long seed = 0; seed < 30; seed++) {
            int token =
                    draw(
                                    place.with(sampling(json, seed), LogprobsOptions.NONE),
                                    LogprobsMode.RAW_LOGPROBS)
                            .token();
            assertThat(expected[token]).as("seed %d, id %d", seed, token).isPositive();
        }
    }
}
