package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.testing.Closeness;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.Oracle;
import dev.sluice.testing.PagedSequences;
import dev.sluice.testing.Randoms;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.OptionalInt;

/// Positions, the key/value cache and attention.
interface AttentionContract {
    TrackingDevice device();

    @ParameterizedTest
    @CsvSource({"1, 1", "4, 32", "9, 33"})
    default void rotaryTableHoldsCosinesAndSines(int tokens, int half) {
        float[] frequencies = PagedSequences.frequencies(half);
        int[] ids = new int[100_000];
        int first = 99_000;
        try (Arena arena = Arena.ofConfined();
                ForwardBatch batch = new ForwardBatch(tokens, 1, 1, 100_000);
                DeviceMatrix out = DeviceMatrix.blank(device(), tokens, 2 * half)) {
            batch.add(ids, first, first + tokens, new int[1], 1, false);

            device().rotaryTable(
                            batch,
                            arena.allocateFrom(ValueLayout.JAVA_FLOAT, frequencies),
                            0.7f,
                            out.tensor());

            float[][] actual = out.read();
            for (int t = 0; t < tokens; t++) {
                for (int i = 0; i < half; i++) {
                    double angle = (float) (first + t) * frequencies[i];
                    assertThat((double) actual[t][i])
                            .isCloseTo(0.7f * Math.cos(angle), within(2e-7));
                    assertThat((double) actual[t][half + i])
                            .isCloseTo(0.7f * Math.sin(angle), within(2e-7));
                }
            }
        }
    }

    /// Error that a cache of this type allows, in units of the largest value.
    private static double tolerance(DType type) {
        return switch (type) {
            case BF16 -> 1.5e-2;
            case F16 -> 2e-3;
            default -> 5e-6;
        };
    }

    @ParameterizedTest
    @MethodSource("dev.sluice.compute.DeviceCases#layers")
    default void attentionOfRaggedBatchesMatchesPlainAttention(
            DType type, int blockSize, AttentionSpec spec) {
        try (PagedSequences paged =
                new PagedSequences(device(), new Randoms(21), type, blockSize, spec)) {
            paged.step(new int[] {0, 0, 0}, new int[] {5, 1, 70});
            paged.step(new int[] {5, 1, 70}, new int[] {6, 30, 71});
            paged.step(new int[] {6, 30, 71}, new int[] {75, 31, 72});

            for (int s = 0; s < 3; s++) {
                for (int position = 0; position < paged.length(s); position++) {
                    double[] expected = paged.expected(s, position);
                    Closeness.assertClose(
                            "sequence %d, position %d".formatted(s, position),
                            paged.output(s, position),
                            expected,
                            3 * tolerance(type),
                            0,
                            expected);
                }
            }
        }
    }

    /// Whether prompts and decoding tokens get the same bits over such a cache. A device whose
    /// prompts run on units of another precision overrides it.
    default boolean attendsAlikeInChunksOfAnySize(DType type, AttentionSpec spec) {
        return true;
    }

    private void assertSame(DType type, AttentionSpec spec, float[] actual, float[] expected) {
        if (attendsAlikeInChunksOfAnySize(type, spec)) {
            assertThat(actual).isEqualTo(expected);
        } else {
            assertThat(actual).containsExactly(expected, within((float) tolerance(type)));
        }
    }

    @ParameterizedTest
    @MethodSource("dev.sluice.compute.DeviceCases#layers")
    default void attentionDoesNotDependOnBatchOrChunks(
            DType type, int blockSize, AttentionSpec spec) {
        try (PagedSequences batched =
                        new PagedSequences(device(), new Randoms(22), type, blockSize, spec);
                PagedSequences single =
                        new PagedSequences(device(), new Randoms(22), type, blockSize, spec)) {
            batched.step(new int[] {0, 0, 0}, new int[] {60, 41, 3});
            batched.step(new int[] {60, 41, 3}, new int[] {61, 42, 50});
            for (int s = 0; s < 3; s++) {
                int length = batched.length(s);
                for (int from = 0; from < length; from += 1 + s * 6) {
                    int[] begins = {0, 0, 0};
                    int[] ends = {0, 0, 0};
                    begins[s] = from;
                    ends[s] = Math.min(length, from + 1 + s * 6);
                    single.step(begins, ends);
                }
                for (int position = 0; position < length; position++) {
                    assertSame(type, spec, single.output(s, position), batched.output(s, position));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"64, 64, false", "64, 64, true", "64, 32, false", "24, 16, true", "8, 0, false"})
    default void rotationTurnsPairsByTheirPosition(
            int headDim, int rotaryDim, boolean interleaved) {
        AttentionSpec spec = new AttentionSpec(3, 1, headDim, 1, OptionalInt.empty());
        RotarySpec rotary = new RotarySpec(headDim, rotaryDim, interleaved);
        try (PagedSequences paged =
                new PagedSequences(device(), new Randoms(23), DType.F32, 4, spec, rotary)) {
            paged.step(new int[] {0, 0, 0}, new int[] {9, 2, 1});

            for (int position = 0; position < 9; position++) {
                float[] actual = paged.rotatedQuery(0, position);
                double[] expected =
                        Oracle.rotate(
                                paged.query(0, position),
                                headDim,
                                rotaryDim,
                                interleaved,
                                position,
                                PagedSequences.frequencies(rotaryDim / 2));
                for (int i = 0; i < actual.length; i++) {
                    assertThat((double) actual[i]).isCloseTo(expected[i], within(1e-6));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "F32, 64, 64, false",
        "F32, 24, 16, true",
        "F32, 8, 0, false",
        "BF16, 128, 128, false",
        "F16, 256, 128, true",
        "F32, 512, 512, false"
    })
    default void headsAreNormedBeforeTheyAreRotated(
            DType type, int headDim, int rotaryDim, boolean interleaved) {
        float scale = (float) (1 / Math.sqrt(headDim));
        AttentionSpec spec = new AttentionSpec(6, 2, headDim, scale, OptionalInt.empty());
        RotarySpec rotary = new RotarySpec(headDim, rotaryDim, interleaved);
        try (PagedSequences paged =
                new PagedSequences(device(), new Randoms(24), type, 4, spec, rotary)) {
            paged.useNorms(new Randoms(25));
            paged.step(new int[] {0, 0, 0}, new int[] {9, 2, 1});
            paged.step(new int[] {9, 2, 1}, new int[] {10, 6, 2});

            for (int s = 0; s < 3; s++) {
                for (int position = 0; position < paged.length(s); position++) {
                    float[] actual = paged.rotatedQuery(s, position);
                    double[] expected = paged.expectedQuery(s, position);
                    for (int i = 0; i < actual.length; i++) {
                        assertThat((double) actual[i]).isCloseTo(expected[i], within(5e-6));
                    }
                    double[] attended = paged.expected(s, position);
                    Closeness.assertClose(
                            "sequence %d, position %d".formatted(s, position),
                            paged.output(s, position),
                            attended,
                            4 * tolerance(type),
                            0,
                            attended);
                }
            }
        }
    }

    @Test
    default void aNormThatIsNotAsLongAsAHeadIsNamed() {
        RotarySpec rotary = new RotarySpec(16, 16, false);
        Tensor kv = device().allocate(DType.F32, Shape.of(3, 2, 1, 4, 16));
        Tensor head = device().allocate(DType.F32, Shape.of(16));
        Tensor row = device().allocate(DType.F32, Shape.of(32));
        HeadNorms norms = new HeadNorms(row, head, 1e-6f);
        try (ForwardBatch batch = new ForwardBatch(1, 1, 1, 4);
                DeviceMatrix q = DeviceMatrix.blank(device(), 1, 32);
                DeviceMatrix k = DeviceMatrix.blank(device(), 1, 16)) {
            batch.add(new int[1], 0, 1, new int[1], 1, false);
            Tensor keys = k.tensor();

            assertThatThrownBy(() ->
                            device().normRotaryAndStore(
                                            q.tensor(), keys, keys, norms, keys, rotary, batch, kv))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(
                            "normRotaryAndStore: weight of the queries is F32[32], expected"
                                    + " F32[16]");
        }
        List.of(kv, head, row).forEach(device()::release);
    }

    @Test
    default void aCacheOfAnotherShapeIsNamed() {
        AttentionSpec spec = new AttentionSpec(2, 1, 16, 1, OptionalInt.empty());
        Tensor kv = device().allocate(DType.F32, Shape.of(3, 2, 1, 8, 16));
        try (ForwardBatch batch = new ForwardBatch(1, 1, 1, 4);
                DeviceMatrix q = DeviceMatrix.blank(device(), 1, 32)) {
            batch.add(new int[1], 0, 1, new int[1], 1, false);

            assertThatThrownBy(() -> device().attention(q.tensor(), kv, batch, spec, q.tensor()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("attention: kv is F32[3, 2, 1, 8, 16], expected")
                    .hasMessageContaining("[blocks, 2, 1, 4, 16]");
        }
        device().release(kv);
    }
}
