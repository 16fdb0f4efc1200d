package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.Activation;
import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.testing.Closeness;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.PagedSequences;
import dev.sluice.testing.Randoms;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/// The native kernels at each level against their plain Java twins: operations that the header
/// calls exact bit for bit, the others within rounding.
@ParameterizedClass
@EnumSource(
        value = Kernels.class,
        names = {"PLAIN", "AVX2", "AVX512", "AMX"})
class KernelTwinTest {
    private static final List<DType> WEIGHTS =
            List.of(DType.values()).stream().filter(type -> type != DType.I32).toList();

    private final CpuDevice natively;
    private final CpuDevice java =
            CpuDevice.open(CpuOptions.defaults().withKernels(Kernels.JAVA).withThreads(1));
    private final Arena arena = Arena.ofShared();

    KernelTwinTest(Kernels level) {
        this.natively = NativeLevels.open(level, 2);
    }

    @AfterEach
    void close() {
        natively.close();
        java.close();
        arena.close();
    }

    /// Runs the same on both devices and expects the same bits.
    private <T> void assertSame(Function<Device, T> operation) {
        assertThat((Object) operation.apply(natively)).isEqualTo(operation.apply(java));
    }

    private static void assertClose(float[][] actual, float[][] expected, double tolerance) {
        for (int r = 0; r < expected.length; r++) {
            double[] row = new double[expected[r].length];
            for (int c = 0; c < row.length; c++) {
                row[c] = expected[r][c];
            }
            Closeness.assertClose("row " + r, actual[r], row, tolerance, tolerance, row);
        }
    }

    private static List<Float> flat(float[][] rows) {
        List<Float> values = new ArrayList<>();
        for (float[] row : rows) {
            for (float value : row) {
                values.add(value);
            }
        }
        return values;
    }

    /// A copy of memory that is compared by content.
    private static ByteBuffer bytes(MemorySegment memory) {
        return ByteBuffer.wrap(memory.toArray(ValueLayout.JAVA_BYTE));
    }

    private static List<ByteBuffer> panels(PackedMatrix matrix) {
        return ((PackedPanels) matrix)
                .segments().stream().map(panels -> bytes(panels.data())).toList();
    }

    @ParameterizedTest
    @EnumSource
    void packingIsExactForEveryType(Packing packing) {
        Randoms random = new Randoms(1);
        for (DType type : WEIGHTS) {
            int cols = type.isQuantized() ? 2 * type.blockElements() : 75;
            MatrixSource all = random.source(type, 50, cols, arena);
            List<MatrixSource> parts = new ArrayList<>();
            parts.add(all.rows(0, 37));
            parts.add(all.withRowOrder(random.permutation(50)));
            if (!type.isQuantized()) {
                parts.add(new MatrixSource(all.data(), type, 40, cols, 45, true, Optional.empty()));
            }
            assertSame(device -> {
                List<ByteBuffer> panels = panels(device.pack(parts, packing));
                ByteBuffer nothing = ByteBuffer.allocate(panels.getFirst().capacity());
                assertThat(panels.getFirst()).isNotEqualTo(nothing);
                return panels;
            });
        }
    }

    @Test
    void packingIsExactForTiesAndZerosAndHugeAndTinyValues() {
        float[] odd = {
            0f,
            -0f,
            1f,
            -1f,
            0.5f,
            1.5f,
            2.5f,
            -2.5f,
            127f,
            -127f,
            65504f,
            65520f,
            1e-8f,
            3e-8f,
            6.1e-5f,
            5.9e-8f,
            0x1.01p0f,
            0x1.03p0f,
            3.3895e38f,
            -8f,
            8f,
            7.5f,
            1e-40f,
            -1e-40f
        };
        MemorySegment data = arena.allocate(ValueLayout.JAVA_FLOAT, 40 * 64);
        for (int i = 0; i < 40 * 64; i++) {
            boolean nothing = i / 64 == 3;
            float value = odd[(i * 7 + i / 64) % odd.length];
            float small = Math.abs(value) > 1e5f && i % 3 == 0 ? 4f : value;
            data.setAtIndex(ValueLayout.JAVA_FLOAT, i, nothing ? 0 : small);
        }
        for (Packing packing : Packing.values()) {
            MatrixSource source = MatrixSource.of(data, DType.F32, 40, 64);
            assertSame(device -> panels(device.pack(List.of(source), packing)));
        }
    }

    @Test
    void embeddingIsExactForEveryType() {
        Randoms random = new Randoms(2);
        int[] ids = random.permutation(70);
        try (ForwardBatch batch = new ForwardBatch(70, 1, 1, 128)) {
            batch.add(ids, 0, 70, new int[1], 1, false);
            for (DType type : WEIGHTS) {
                int cols = type.isQuantized() ? 2 * type.blockElements() : 75;
                List<MatrixSource> parts = List.of(random.source(type, 70, cols, arena));
                assertSame(device -> {
                    PackedMatrix table = device.pack(parts, Packing.SOURCE);
                    try (DeviceMatrix out = DeviceMatrix.blank(device, 70, cols)) {
                        device.embedding(table, batch, 1.7f, out.tensor());
                        return flat(out.read());
                    }
                });
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "INT8", "INT8_ROW"})
    void preparedRowsAreExact(Prepared kind) {
        for (int cols : new int[] {1, 31, 64, 77, 1000}) {
            float[][] x = new Randoms(cols).matrix(9, cols);
            x[1] = new float[cols];
            x[2][0] = 1e-31f;
            x[3][cols - 1] = 1e30f;
            for (int c = 0; c < cols; c++) {
                x[4][c] = (c % 9 - 4) / 2f;
                x[5][c] = x[5][c] * 1e-33f;
            }
            MemorySegment expected = arena.allocate(9 * kind.stride(cols), 64);
            MemorySegment actual = arena.allocate(9 * kind.stride(cols), 64);
            try (DeviceMatrix a = DeviceMatrix.of(java, x)) {
                new JavaKernels().prepare(a.tensor(), kind, expected).run(0, 9);
                natively.kernels().prepare(a.tensor(), kind, actual).run(0, 9);
            }
            assertThat(actual.mismatch(expected)).as("%d columns", cols).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void productsAgreeWithinRounding(Packing packing) {
        Randoms random = new Randoms(3);
        for (DType type : WEIGHTS) {
            int cols = type.isQuantized() ? 2 * type.blockElements() : 200;
            List<MatrixSource> parts = List.of(random.source(type, 85, cols, arena));
            float[][] x = random.matrix(13, cols);

            float[][] expected = multiply(java, x, parts, packing);

            assertClose(multiply(natively, x, parts, packing), expected, 3e-4);
        }
    }

    private static float[][] multiply(
            Device device, float[][] values, List<MatrixSource> parts, Packing packing) {
        PackedMatrix matrix = device.pack(parts, packing);
        try (DeviceMatrix x = DeviceMatrix.of(device, values);
                DeviceMatrix out = DeviceMatrix.blank(device, values.length, matrix.rows())) {
            device.linear(x.tensor(), matrix, out.tensor());
            return out.read();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 33, 500})
    void additionsGathersAndArgmaxAreExact(int cols) {
        Randoms random = new Randoms(cols);
        float[][] values = random.matrix(11, cols);
        float[][] others = random.matrix(11, cols);
        values[7] = values[7].clone();
        values[7][cols / 2] = Float.NaN;
        values[8] = new float[cols];
        MemorySegment ids = arena.allocate(ValueLayout.JAVA_INT, 11);
        try (ForwardBatch batch = new ForwardBatch(11, 1, 1, 16)) {
            batch.add(new int[11], 0, 11, new int[1], 1, true);
            batch.addLogitRow(3);
            assertSame(device -> {
                try (DeviceMatrix x = DeviceMatrix.of(device, values);
                        DeviceMatrix y = DeviceMatrix.of(device, others);
                        DeviceMatrix out = DeviceMatrix.blank(device, 2, cols)) {
                    device.argmax(x.tensor(), ids);
                    device.add(x.tensor(), y.tensor());
                    device.gatherLogitRows(x.tensor(), batch, out.tensor());
                    return List.of(flat(x.read()), flat(out.read()), bytes(ids));
                }
            });
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 96, 576})
    void normsAndActivationsAgreeWithinRounding(int cols) {
        float[][] values = new Randoms(cols).matrix(10, cols);
        for (Activation activation : Activation.values()) {
            assertClose(rows(natively, values, activation), rows(java, values, activation), 4e-6);
        }
    }

    private static float[][] rows(Device device, float[][] values, Activation activation) {
        int cols = values[0].length;
        Tensor weight = device.allocate(DType.F32, Shape.of(16));
        weight.data().fill((byte) 0x3F);
        try (DeviceMatrix x = DeviceMatrix.of(device, values);
                DeviceMatrix residual = DeviceMatrix.of(device, values);
                DeviceMatrix out = DeviceMatrix.blank(device, values.length, cols / 2)) {
            device.rmsNorm(x.tensor(), weight, 1e-6f, x.tensor());
            device.addRmsNorm(residual.tensor(), x.tensor(), weight, 1e-6f, x.tensor());
            device.gatedActivation(activation, x.tensor(), out.tensor());
            return out.read();
        } finally {
            device.release(weight);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void rotationAndCacheAreExact(DType type) {
        for (boolean interleaved : new boolean[] {false, true}) {
            RotarySpec rotary = new RotarySpec(40, 32, interleaved);
            AttentionSpec spec = new AttentionSpec(6, 2, 40, 0.15f, OptionalInt.empty());
            assertSame(device -> {
                try (PagedSequences paged =
                        new PagedSequences(device, new Randoms(5), type, 8, spec, rotary)) {
                    paged.useTable(new Randoms(6));
                    paged.step(new int[] {0, 0, 0}, new int[] {21, 8, 1});
                    return List.of(
                            paged.rotatedQuery(0, 20)[239],
                            flat(new float[][] {paged.rotatedQuery(0, 20)}),
                            flat(new float[][] {paged.rotatedQuery(2, 0)}),
                            bytes(paged.cache().data()));
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "F16", "BF16"})
    void attentionAgreesWithinRounding(DType type) {
        AttentionSpec spec = new AttentionSpec(6, 2, 64, 0.125f, OptionalInt.of(40));
        double tolerance = type == DType.BF16 ? 1e-2 : 5e-6;
        try (PagedSequences actual = new PagedSequences(natively, new Randoms(7), type, 32, spec);
                PagedSequences expected =
                        new PagedSequences(java, new Randoms(7), type, 32, spec)) {
            actual.step(new int[] {0, 0, 0}, new int[] {60, 1, 33});
            expected.step(new int[] {0, 0, 0}, new int[] {60, 1, 33});

            for (int position = 0; position < 60; position++) {
                assertClose(
                        new float[][] {actual.output(0, position)},
                        new float[][] {expected.output(0, position)},
                        tolerance);
            }
        }
    }
}
