package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.testing.Closeness;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/// Attention on the emulated CUDA device, beyond what every device must do: each kernel, contexts
/// of several splits, and batches of prompts and decoding sequences; in both orders of threads.
final class CudaAttentionTest {
    private static final int BLOCK = 16;

    private Optional<Device> opened = Optional.empty();

    @BeforeEach
    void open() {
        Cusim cusim = Cusim.open();
        CudaDevice device = CudaDevice.open(CudaOptions.defaults().withEmulation());
        opened = Optional.of(new BothOrdersDevice(cusim, device));
    }

    @AfterEach
    void close() {
        opened.ifPresent(Device::close);
    }

    private Device device() {
        return opened.orElseThrow();
    }

    private static AttentionSpec spec(int heads, int kvHeads, int dim, int window) {
        OptionalInt sliding = window == 0 ? OptionalInt.empty() : OptionalInt.of(window);
        return new AttentionSpec(heads, kvHeads, dim, (float) (1 / Math.sqrt(dim)), sliding);
    }

    private static void assertClose(float[] actual, double[] expected, double tolerance) {
        Closeness.assertClose("attention", actual, expected, tolerance, 0, expected);
    }

    /// What rounding queries and weights to the type of the cache costs, at values around 1.
    private static double promptTolerance(DType type) {
        return switch (type) {
            case F32 -> 5e-6;
            case F16 -> 2e-3;
            default -> 1.5e-2;
        };
    }

    static Stream<Arguments> kernels() {
        return Stream.of(DType.F32, DType.F16, DType.BF16)
                .flatMap(type ->
                        Stream.of(8, 40, 64, 96, 128, 256)
                                .flatMap(dim ->
                                        Stream.of(0, 70)
                                                .map(window -> Arguments.of(type, dim, window))));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void everyKernelAttendsAsPlainAttentionDoes(DType type, int dim, int window) {
        int[] from = {299, 100, 0, 6};
        int[] to = {300, 131, 2, 7};
        try (TypedCache cache =
                new TypedCache(device(), type, BLOCK, spec(6, 2, dim, window), 300, 131, 2, 7)) {
            float[][] actual = cache.attend(from, to, 0);

            int row = 0;
            for (int s = 0; s < from.length; s++) {
                double tolerance = to[s] - from[s] == 1 ? 5e-6 : promptTolerance(type);
                for (int p = from[s]; p < to[s]; p++) {
                    assertClose(actual[row++], cache.expected(s, p), tolerance);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "1", "256", "257", "300", "513"})
    void splitsAreMergedAtEveryLengthOfContext(int window) {
        int[] lengths = {1, 255, 256, 257, 511, 512, 513, 769};
        int[] from = Arrays.stream(lengths).map(length -> length - 1).toArray();
        AttentionSpec spec = spec(3, 1, 16, window);
        try (TypedCache cache = new TypedCache(device(), DType.BF16, 2, spec, lengths)) {
            float[][] actual = cache.attend(from, lengths, 0);

            for (int s = 0; s < lengths.length; s++) {
                assertClose(actual[s], cache.expected(s, from[s]), 5e-6);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"F32, 64", "F16, 128", "BF16, 64", "BF16, 24"})
    void aBatchOfPromptsAndDecodingGivesTheBitsOfSingles(DType type, int dim) {
        int[] from = {0, 399, 60, 5, 0};
        int[] to = {30, 400, 99, 6, 3};
        try (TypedCache cache =
                new TypedCache(device(), type, BLOCK, spec(4, 2, dim, 0), 30, 400, 99, 6, 3)) {
            float[][] batched = cache.attend(from, to, 0);

            int row = 0;
            for (int s = 0; s < from.length; s++) {
                for (float[] single : cache.attend(s, from[s], to[s])) {
                    assertThat(batched[row++]).isEqualTo(single);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"F32, 64, 0", "F16, 64, 50", "BF16, 128, 0", "BF16, 256, 90"})
    void chunksOfAPromptGiveTheBitsOfTheWhole(DType type, int dim, int window) {
        try (TypedCache cache =
                new TypedCache(device(), type, BLOCK, spec(3, 1, dim, window), 150)) {
            float[][] whole = cache.attend(0, 0, 150);

            int[] bounds = {0, 70, 72, 150};
            for (int c = 0; c + 1 < bounds.length; c++) {
                float[][] chunk = cache.attend(0, bounds[c], bounds[c + 1]);
                for (int i = 0; i < chunk.length; i++) {
                    assertThat(chunk[i]).isEqualTo(whole[bounds[c] + i]);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"64, 0", "64, 300", "128, 0", "8, 0", "264, 20"})
    void promptsAndDecodingGiveTheSameBitsInFloat32(int dim, int window) {
        AttentionSpec spec = spec(6, 2, dim, window);
        try (TypedCache cache = new TypedCache(device(), DType.F32, BLOCK, spec, 520)) {
            float[][] prompt = cache.attend(0, 505, 520);

            for (int position = 505; position < 520; position++) {
                assertThat(cache.attend(0, position, position + 1)[0])
                        .isEqualTo(prompt[position - 505]);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void paddingIsZerosBesideDecodingAndBesidePrompts(DType type) {
        try (TypedCache cache = new TypedCache(device(), type, BLOCK, spec(4, 2, 64, 0), 300, 40)) {
            for (int begin : new int[] {39, 20}) {
                int[] from = {299, begin};
                int[] to = {300, 40};
                float[][] plain = cache.attend(from, to, 0);

                float[][] padded = cache.attend(from, to, plain.length + 3);

                assertThat(Arrays.copyOf(padded, plain.length)).isDeepEqualTo(plain);
                for (int row = plain.length; row < padded.length; row++) {
                    assertThat(padded[row]).containsOnly(0);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"70, 1", "34, 2"})
    void manyHeadsMayShareOneKvHead(int heads, int kvHeads) {
        int[] from = {0, 299};
        int[] to = {5, 300};
        AttentionSpec spec = spec(heads, kvHeads, 64, 0);
        try (TypedCache cache = new TypedCache(device(), DType.F16, BLOCK, spec, 5, 300)) {
            float[][] actual = cache.attend(from, to, 0);

            for (int p = 0; p < 5; p++) {
                assertClose(actual[p], cache.expected(0, p), promptTolerance(DType.F16));
            }
            assertClose(actual[5], cache.expected(1, 299), 5e-6);
        }
    }

    @Test
    void aBatchThatIsTooLargeForTheScratchMemoryIsDecodedInPieces() {
        int rows = 126;
        int[] lengths = new int[rows];
        Arrays.fill(lengths, BLOCK);
        int[] from = new int[rows];
        Arrays.fill(from, BLOCK - 1);
        AttentionSpec spec = spec(16, 1, 64, 0);
        try (TypedCache cache = new TypedCache(device(), DType.F16, BLOCK, spec, lengths)) {
            double[] expected = cache.expected(rows - 1, BLOCK - 1);
            float[][] alone = cache.attend(from, lengths, 0);

            float[][] actual = cache.attendWithOneRepeated(32_768);

            assertThat(Arrays.copyOf(actual, rows - 1))
                    .isDeepEqualTo(Arrays.copyOf(alone, rows - 1));
            assertClose(actual[rows - 1], expected, 2e-5);
        }
    }
}
