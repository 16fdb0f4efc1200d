package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.sluice.testing.Closeness;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.Oracle;
import dev.sluice.testing.Randoms;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Packed weights: embedding and linear.
interface LinearContract {
    TrackingDevice device();

    /// The activations as a device multiplies them: rounded to bfloat16 for bfloat16 weights, and
    /// to a signed byte a group of 32 for quantised ones, or a row for those with a scale a row. A
    /// device with other activations overrides it.
    ///
    /// @param rows of activations that are multiplied at once
    default float[] asMultiplied(float[] row, String format, int rows) {
        float[] rounded = row.clone();
        if (format.equals("bf16")) {
            for (int i = 0; i < row.length; i++) {
                int bits = Float.floatToRawIntBits(row[i]);
                bits += 0x7FFF + (bits >>> 16 & 1);
                rounded[i] = Float.intBitsToFloat(bits & 0xFFFF0000);
            }
        } else if (format.startsWith("int")) {
            int group = format.equals("int8_row") ? row.length : 32;
            for (int first = 0; first < row.length; first += group) {
                float largest = 0;
                int end = Math.min(first + group, row.length);
                for (int i = first; i < end; i++) {
                    largest = Math.max(largest, Math.abs(row[i]));
                }
                for (int i = first; i < end; i++) {
                    rounded[i] = largest / 127f * (float) Math.rint(row[i] * (127f / largest));
                }
            }
        }
        return rounded;
    }

    /// A row of weights as a device multiplies it: as it is.
    ///
    /// @param rows of activations that are multiplied at once
    default float[] weightsAsMultiplied(float[] row, String format, int rows) {
        return row;
    }

    /// How far a row's results may be from those of the same row among others, in units of `|x|
    /// |W|^T`: not at all.
    ///
    /// @param cols inputs
    default double effectOfTheBatch(String format, int cols) {
        return 0;
    }

    /// Columns that suit a type: odd for the plain types.
    private static int columns(DType type) {
        return type.isQuantized() ? 3 * type.blockElements() : 3 * 32 + 13;
    }

    /// Reads all weights of a packed matrix through the embedding.
    private float[][] weights(PackedMatrix matrix) {
        int rows = matrix.rows();
        int[] ids = new int[rows];
        Arrays.setAll(ids, i -> i);
        try (ForwardBatch batch = new ForwardBatch(rows, 1, 1, rows);
                DeviceMatrix out = DeviceMatrix.blank(device(), rows, matrix.cols())) {
            batch.add(ids, 0, rows, new int[1], 1, false);
            device().embedding(matrix, batch, 1, out.tensor());
            return out.read();
        }
    }

    private float[][] multiply(float[][] values, PackedMatrix matrix) {
        try (DeviceMatrix x = DeviceMatrix.of(device(), values);
                DeviceMatrix out = DeviceMatrix.blank(device(), values.length, matrix.rows())) {
            device().linear(x.tensor(), matrix, out.tensor());
            return out.read();
        }
    }

    private void assertProduct(float[][] actual, float[][] values, float[][] w, String format) {
        int n = values.length;
        float[][] x = new float[n][];
        Arrays.setAll(x, r -> asMultiplied(values[r], format, n));
        float[][] asRead = new float[w.length][];
        Arrays.setAll(asRead, r -> weightsAsMultiplied(w[r], format, n));
        double[][] expected = Oracle.linear(x, asRead);
        double[][] magnitude = Oracle.magnitude(x, asRead);
        // One rounding a product and a sum, over a chain of K inputs.
        double unit = Math.scalb(x[0].length + 4.0, -24);
        for (int r = 0; r < x.length; r++) {
            Closeness.assertClose("row " + r, actual[r], expected[r], 1e-30, unit, magnitude[r]);
        }
    }

    @ParameterizedTest
    @MethodSource("dev.sluice.compute.DeviceCases#typesAndPackings")
    default void linearMultipliesWithWeightsOfEveryTypeAndPacking(DType type, Packing packing) {
        int cols = columns(type);
        Randoms random = new Randoms(type.blockBytes());
        try (Arena arena = Arena.ofShared()) {
            for (int rows : new int[] {1, 32, 75}) {
                MatrixSource source = random.source(type, rows, cols, arena);
                PackedMatrix matrix = device().pack(List.of(source), packing);
                float[][] w = weights(matrix);
                for (int n : new int[] {1, 2, 7, 19}) {
                    float[][] values = random.matrix(n, cols);

                    float[][] actual = multiply(values, matrix);

                    assertProduct(actual, values, w, matrix.format());
                }
                device().release(matrix);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("dev.sluice.compute.DeviceCases#typesAndPackings")
    default void aRowsResultDoesNotDependOnTheBatch(DType type, Packing packing) {
        int cols = columns(type);
        Randoms random = new Randoms(type.blockBytes());
        try (Arena arena = Arena.ofShared()) {
            MatrixSource source = random.source(type, 70, cols, arena);
            PackedMatrix matrix = device().pack(List.of(source), packing);
            float[][] values = random.matrix(29, cols);

            float[][] batched = multiply(values, matrix);

            double[][] magnitude = Oracle.magnitude(values, weights(matrix));
            double effect = effectOfTheBatch(matrix.format(), cols);
            for (int r = 0; r < 29; r++) {
                float[] alone = multiply(new float[][] {values[r]}, matrix)[0];
                assertSame(alone, batched[r], effect, magnitude[r]);
            }
            float[][] some = multiply(Arrays.copyOfRange(values, 3, 16), matrix);
            for (int r = 0; r < some.length; r++) {
                assertSame(some[r], batched[r + 3], effect, magnitude[r + 3]);
            }
            device().release(matrix);
        }
    }

    private static void assertSame(
            float[] actual, float[] expected, double effect, double[] magnitude) {
        if (effect == 0) {
            assertThat(actual).isEqualTo(expected);
            return;
        }
        double[] wanted = new double[expected.length];
        Arrays.setAll(wanted, i -> expected[i]);
        Closeness.assertClose("the row alone", actual, wanted, 0, effect, magnitude);
    }

    /// The bits are those of the Python reference; `src/test/python/parity_gguf.py` wrote them.
    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"I32", "I8"},
            mode = EnumSource.Mode.EXCLUDE)
    default void weightsHaveTheValuesOfTheReferenceImplementation(DType type) throws IOException {
        int cols = Math.max(32, type.blockElements());
        float[] expected = new float[5 * cols];
        resource(type + ".f32").asByteBuffer().order(LITTLE_ENDIAN).asFloatBuffer().get(expected);
        dropSignsOfZeros(expected);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment stored = resource(type + ".blocks");
            MemorySegment data = arena.allocate(stored.byteSize()).copyFrom(stored);
            MatrixSource source = MatrixSource.of(data, type, 5, cols);
            for (Packing packing : List.of(Packing.SOURCE, Packing.FLOAT32)) {
                PackedMatrix matrix = device().pack(List.of(source), packing);

                float[][] actual = weights(matrix);

                for (int r = 0; r < 5; r++) {
                    dropSignsOfZeros(actual[r]);
                    assertThat(actual[r])
                            .isEqualTo(Arrays.copyOfRange(expected, r * cols, (r + 1) * cols));
                }
                device().release(matrix);
            }
        }
    }

    /// A quantised zero has no sign, whatever its scale has.
    private static void dropSignsOfZeros(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] += 0f;
        }
    }

    private static MemorySegment resource(String name) throws IOException {
        try (InputStream in = LinearContract.class.getResourceAsStream("/parity/blocks/" + name)) {
            return MemorySegment.ofArray(in.readAllBytes());
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F16", "BF16"})
    default void plainSourcesAreReadTransposedReorderedAndApart(DType type) {
        int rows = 45;
        int cols = 50;
        Randoms random = new Randoms(11);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = random.weights(type, 60 * 70, arena);
            MatrixSource plain =
                    new MatrixSource(data, type, 60, cols, 70, false, Optional.empty());
            MatrixSource turned =
                    new MatrixSource(data, type, rows, cols, 70, true, Optional.empty());
            int[] order = Arrays.copyOf(random.permutation(60), rows);
            MatrixSource ordered =
                    new MatrixSource(data, type, rows, cols, 70, false, Optional.of(order));
            PackedMatrix a = device().pack(List.of(plain), Packing.SOURCE);
            PackedMatrix b = device().pack(List.of(turned), Packing.SOURCE);
            PackedMatrix c = device().pack(List.of(ordered), Packing.SOURCE);

            float[][] w = weights(a);
            float[][] t = weights(b);
            float[][] o = weights(c);

            for (int r = 0; r < rows; r++) {
                assertThat(o[r]).isEqualTo(w[order[r]]);
                for (int k = 0; k < cols; k++) {
                    // Both views begin at the same memory: element (r, k) of one is (k, r) of the
                    // other.
                    assertThat(t[r][k]).isEqualTo(w[k][r]);
                }
            }
            device().release(a);
            device().release(b);
            device().release(c);
        }
    }

    @Test
    default void reorderedRowsOfAQuantisedSourceKeepTheirValues() {
        Randoms random = new Randoms(12);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = random.weights(DType.Q6_K, 40 * 256, arena);
            MatrixSource source = MatrixSource.of(data, DType.Q6_K, 40, 256);
            int[] order = random.permutation(40);
            PackedMatrix plain = device().pack(List.of(source), Packing.SOURCE);
            PackedMatrix ordered =
                    device().pack(List.of(source.withRowOrder(order)), Packing.SOURCE);

            float[][] w = weights(plain);
            float[][] o = weights(ordered);

            for (int r = 0; r < 40; r++) {
                assertThat(o[r]).isEqualTo(w[order[r]]);
            }
            device().release(plain);
            device().release(ordered);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "I32")
    default void rowsAndColumnsOfASourceAreThoseOfTheWhole(DType type) {
        int cols = 512;
        int[] cuts = {0, 96, 384, 512};
        Randoms random = new Randoms(14);
        try (Arena arena = Arena.ofShared()) {
            int[] order = random.permutation(40);
            MatrixSource whole = random.source(type, 40, cols, arena).withRowOrder(order);
            PackedMatrix all = device().pack(List.of(whole), Packing.SOURCE);
            float[][] expected = weights(all);
            for (int i = 1; i < cuts.length; i++) {
                MatrixSource part = whole.rows(5, 38).columns(cuts[i - 1], cuts[i]);
                PackedMatrix some = device().pack(List.of(part), Packing.SOURCE);
                PackedMatrix floats = device().pack(List.of(part), Packing.FLOAT32);

                float[][] found = weights(some);

                assertThat(found.length).isEqualTo(33);
                assertThat(weights(floats)).isDeepEqualTo(found);
                for (int r = 0; r < 33; r++) {
                    assertThat(found[r])
                            .isEqualTo(Arrays.copyOfRange(expected[r + 5], cuts[i - 1], cuts[i]));
                }
                device().release(some);
                device().release(floats);
            }
            device().release(all);
        }
    }

    @Test
    default void columnsThatCutAGroupAreRefused() {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = new Randoms(15).weights(DType.Q8_0, 2 * 64, arena);
            MatrixSource source = MatrixSource.of(data, DType.Q8_0, 2, 64);

            assertThatThrownBy(() -> source.columns(16, 64))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("Q8_0");
        }
    }

    @Test
    default void aShareOfATableHasZerosForTheOtherTokens() {
        Randoms random = new Randoms(16);
        try (Arena arena = Arena.ofShared();
                ForwardBatch batch = new ForwardBatch(6, 1, 1, 6);
                DeviceMatrix out = DeviceMatrix.blank(device(), 6, 50)) {
            MemorySegment data = random.weights(DType.BF16, 40L * 50, arena);
            MatrixSource source = MatrixSource.of(data, DType.BF16, 40, 50);
            PackedMatrix shard = device().pack(List.of(source), Packing.SOURCE);
            float[][] w = weights(shard);
            batch.add(new int[] {100, 139, 140, 99, 0, 133}, 0, 6, new int[1], 1, false);

            device().embeddingShard(shard, 100, batch, 1, out.tensor());

            float[][] found = out.read();
            float[] zeros = new float[50];
            assertThat(found)
                    .isDeepEqualTo(new float[][] {w[0], w[39], zeros, zeros, zeros, w[33]});
            device().release(shard);
        }
    }

    @Test
    default void partsOfSeveralTypesBecomeOneMatrix() {
        Randoms random = new Randoms(13);
        DType[] types = {DType.Q4_K, DType.Q4_K, DType.Q6_K, DType.F32, DType.BF16, DType.Q8_0};
        int[] rows = {40, 7, 33, 5, 64, 20};
        try (Arena arena = Arena.ofShared()) {
            List<MatrixSource> parts = new ArrayList<>();
            List<float[]> alone = new ArrayList<>();
            float[][] values = random.matrix(5, 256);
            float[][] expected = new float[5][0];
            for (int p = 0; p < types.length; p++) {
                MemorySegment data = random.weights(types[p], rows[p] * 256L, arena);
                parts.add(MatrixSource.of(data, types[p], rows[p], 256));
                PackedMatrix part = device().pack(List.of(parts.getLast()), Packing.SOURCE);
                float[][] product = multiply(values, part);
                for (int r = 0; r < 5; r++) {
                    int end = expected[r].length;
                    expected[r] = Arrays.copyOf(expected[r], end + rows[p]);
                    System.arraycopy(product[r], 0, expected[r], end, rows[p]);
                }
                alone.addAll(Arrays.asList(weights(part)));
                device().release(part);
            }
            PackedMatrix fused = device().pack(parts, Packing.SOURCE);
            PackedMatrix same = device().pack(parts, Packing.FLOAT32);

            assertThat(fused.rows()).isEqualTo(169);
            assertThat(multiply(values, fused)).isDeepEqualTo(expected);
            assertThat(weights(same)).isDeepEqualTo(alone.toArray(float[][]::new));

            device().release(fused);
            device().release(same);
        }
    }

    @Test
    default void embeddingScalesTheRowsOfTheBatchsTokens() {
        Randoms random = new Randoms(14);
        try (Arena arena = Arena.ofShared();
                ForwardBatch batch = new ForwardBatch(8, 2, 1, 8);
                DeviceMatrix out = DeviceMatrix.blank(device(), 5, 64)) {
            MemorySegment data = random.weights(DType.Q4_1, 100 * 64, arena);
            MatrixSource source = MatrixSource.of(data, DType.Q4_1, 100, 64);
            PackedMatrix table = device().pack(List.of(source), Packing.SOURCE);
            float[][] w = weights(table);
            batch.add(new int[] {99, 0, 31}, 0, 3, new int[1], 1, false);
            batch.add(new int[] {9, 32, 64}, 1, 3, new int[1], 1, false);

            device().embedding(table, batch, 0.3f, out.tensor());

            float[][] actual = out.read();
            int[] ids = {99, 0, 31, 32, 64};
            for (int t = 0; t < ids.length; t++) {
                for (int k = 0; k < 64; k++) {
                    assertThat(actual[t][k]).isEqualTo(0.3f * w[ids[t]][k]);
                }
            }
            batch.clear();
            batch.add(new int[] {100}, 0, 1, new int[1], 1, false);
            assertThatThrownBy(() -> device().embedding(table, batch, 1, out.tensor().rows(0, 1)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("token id is 100");
            device().release(table);
        }
    }

    @Test
    default void activationsOfZeroGiveZero() {
        Randoms random = new Randoms(15);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment data = random.weights(DType.Q8_0, 35 * 64, arena);
            MatrixSource source = MatrixSource.of(data, DType.Q8_0, 35, 64);
            PackedMatrix matrix = device().pack(List.of(source), Packing.SOURCE);

            assertThat(multiply(new float[1][64], matrix)).isDeepEqualTo(new float[1][35]);

            device().release(matrix);
        }
    }

    @Test
    default void weightsThatDoNotFitAreNamed() {
        try (Arena arena = Arena.ofShared();
                DeviceMatrix x = DeviceMatrix.blank(device(), 2, 8);
                DeviceMatrix out = DeviceMatrix.blank(device(), 2, 5)) {
            MemorySegment data = arena.allocate(4 * 48);
            MatrixSource source = MatrixSource.of(data, DType.F32, 6, 8);
            PackedMatrix matrix = device().pack(List.of(source), Packing.SOURCE);

            assertThatThrownBy(() -> device().linear(x.tensor(), matrix, out.tensor()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("linear: out is F32[2, 5], expected F32[2, 6]");
            MatrixSource longer = MatrixSource.of(data, DType.F32, 7, 8);
            assertThatThrownBy(() -> device().pack(List.of(longer), Packing.SOURCE))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("224 bytes");
            MatrixSource turned =
                    new MatrixSource(data, DType.Q8_0, 1, 32, 32, true, Optional.empty());
            assertThatThrownBy(() -> device().pack(List.of(turned), Packing.SOURCE))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("transposed");
            device().release(matrix);
        }
    }
}
