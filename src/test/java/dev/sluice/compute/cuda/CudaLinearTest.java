package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.weights.Bits;
import dev.sluice.testing.Closeness;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.Oracle;
import dev.sluice.testing.Randoms;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Products that need several tiles of the kernels, and weights that need several staging blocks;
/// in both orders of threads, on streams that run only when somebody waits.
class CudaLinearTest {
    private static final int ROWS = 139;

    private Optional<Device> opened = Optional.empty();

    @BeforeEach
    void open() {
        Cusim cusim = Cusim.open();
        cusim.reset();
        cusim.deferStreams(true);
        CudaDevice device = CudaDevice.open(CudaOptions.defaults().withEmulation());
        opened = Optional.of(new BothOrdersDevice(cusim, device));
    }

    @AfterEach
    void close() {
        opened.ifPresent(Device::close);
        opened.ifPresent(_ -> Cusim.open().deferStreams(false));
    }

    private Device device() {
        return opened.orElseThrow();
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q5_1", "Q5_K", "Q6_K", "Q4_0", "Q4_1", "Q4_K", "I8"})
    void severalTilesOfBfloat16MakeOneProduct(DType type) {
        int cols = type.blockElements() == 32 ? 7 * 32 : 2 * 256;
        Randoms random = new Randoms(21);
        try (Arena arena = Arena.ofConfined()) {
            PackedMatrix matrix = pack(type, cols, random, arena);
            float[][] w = rounded(weights(matrix));
            float[][] values = random.matrix(133, cols);

            float[][] actual = multiply(values, matrix);

            float[][] x = rounded(values);
            double[][] expected = Oracle.linear(x, w);
            double[][] magnitude = Oracle.magnitude(x, w);
            for (int r = 0; r < x.length; r++) {
                double unit = Math.scalb(cols + 4.0, -24);
                Closeness.assertClose("row " + r, actual[r], expected[r], 0, unit, magnitude[r]);
            }
            device().release(matrix);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q5_1", "Q6_K", "Q4_0", "Q4_K", "BF16"})
    void aRowHasTheSameBitsAmongManyAndAmongMore(DType type) {
        int cols = 2 * 256;
        int many = CudaLinear.FEW_ROWS + 1;
        Randoms random = new Randoms(22);
        try (Arena arena = Arena.ofConfined()) {
            PackedMatrix matrix = pack(type, cols, random, arena);
            // One needs the smaller tiles for the emulated GPU's four multiprocessors, one does
            // not.
            float[][] values = random.matrix(many + 80, cols);
            assertThat(GemmTile.of(ROWS, many, 4)).isNotEqualTo(GemmTile.of(ROWS, many + 80, 4));

            float[][] all = multiply(values, matrix);
            float[][] some = multiply(Arrays.copyOfRange(values, 30, 30 + many), matrix);

            assertThat(some).isDeepEqualTo(Arrays.copyOfRange(all, 30, 30 + many));
            device().release(matrix);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q5_1", "Q5_K", "Q6_K", "Q4_0", "Q4_1", "Q4_K", "I8"})
    void fewRowsAreMultipliedAsTheyAreAndHaveTheSameBitsInAnyTile(DType type) {
        // Not the same number of groups for each warp, and not whole tiles.
        int cols = type.blockElements() == 32 ? 19 * 32 : 3 * 256;
        Randoms random = new Randoms(23);
        try (Arena arena = Arena.ofConfined()) {
            PackedMatrix matrix = pack(ROWS, type, cols, random, arena);
            float[][] values = random.matrix(CudaLinear.FEW_ROWS, cols);

            float[][] all = multiply(values, matrix);

            assertProduct(all, values, weights(matrix));
            for (int n : new int[] {1, 2, 7, 9, 23}) {
                assertThat(multiply(Arrays.copyOf(values, n), matrix))
                        .isDeepEqualTo(Arrays.copyOf(all, n));
            }
            device().release(matrix);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"Q8_0", "Q4_1", "Q6_K"})
    void aWideMatrixHasTilesOfItsOwn(DType type) {
        int rows = FewTile.WIDE_OUTPUTS + 5;
        int cols = 64;
        Randoms random = new Randoms(25);
        try (Arena arena = Arena.ofConfined()) {
            var data = random.weights(type, (long) rows * 256, arena);
            MatrixSource source = MatrixSource.of(data, type, rows, 256).columns(64, 64 + cols);
            PackedMatrix matrix = device().pack(List.of(source), Packing.SOURCE);
            float[][] values = random.matrix(18, cols);

            float[][] all = multiply(values, matrix);

            assertProduct(all, values, weights(matrix));
            for (int n : new int[] {1, 12}) {
                assertThat(multiply(Arrays.copyOf(values, n), matrix))
                        .isDeepEqualTo(Arrays.copyOf(all, n));
            }
            device().release(matrix);
        }
    }

    @Test
    void rowsThatAreNotInQuadsHaveTheBitsThatTheyHaveAlone() {
        int cols = 96;
        Randoms random = new Randoms(26);
        try (Arena arena = Arena.ofConfined()) {
            PackedMatrix matrix = pack(ROWS, DType.Q8_0, cols, random, arena);
            float[][] values = random.matrix(3, cols + 1);
            try (DeviceMatrix x = DeviceMatrix.of(device(), values);
                    DeviceMatrix out = DeviceMatrix.blank(device(), 3, ROWS);
                    DeviceMatrix alone = DeviceMatrix.blank(device(), 1, ROWS)) {
                var rows = x.tensor().columns(1, cols + 1);

                device().linear(rows, matrix, out.tensor());
                device().linear(rows.rows(1, 2), matrix, alone.tensor());

                assertThat(alone.read()[0]).isEqualTo(out.read()[1]);
            }
            device().release(matrix);
        }
    }

    @Test
    void weightsPassThroughTheStagingRingInSeveralBlocks() {
        int cols = 1024;
        int rows = 9_000;
        Randoms random = new Randoms(24);
        try (Arena arena = Arena.ofConfined()) {
            var data = random.weights(DType.BF16, (long) rows * cols, arena);
            PackedMatrix matrix =
                    device().pack(
                                    List.of(MatrixSource.of(data, DType.BF16, rows, cols)),
                                    Packing.SOURCE);
            int[] ids = {0, 4_095, 4_096, 8_191, 8_999};

            float[][] found = rows(matrix, ids);

            for (int t = 0; t < ids.length; t++) {
                for (int k = 0; k < cols; k++) {
                    long at = 2L * ((long) ids[t] * cols + k);
                    assertThat(found[t][k]).isEqualTo(Bits.bf16At(data, at));
                }
            }
            assertThat(matrix.bytes()).isEqualTo(2L * rows * cols);
            device().release(matrix);
        }
    }

    @Test
    void activationsBeyondFloat16BecomeItsLargestNumber() {
        try (Arena arena = Arena.ofConfined()) {
            var data = arena.allocate(2L * 32);
            Bits.setI16At(data, 0, Float.floatToFloat16(0.5f));
            PackedMatrix matrix =
                    device().pack(List.of(MatrixSource.of(data, DType.F16, 1, 32)), Packing.SOURCE);
            float[][] values = new float[2][32];
            values[0][0] = 1e6f;
            values[1][0] = -1e6f;

            assertThat(multiply(values, matrix)).isDeepEqualTo(new float[][] {{32752}, {-32752}});
            device().release(matrix);
        }
    }

    private PackedMatrix pack(DType type, int cols, Randoms random, Arena arena) {
        return pack(ROWS, type, cols, random, arena);
    }

    private PackedMatrix pack(int rows, DType type, int cols, Randoms random, Arena arena) {
        MatrixSource source = random.source(type, rows, cols, arena);
        return device().pack(List.of(source), Packing.SOURCE);
    }

    private static void assertProduct(float[][] actual, float[][] values, float[][] w) {
        float[][] x = Arrays.copyOf(values, actual.length);
        double[][] expected = Oracle.linear(x, w);
        double[][] magnitude = Oracle.magnitude(x, w);
        double unit = Math.scalb(w[0].length + 4.0, -24);
        for (int r = 0; r < actual.length; r++) {
            Closeness.assertClose("row " + r, actual[r], expected[r], 0, unit, magnitude[r]);
        }
    }

    private float[][] multiply(float[][] values, PackedMatrix matrix) {
        try (DeviceMatrix x = DeviceMatrix.inQuads(device(), values);
                DeviceMatrix out = DeviceMatrix.blank(device(), values.length, matrix.rows())) {
            device().linear(x.tensor(), matrix, out.tensor());
            return out.read();
        }
    }

    private float[][] weights(PackedMatrix matrix) {
        int[] ids = new int[matrix.rows()];
        Arrays.setAll(ids, i -> i);
        return rows(matrix, ids);
    }

    private float[][] rows(PackedMatrix matrix, int[] ids) {
        try (ForwardBatch batch = new ForwardBatch(ids.length, 1, 1, ids.length);
                DeviceMatrix out = DeviceMatrix.blank(device(), ids.length, matrix.cols())) {
            batch.add(ids, 0, ids.length, new int[1], 1, false);
            device().embedding(matrix, batch, 1, out.tensor());
            return out.read();
        }
    }

    private static float[][] rounded(float[][] values) {
        float[][] result = new float[values.length][];
        for (int r = 0; r < values.length; r++) {
            result[r] = new float[values[r].length];
            for (int k = 0; k < result[r].length; k++) {
                result[r][k] = Bfloat16.round(values[r][k]);
            }
        }
        return result;
    }
}
