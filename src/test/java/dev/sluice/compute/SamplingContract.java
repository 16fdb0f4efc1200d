package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.compute.SamplingBatch.Outcome;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.NaiveSampler;
import dev.sluice.testing.RandomSampling;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/// What a device must do that draws tokens, on odd sizes of the vocabulary.
public interface SamplingContract {
    float NAN = Float.NaN;
    float NEVER = Float.NEGATIVE_INFINITY;

    TrackingDevice device();

    private static DrawSpec draw(double uniform) {
        return new DrawSpec(false, 1, OptionalInt.empty(), 1, 0, uniform);
    }

    private static DrawSpec nucleus(float topP, double uniform) {
        return new DrawSpec(false, 1, OptionalInt.empty(), topP, 0, uniform);
    }

    private static DrawSpec topK(int k, double uniform) {
        return new DrawSpec(false, 1, OptionalInt.of(k), 1, 0, uniform);
    }

    private static ReportSpec report(int top, boolean raw, boolean logits) {
        return new ReportSpec(top, raw, logits, 1, 1);
    }

    private static float[] floats(int size, IntToDoubleFunction valueOf) {
        float[] values = new float[size];
        for (int id = 0; id < size; id++) {
            values[id] = (float) valueOf.applyAsDouble(id);
        }
        return values;
    }

    /// Samples, and gives what is left of the logits.
    private float[][] sample(SamplingBatch batch, float[][] logits) {
        try (DeviceMatrix matrix = DeviceMatrix.of(device(), logits)) {
            device().sample(matrix.tensor(), batch);
            return matrix.read();
        }
    }

    /// The token that a lone row gives.
    private int token(float[] logits, DrawSpec spec, Consumer<SamplingBatch> rules) {
        try (SamplingBatch batch = new SamplingBatch(1, logits.length, 100)) {
            batch.clear();
            batch.add(0, spec, PenaltySpec.NONE);
            rules.accept(batch);
            sample(batch, new float[][] {logits});
            assertThat(batch.outcome(0)).isEqualTo(Outcome.DRAWN);
            return batch.token(0);
        }
    }

    private int token(float[] logits, DrawSpec spec) {
        return token(logits, spec, _ -> {});
    }

    /// All tokens that a row gives when the random number goes through `[0, 1)`.
    private Set<Integer> tokens(float[] logits, DrawSpec spec, Consumer<SamplingBatch> rules) {
        int draws = 64;
        float[][] rows = new float[draws][];
        Arrays.fill(rows, logits);
        try (SamplingBatch batch = new SamplingBatch(draws, logits.length, 1000)) {
            batch.clear();
            for (int i = 0; i < draws; i++) {
                double uniform = i == draws - 1 ? Math.nextDown(1.0) : i / (double) draws;
                batch.add(
                        i,
                        new DrawSpec(
                                spec.greedy(),
                                spec.temperature(),
                                spec.topK(),
                                spec.topP(),
                                spec.minP(),
                                uniform),
                        PenaltySpec.NONE);
                rules.accept(batch);
            }
            sample(batch, rows);
            Set<Integer> tokens = new HashSet<>();
            for (int i = 0; i < draws; i++) {
                assertThat(batch.outcome(i)).isEqualTo(Outcome.DRAWN);
                tokens.add(batch.token(i));
            }
            return tokens;
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 0, 0", "2, 1, 1", "33, 7, 30", "1003, 5, 1002", "5000, 1024, 2048"})
    default void greedyTakesTheFirstOfEqualsAndNeverNaN(int size, int first, int second) {
        float[] logits = new float[size];
        Arrays.fill(logits, NEVER);
        logits[0] = NAN;
        logits[first] = -3;
        logits[second] = -3;

        assertThat(token(logits, DrawSpec.GREEDY)).isEqualTo(first);
    }

    @Test
    default void aRowWithoutATokenFailsAlone() {
        int size = 77;
        float[][] logits = new float[6][size];
        Arrays.fill(logits[0], NAN);
        Arrays.fill(logits[1], NEVER);
        logits[2][5] = 1;
        logits[3][5] = Float.POSITIVE_INFINITY;
        logits[4][5] = Float.POSITIVE_INFINITY;
        logits[5][6] = 1;
        try (SamplingBatch batch = new SamplingBatch(6, size, 0)) {
            batch.clear();
            batch.add(0, DrawSpec.GREEDY, PenaltySpec.NONE);
            batch.add(1, draw(0.5), PenaltySpec.NONE);
            batch.add(2, DrawSpec.GREEDY, PenaltySpec.NONE);
            batch.add(3, draw(0.5), PenaltySpec.NONE);
            batch.add(4, DrawSpec.GREEDY, PenaltySpec.NONE);
            batch.add(5, topK(1, 0.5), PenaltySpec.NONE);

            sample(batch, logits);

            assertThat(IntStream.range(0, 6).mapToObj(batch::outcome))
                    .containsExactly(
                            Outcome.NO_TOKEN,
                            Outcome.NO_TOKEN,
                            Outcome.DRAWN,
                            Outcome.NOT_FINITE,
                            Outcome.DRAWN,
                            Outcome.DRAWN);
            assertThat(batch.token(2)).isEqualTo(5);
            assertThat(batch.token(4)).isEqualTo(5);
            assertThat(batch.token(5)).isEqualTo(6);
        }
    }

    @Test
    default void topKKeepsTheLowerIdsAmongEquals() {
        float[] equal = new float[1003];
        float[] rising = floats(1003, id -> id < 500 ? 0 : id < 1000 ? 0.25 : 0.5);

        assertThat(tokens(equal, topK(5, 0), _ -> {})).containsExactlyInAnyOrder(0, 1, 2, 3, 4);
        assertThat(tokens(equal, topK(1, 0), _ -> {})).containsExactly(0);
        assertThat(tokens(rising, topK(5, 0), _ -> {}))
                .containsExactlyInAnyOrder(1000, 1001, 1002, 500, 501);
    }

    @Test
    default void topKCountsBothZerosAsEqual() {
        float[] logits = new float[300];
        Arrays.fill(logits, -1);
        logits[10] = -0f;
        logits[20] = 0f;
        logits[30] = -0f;

        assertThat(tokens(logits, topK(2, 0), _ -> {})).containsExactlyInAnyOrder(10, 20);
    }

    @Test
    default void theNucleusKeepsTheTokenThatCrossesItsMass() {
        float[] logits = new float[2000];
        Arrays.fill(logits, NEVER);
        logits[1500] = (float) Math.log(0.5);
        logits[3] = (float) Math.log(0.3);
        logits[700] = (float) Math.log(0.2);

        assertThat(tokens(logits, nucleus(0.6f, 0), _ -> {})).containsExactlyInAnyOrder(1500, 3);
        assertThat(tokens(logits, nucleus(0.4f, 0), _ -> {})).containsExactly(1500);
        assertThat(tokens(logits, nucleus(1e-5f, 0), _ -> {})).containsExactly(1500);
        assertThat(tokens(logits, nucleus(0.99f, 0), _ -> {})).hasSize(3);
    }

    /// Of four equals, two come before the third: half of the mass, which is just allowed.
    @Test
    default void theNucleusKeepsTheLowerIdsAmongEquals() {
        float[] logits = new float[129];
        Arrays.fill(logits, NEVER);
        for (int id : new int[] {128, 64, 33, 2}) {
            logits[id] = 4;
        }

        assertThat(tokens(logits, nucleus(0.5f, 0), _ -> {})).containsExactlyInAnyOrder(2, 33, 64);
        assertThat(tokens(logits, nucleus(0.25f, 0), _ -> {})).containsExactlyInAnyOrder(2, 33);
        assertThat(tokens(logits, nucleus(0.2f, 0), _ -> {})).containsExactly(2);
    }

    @Test
    default void minPDropsWhatIsLessLikelyThanAShareOfTheLargest() {
        float[] logits = {0, (float) Math.log(0.11), (float) Math.log(0.09), NAN, NEVER};
        DrawSpec spec = new DrawSpec(false, 1, OptionalInt.empty(), 1, 0.1f, 0);

        assertThat(tokens(logits, spec, _ -> {})).containsExactlyInAnyOrder(0, 1);
        assertThat(tokens(logits, draw(0), _ -> {})).containsExactlyInAnyOrder(0, 1, 2);
    }

    @Test
    default void aHighTemperatureLiftsNothingThatIsForbidden() {
        float[] logits = floats(16, id -> 3.0 * id);
        logits[4] = -3e10f;
        DrawSpec hot = new DrawSpec(false, 1e12f, OptionalInt.empty(), 1, 0, 0);

        Set<Integer> tokens =
                tokens(
                        logits,
                        hot,
                        batch -> {
                            batch.forbid(15);
                            batch.forbid(0);
                            batch.forbid(4);
                            batch.forbid(99);
                        });

        assertThat(tokens).hasSize(13).doesNotContain(0, 4, 15);
    }

    @Test
    default void theGreedyChoiceIsMadeBeforeTheTemperatureBlursIt() {
        float[] logits = {1, Math.nextUp(1f), 1};

        int token = token(logits, new DrawSpec(true, 3e6f, OptionalInt.empty(), 1, 0, 0));

        assertThat(token).isEqualTo(1);
    }

    @Test
    default void aForbiddenIdIsDrawnWhereNothingElseIsLeft() {
        float[] logits = new float[70];
        Arrays.fill(logits, NEVER);
        logits[69] = 2;

        assertThat(token(logits, draw(0.9), batch -> batch.forbid(69))).isEqualTo(69);
        assertThat(token(logits, DrawSpec.GREEDY, batch -> batch.forbid(69))).isEqualTo(69);
    }

    /// Divided by a temperature, logits may be lower than what a forbidden one is before.
    @Test
    default void noTemperatureLiftsAForbiddenId() {
        float[] logits = {-1e9f, 5, -2e10f, NEVER};

        DrawSpec cold = new DrawSpec(false, 0.05f, OptionalInt.empty(), 0.9f, 0, 0.99);
        assertThat(tokens(logits, cold, batch -> batch.forbid(1))).containsExactly(0);
        DrawSpec hot = new DrawSpec(false, 1e6f, OptionalInt.empty(), 1, 0, 0.99);
        assertThat(token(logits, hot, batch -> batch.forbid(1))).isZero();
        float[] low = {NEVER, 5, -2e10f, -3e10f};
        assertThat(token(low, hot, batch -> batch.forbid(1))).isBetween(1, 3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 31, 32, 33, 127, 1003})
    default void aBitmaskThatLeavesOneIdLeavesThatId(int size) {
        int open = size / 2;
        int[] words = new int[Math.ceilDiv(size, 32)];
        words[open / 32] = 1 << open % 32;
        float[] logits = floats(size, id -> id == open ? -50 : id % 7);
        Consumer<SamplingBatch> mask = batch -> batch.mask(MemorySegment.ofArray(words));

        assertThat(tokens(logits, draw(0), mask)).containsExactly(open);
        assertThat(token(logits, DrawSpec.GREEDY, mask.andThen(batch -> batch.bias(0, 900))))
                .isEqualTo(open);
    }

    @Test
    default void aBitmaskThatLeavesNothingFailsItsRowAlone() {
        MemorySegment nothing = MemorySegment.ofArray(new int[2]);
        try (SamplingBatch batch = new SamplingBatch(2, 40, 2)) {
            batch.clear();
            batch.add(1, DrawSpec.GREEDY, PenaltySpec.NONE);
            batch.mask(nothing);
            batch.bias(3, 5);
            batch.add(0, DrawSpec.GREEDY, PenaltySpec.NONE);
            batch.bias(7, 5);

            sample(batch, new float[2][40]);

            assertThat(batch.outcome(0)).isEqualTo(Outcome.NO_TOKEN);
            assertThat(batch.outcome(1)).isEqualTo(Outcome.DRAWN);
            assertThat(batch.token(1)).isEqualTo(7);
        }
    }

    @Test
    default void penaltiesFollowTheirFormulas() {
        float[] logits = {3, -2, 1, 4, NEVER, 0.5f};
        PenaltySpec penalties = new PenaltySpec(2, 0.25f, 0.5f);
        try (SamplingBatch batch = new SamplingBatch(1, 6, 10)) {
            batch.clear();
            batch.add(0, DrawSpec.GREEDY, penalties);
            batch.report(report(6, false, true));
            batch.inPrompt(0);
            batch.inPrompt(1);
            batch.inPrompt(2);
            batch.inOutput(2);
            batch.inOutput(2);
            batch.inOutput(3);
            batch.inOutput(4);
            batch.inOutput(6);
            batch.inPrompt(1_000_000);
            batch.bias(3, 2);
            batch.bias(-1, 2);
            batch.forbid(5);

            sample(batch, new float[][] {logits});

            float[] told = new float[6];
            for (int i = 0; i < batch.numTop(0); i++) {
                told[batch.topId(0, i)] = batch.topValue(0, i);
            }
            float least = SamplingBatch.LEAST_VALUE;
            assertThat(batch.numTop(0)).isEqualTo(6);
            assertThat(told).containsExactly(1.5f, -4, -0.5f, 2.25f, least, least);
            assertThat(batch.token(0)).isEqualTo(3);
            assertThat(batch.value(0)).isEqualTo(2.25f);
        }
    }

    @Test
    default void logprobsAndRanksAreThoseOfTheRow() {
        float[] logits = new float[600];
        Arrays.fill(logits, NEVER);
        logits[599] = (float) Math.log(4);
        logits[7] = (float) Math.log(2);
        logits[300] = (float) Math.log(2);
        logits[301] = NAN;
        try (SamplingBatch batch = new SamplingBatch(1, 600, 10)) {
            batch.clear();
            batch.add(0, draw(0), PenaltySpec.NONE);
            batch.bias(599, -30);
            batch.report(report(4, true, false));

            sample(batch, new float[][] {logits});

            assertThat(batch.token(0)).isEqualTo(7);
            assertThat((double) batch.value(0)).isCloseTo(Math.log(0.25), within(1e-6));
            assertThat(batch.rank(0)).isEqualTo(3);
            assertThat(batch.numTop(0)).isEqualTo(4);
            assertThat(IntStream.range(0, 4).map(i -> batch.topId(0, i)))
                    .containsExactly(599, 7, 300, 0);
            assertThat(IntStream.range(0, 4).map(i -> batch.topRank(0, i)))
                    .containsExactly(1, 3, 3, 599);
            assertThat((double) batch.topValue(0, 0)).isCloseTo(Math.log(0.5), within(1e-6));
            assertThat(batch.topValue(0, 3)).isEqualTo(SamplingBatch.LEAST_VALUE);
        }
    }

    @Test
    default void valuesWithinTheNucleusHaveItsMass() {
        float[] logits = {(float) Math.log(6), (float) Math.log(3), 0};
        try (SamplingBatch batch = new SamplingBatch(2, 3, 0)) {
            batch.clear();
            batch.add(0, DrawSpec.GREEDY, PenaltySpec.NONE);
            batch.report(new ReportSpec(3, true, false, 1, 0.7f));
            batch.add(1, DrawSpec.GREEDY, PenaltySpec.NONE);
            batch.report(new ReportSpec(1, true, false, 2, 0));

            sample(batch, new float[][] {logits, logits});

            assertThat((double) batch.value(0)).isCloseTo(Math.log(6.0 / 9), within(1e-6));
            assertThat((double) batch.topValue(0, 1)).isCloseTo(Math.log(3.0 / 9), within(1e-6));
            assertThat(batch.topValue(0, 2)).isEqualTo(SamplingBatch.LEAST_VALUE);
            assertThat(batch.value(1)).isZero();
            assertThat(batch.topValue(1, 0)).isZero();
        }
    }

    /// Columns past the ids are padding; rows without a draw belong to others.
    @Test
    default void onlyTheNamedRowsAndTheirIdsCount() {
        float[][] logits = new float[3][50];
        for (float[] row : logits) {
            Arrays.fill(row, 41, 50, 90);
            row[40] = 1;
        }
        try (SamplingBatch batch = new SamplingBatch(4, 41, 40)) {
            batch.clear();
            batch.add(2, new DrawSpec(true, 0.5f, OptionalInt.empty(), 1, 0, 0), PenaltySpec.NONE);
            batch.bias(40, -5);
            batch.bias(12, 1);
            batch.report(report(1, false, true));

            float[][] left = sample(batch, logits);

            assertThat(batch.token(0)).isEqualTo(12);
            assertThat(batch.value(0)).isEqualTo(2);
            assertThat(left[0]).isEqualTo(logits[0]);
            assertThat(left[1]).isEqualTo(logits[1]);
            assertThat(Arrays.copyOfRange(left[2], 41, 50))
                    .isEqualTo(Arrays.copyOfRange(logits[2], 41, 50));
        }
    }

    @Test
    default void logitsThatDoNotFitAreNamed() {
        try (SamplingBatch batch = new SamplingBatch(2, 8, 0);
                DeviceMatrix narrow = DeviceMatrix.blank(device(), 2, 7);
                DeviceMatrix low = DeviceMatrix.blank(device(), 1, 8)) {
            batch.clear();
            batch.add(1, DrawSpec.GREEDY, PenaltySpec.NONE);

            assertThatThrownBy(() -> device().sample(narrow.tensor(), batch))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("sample: logits is F32[2, 7], expected 8 ids");
            assertThatThrownBy(() -> device().sample(low.tensor(), batch))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("sample: logits is F32[1, 8], expected row 1");
        }
    }

    @Test
    default void anEmptyBatchDrawsNothing() {
        try (SamplingBatch batch = new SamplingBatch(4, 41, 40)) {
            batch.clear();

            assertThat(sample(batch, new float[1][41])).isDeepEqualTo(new float[1][41]);
        }
    }

    /// All rules at random on odd sizes: the tokens, values and ranks of sorting in double
    /// precision, but where a decision is closer than rounding.
    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "2, 2",
        "3, 31",
        "4, 33",
        "5, 257",
        "6, 1003",
        "7, 1024",
        "8, 1025",
        "9, 4099",
        "10, 40009"
    })
    default void drawsWhatSortingDraws(long seed, int size) {
        int rows = 24;
        try (SamplingBatch batch = new SamplingBatch(rows, size, 100_000)) {
            RandomSampling random = new RandomSampling(seed, size);
            int close = 0;
            for (int round = 0; round < (size > 5000 ? 1 : 6); round++) {
                float[][] logits = random.fill(batch, rows);

                sample(batch, logits);

                for (int i = 0; i < rows; i++) {
                    NaiveSampler.Drawn expected =
                            NaiveSampler.draw(batch, i, logits[batch.logitsRow(i)]);
                    if (expected.margin() < 1e-6) {
                        close++;
                    } else {
                        assertDrawn(batch, i, expected);
                    }
                }
            }
            assertThat(close).isLessThan(rows);
        }
    }

    private static void assertDrawn(SamplingBatch batch, int row, NaiveSampler.Drawn expected) {
        assertThat(batch.outcome(row)).isEqualTo(expected.outcome());
        if (expected.outcome() != Outcome.DRAWN) {
            return;
        }
        assertThat(batch.token(row)).as("row %d", row).isEqualTo(expected.chosen().id());
        if (batch.reports(row)) {
            assertTold(batch.token(row), batch.value(row), batch.rank(row), expected.chosen());
            assertThat(batch.numTop(row)).isEqualTo(expected.top().size());
            for (int i = 0; i < batch.numTop(row); i++) {
                assertTold(
                        batch.topId(row, i),
                        batch.topValue(row, i),
                        batch.topRank(row, i),
                        expected.top().get(i));
            }
        }
    }

    private static void assertTold(int id, float value, int rank, NaiveSampler.Told expected) {
        assertThat(id).isEqualTo(expected.id());
        assertThat(rank).as("rank of %d", id).isEqualTo(expected.rank());
        assertThat((double) value)
                .as("value of %d", id)
                .isCloseTo(
                        expected.value(), within(2e-6 * Math.max(1, Math.abs(expected.value()))));
    }

    @Test
    default void aRowGivesTheSameAloneAndInCompany() {
        int size = 1003;
        int rows = 12;
        try (SamplingBatch batch = new SamplingBatch(rows, size, 10_000);
                SamplingBatch alone = new SamplingBatch(rows, size, 10_000)) {
            float[][] logits = new RandomSampling(77, size).fill(batch, rows);
            sample(batch, logits);
            for (int i = 0; i < rows; i++) {
                new RandomSampling(77, size).fillOne(alone, rows, i);

                sample(alone, logits);

                assertSame(alone, batch, i);
            }
        }
    }

    private static void assertSame(SamplingBatch alone, SamplingBatch batch, int row) {
        assertThat(alone.outcome(0)).isEqualTo(batch.outcome(row));
        if (batch.outcome(row) != Outcome.DRAWN) {
            return;
        }
        assertThat(alone.token(0)).isEqualTo(batch.token(row));
        if (batch.reports(row)) {
            assertThat(alone.value(0)).isEqualTo(batch.value(row));
            assertThat(alone.rank(0)).isEqualTo(batch.rank(row));
            assertThat(alone.numTop(0)).isEqualTo(batch.numTop(row));
            for (int i = 0; i < alone.numTop(0); i++) {
                assertThat(alone.topId(0, i)).isEqualTo(batch.topId(row, i));
                assertThat(alone.topValue(0, i)).isEqualTo(batch.topValue(row, i));
                assertThat(alone.topRank(0, i)).isEqualTo(batch.topRank(row, i));
            }
        }
    }
}
