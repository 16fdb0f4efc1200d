package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.weights.WeightFormat;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.PagedSequences;
import dev.sluice.testing.Randoms;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.OptionalInt;

/// The number of threads decides how work is cut (panels of one chunk, heads of one attention unit)
/// and must not show in a single bit.
class ThreadIndependenceTest {
    private static final AttentionSpec LAYER =
            new AttentionSpec(12, 2, 64, 0.125f, OptionalInt.empty());

    private static CpuDevice open(Kernels kernels, int threads) {
        return kernels == Kernels.JAVA
                ? CpuDevice.open(CpuOptions.defaults().withKernels(kernels).withThreads(threads))
                : NativeLevels.open(kernels, threads);
    }

    @ParameterizedTest
    @EnumSource(
            value = Kernels.class,
            names = {"AUTO"},
            mode = EnumSource.Mode.EXCLUDE)
    void attentionHasTheSameBitsOnOneThreadAndOnSix(Kernels kernels) {
        for (DType type : List.of(DType.BF16, DType.F16, DType.F32)) {
            try (CpuDevice one = open(kernels, 1);
                    CpuDevice six = open(kernels, 6);
                    PagedSequences a = new PagedSequences(one, new Randoms(1), type, 32, LAYER);
                    PagedSequences b = new PagedSequences(six, new Randoms(1), type, 32, LAYER)) {
                for (PagedSequences sequences : List.of(a, b)) {
                    sequences.step(new int[] {0, 0, 0}, new int[] {70, 40, 0});
                    sequences.step(new int[] {70, 40, 0}, new int[] {71, 40, 1});
                }
                for (int position = 0; position < 71; position++) {
                    assertThat(b.output(0, position)).isEqualTo(a.output(0, position));
                }
                assertThat(b.output(2, 0)).isEqualTo(a.output(2, 0));
            }
        }
    }

    /// Six threads compute contexts of several segments in parts, one thread in one go.
    @ParameterizedTest
    @EnumSource(
            value = Kernels.class,
            names = {"AUTO", "JAVA"},
            mode = EnumSource.Mode.EXCLUDE)
    void longContextsHaveTheSameBitsOnOneThreadAndOnSix(Kernels kernels) {
        for (OptionalInt window : List.of(OptionalInt.empty(), OptionalInt.of(700))) {
            AttentionSpec layer = new AttentionSpec(6, 2, 64, 0.125f, window);
            try (CpuDevice one = open(kernels, 1);
                    CpuDevice six = open(kernels, 6);
                    PagedSequences a = longSequences(one, layer);
                    PagedSequences b = longSequences(six, layer)) {
                for (PagedSequences sequences : List.of(a, b)) {
                    sequences.step(new int[] {0, 0, 0}, new int[] {1300, 0, 0});
                    sequences.step(new int[] {1300, 0, 0}, new int[] {1307, 30, 0});
                    sequences.step(new int[] {1307, 30, 0}, new int[] {1308, 30, 0});
                }
                for (int position : new int[] {0, 511, 512, 1299, 1300, 1306, 1307}) {
                    assertThat(b.output(0, position)).isEqualTo(a.output(0, position));
                }
                assertThat(b.output(1, 29)).isEqualTo(a.output(1, 29));
            }
        }
    }

    private static PagedSequences longSequences(CpuDevice device, AttentionSpec layer) {
        return PagedSequences.ofLength(1400, device, new Randoms(3), DType.BF16, 32, layer);
    }

    /// Of 75 rows each of six threads may have its own.
    @ParameterizedTest
    @EnumSource(
            value = Kernels.class,
            names = {"AUTO"},
            mode = EnumSource.Mode.EXCLUDE)
    void productsHaveTheSameBitsOnOneThreadAndOnSix(Kernels kernels) {
        for (Packing packing : Packing.values()) {
            try (CpuDevice one = open(kernels, 1);
                    CpuDevice six = open(kernels, 6)) {
                for (int rows : new int[] {9, 75}) {
                    assertThat(product(six, rows, packing))
                            .isDeepEqualTo(product(one, rows, packing));
                }
            }
        }
    }

    /// With AVX-512 alone, and never fewer than twelve rows each.
    @ParameterizedTest
    @EnumSource(
            value = Kernels.class,
            names = {"AUTO"},
            mode = EnumSource.Mode.EXCLUDE)
    void threadsKeepTheirRowsWhereItPays(Kernels kernels) {
        WeightFormat quantized = WeightFormat.of(Packing.INT8, DType.BF16);
        WeightFormat floats = WeightFormat.of(Packing.FLOAT32, DType.BF16);
        int own = kernels == Kernels.AVX512 ? 6 : 1;
        try (CpuDevice six = open(kernels, 6)) {
            assertThat(six.kernels().linearParts(quantized, 71, 6)).isEqualTo(1);
            assertThat(six.kernels().linearParts(quantized, 72, 6)).isEqualTo(own);
            assertThat(six.kernels().linearParts(floats, 72, 6)).isEqualTo(1);
            assertThat(six.rowsAtOnce()).isEqualTo(own > 1 ? 6 * 64 : 256);
        }
    }

    private static float[][] product(CpuDevice device, int rows, Packing packing) {
        Randoms random = new Randoms(2);
        try (Arena arena = Arena.ofConfined();
                DeviceMatrix x = DeviceMatrix.of(device, random.matrix(rows, 96));
                DeviceMatrix out = DeviceMatrix.blank(device, rows, 500)) {
            MatrixSource source =
                    MatrixSource.of(
                            random.weights(DType.BF16, 500 * 96, arena), DType.BF16, 500, 96);
            PackedMatrix matrix = device.pack(List.of(source), packing);
            device.linear(x.tensor(), matrix, out.tensor());
            device.release(matrix);
            return out.read();
        }
    }
}
