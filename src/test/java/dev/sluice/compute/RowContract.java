package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.testing.Closeness;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.Oracle;
import dev.sluice.testing.Randoms;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Operations that work row by row.
interface RowContract {
    /// Relative error of sums and of the activation functions.
    double TOLERANCE = 4e-6;

    TrackingDevice device();

    /// Puts a vector on the device.
    default Tensor vector(float... values) {
        Tensor tensor = device().allocate(DType.F32, Shape.of(values.length));
        try (Arena arena = Arena.ofConfined()) {
            device().upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), tensor);
        }
        return tensor;
    }

    private static void assertClose(float[] actual, double[] expected) {
        Closeness.assertClose("a row", actual, expected, TOLERANCE, TOLERANCE, expected);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "5, 37, 37", "3, 576, 576", "4, 48, 16", "40, 1000, 1000"})
    default void rmsNormDividesByTheRootMeanSquareOfEachGroup(int rows, int columns, int group) {
        Randoms random = new Randoms(rows);
        float[][] values = random.matrix(rows, columns);
        float[] weight = random.vector(group);
        Tensor w = vector(weight);
        try (DeviceMatrix x = DeviceMatrix.of(device(), values);
                DeviceMatrix out = DeviceMatrix.blank(device(), rows, columns)) {

            device().rmsNorm(x.tensor(), w, 1e-5f, out.tensor());

            float[][] actual = out.read();
            for (int r = 0; r < rows; r++) {
                assertClose(actual[r], Oracle.rmsNorm(values[r], weight, 1e-5f));
            }
            assertThat(x.read()).isDeepEqualTo(values);

            device().rmsNorm(x.tensor(), w, 1e-5f, x.tensor());

            assertThat(x.read()).isDeepEqualTo(actual);
        }
        device().release(w);
    }

    @Test
    default void addRmsNormAddsIntoTheResidualAndNormalisesTheSum() {
        Randoms random = new Randoms(2);
        float[][] residual = random.matrix(7, 99);
        float[][] values = random.matrix(7, 99);
        float[] weight = random.vector(99);
        Tensor w = vector(weight);
        try (DeviceMatrix sum = DeviceMatrix.of(device(), residual);
                DeviceMatrix x = DeviceMatrix.of(device(), values)) {

            device().addRmsNorm(sum.tensor(), x.tensor(), w, 1e-6f, x.tensor());

            float[][] sums = sum.read();
            float[][] normed = x.read();
            for (int r = 0; r < 7; r++) {
                for (int c = 0; c < 99; c++) {
                    assertThat(sums[r][c]).isEqualTo(residual[r][c] + values[r][c]);
                }
                assertClose(normed[r], Oracle.rmsNorm(sums[r], weight, 1e-6f));
            }
        }
        device().release(w);
    }

    @Test
    default void addAndAddBiasAddInPlace() {
        Randoms random = new Randoms(3);
        float[][] values = random.matrix(5, 33);
        float[][] others = random.matrix(5, 33);
        float[] bias = random.vector(33);
        Tensor b = vector(bias);
        try (DeviceMatrix x = DeviceMatrix.of(device(), values);
                DeviceMatrix y = DeviceMatrix.of(device(), others)) {

            device().add(x.tensor(), y.tensor());
            device().addBias(x.tensor(), b);

            float[][] actual = x.read();
            for (int r = 0; r < 5; r++) {
                for (int c = 0; c < 33; c++) {
                    assertThat(actual[r][c]).isEqualTo(values[r][c] + others[r][c] + bias[c]);
                }
            }
        }
        device().release(b);
    }

    @ParameterizedTest
    @EnumSource
    default void gatedActivationGatesTheSecondHalf(Activation activation) {
        Randoms random = new Randoms(4);
        float[][] values = random.matrix(6, 2 * 61);
        values[0][0] = 40;
        values[0][1] = -90;
        values[0][2] = 0;
        values[0][3] = -200;
        try (DeviceMatrix x = DeviceMatrix.of(device(), values);
                DeviceMatrix out = DeviceMatrix.blank(device(), 6, 61)) {

            device().gatedActivation(activation, x.tensor(), out.tensor());

            float[][] actual = out.read();
            for (int r = 0; r < 6; r++) {
                double[] expected = new double[61];
                for (int c = 0; c < 61; c++) {
                    double gate = values[r][c];
                    double f =
                            activation == Activation.SILU
                                    ? Oracle.silu(gate)
                                    : Oracle.geluTanh(gate);
                    expected[c] = f * values[r][61 + c];
                }
                assertClose(actual[r], expected);
            }
        }
    }

    @Test
    default void gatherLogitRowsCopiesTheRowsThatTheBatchNames() {
        float[][] values = new Randoms(5).matrix(6, 29);
        try (ForwardBatch batch = new ForwardBatch(6, 2, 1, 16);
                DeviceMatrix x = DeviceMatrix.of(device(), values);
                DeviceMatrix out = DeviceMatrix.blank(device(), 3, 29)) {
            batch.add(new int[4], 0, 4, new int[1], 1, true);
            batch.add(new int[2], 0, 2, new int[1], 1, true);
            batch.addLogitRow(0);

            device().gatherLogitRows(x.tensor(), batch, out.tensor());

            assertThat(out.read()).isDeepEqualTo(new float[][] {values[3], values[5], values[0]});
        }
    }

    @Test
    default void argmaxTakesTheFirstOfEqualsAndNeverNaN() {
        float nan = Float.NaN;
        float infinity = Float.NEGATIVE_INFINITY;
        float[][] values = new Randoms(6).matrix(6, 1003);
        values[0][700] = 9;
        values[0][1002] = 9;
        values[1][1002] = 11;
        Arrays.fill(values[2], nan);
        Arrays.fill(values[3], nan);
        values[3][501] = infinity;
        values[4][3] = nan;
        values[4][17] = 10;
        Arrays.fill(values[5], infinity);
        try (Arena arena = Arena.ofConfined();
                DeviceMatrix x = DeviceMatrix.of(device(), values)) {
            MemorySegment ids = arena.allocate(ValueLayout.JAVA_INT, 6);

            device().argmax(x.tensor(), ids);

            assertThat(ids.toArray(ValueLayout.JAVA_INT))
                    .containsExactly(700, 1002, -1, 501, 17, 0);
        }
    }

    @Test
    default void shapesThatDoNotFitAreNamed() {
        try (DeviceMatrix x = DeviceMatrix.blank(device(), 3, 8);
                DeviceMatrix y = DeviceMatrix.blank(device(), 3, 9)) {
            Tensor weight = vector(1, 2, 3);

            assertThatThrownBy(() -> device().add(x.tensor(), y.tensor()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("add: y is F32[3, 9], expected F32[3, 8]");
            assertThatThrownBy(() -> device().rmsNorm(x.tensor(), weight, 1, x.tensor()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("rmsNorm: weight is F32[3], expected F32[a divisor of 8]");

            device().release(weight);
        }
    }
}
