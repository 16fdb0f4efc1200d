package dev.sluice.compute.check;

import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.weights.SourceRows;
import dev.sluice.compute.weights.WeightFormat;

import java.util.stream.IntStream;

/// Products with packed weights, and rows of packed tables, against double precision.
///
/// @param type of the weights in a file
/// @param n rows of activations
/// @param outputs rows of the weights
/// @param inputs columns of the weights
record LinearTrials(DType type, int n, int outputs, int inputs) {
    /// Products that the reference has time for; of larger matrices some outputs are compared.
    private static final long MOST_PRODUCTS = 40_000_000;

    /// Rows of activations up to which a device multiplies quantised weights as they are.
    private static final int FEW_ROWS = 64;

    private static final double FLOAT32 = 0x1p-24;
    private static final double FLOAT16 = 0x1p-11;
    private static final double BFLOAT16 = 0x1p-8;

    /// A product. Errors count in units of the sum of all magnitudes.
    Trial product() {
        String shape = "%s %d x %d to %d".formatted(weights(), n, inputs, outputs);
        return new Trial("linear", shape, allowed(), this::multiply, this::exactProduct);
    }

    private String weights() {
        String label = WeightFormat.ofSource(type).label();
        return type.isQuantized() ? label + " (" + type + ")" : label;
    }

    /// Roundings of the sum, and those of operands to 16 bits. Quantised weights are multiplied as
    /// they are for a few rows, and rounded to bfloat16 like the activations for more.
    private double allowed() {
        double sum = (inputs + 8) * FLOAT32;
        return switch (type) {
            case F32 -> sum;
            case F16 -> sum + FLOAT16;
            case BF16 -> sum + BFLOAT16;
            default -> n <= FEW_ROWS ? sum : sum + (1 + BFLOAT16) * (1 + BFLOAT16) - 1;
        };
    }

    private Trial.Run multiply(Lab lab) {
        Tensor x = lab.random(n, inputs);
        PackedMatrix w = lab.pack(lab.weights(type, outputs, inputs));
        Tensor out = lab.blank(DType.F32, n, outputs);
        return new Trial.Run(() -> lab.device().linear(x, w, out), () -> lab.read(out));
    }

    private Expected exactProduct(Lab lab) {
        float[] x = lab.normal(n * inputs);
        SourceRows rows = new SourceRows(lab.weights(type, outputs, inputs));
        int step = (int) Math.ceilDiv((long) n * inputs * outputs, MOST_PRODUCTS);
        int columns = Math.ceilDiv(outputs, step);
        int[] at = new int[n * columns];
        double[] values = new double[at.length];
        double[] scales = new double[at.length];
        float[] w = new float[inputs];
        for (int c = 0; c < columns; c++) {
            rows.floats(c * step, w);
            for (int r = 0; r < n; r++) {
                int i = c * n + r;
                at[i] = r * outputs + c * step;
                for (int k = 0; k < inputs; k++) {
                    double product = (double) x[r * inputs + k] * w[k];
                    values[i] += product;
                    scales[i] += Math.abs(product);
                }
            }
        }
        return new Expected(at, values, scales);
    }

    /// Rows of the weights by tokens.
    Trial embedding() {
        String shape = "%s %d of %d x %d".formatted(weights(), n, outputs, inputs);
        return new Trial("embedding", shape, 4 * FLOAT32, this::lookUp, this::exactRows);
    }

    private Trial.Run lookUp(Lab lab) {
        int[] ids = ids(lab);
        PackedMatrix table = lab.pack(lab.weights(type, outputs, inputs));
        Tensor out = lab.blank(DType.F32, n, inputs);
        ForwardBatch batch = lab.batch(n, 1, 1, 2 * n);
        batch.add(ids, 0, n, new int[1], 1, false);
        return new Trial.Run(
                () -> lab.device().embedding(table, batch, 1.5f, out), () -> lab.read(out));
    }

    private int[] ids(Lab lab) {
        return IntStream.range(0, n).map(_ -> lab.below(outputs)).toArray();
    }

    private Expected exactRows(Lab lab) {
        int[] ids = ids(lab);
        MatrixSource source = lab.weights(type, outputs, inputs);
        SourceRows rows = new SourceRows(source);
        float[] all = new float[n * inputs];
        float[] row = new float[inputs];
        for (int t = 0; t < n; t++) {
            rows.floats(ids[t], row);
            for (int k = 0; k < inputs; k++) {
                all[t * inputs + k] = 1.5f * row[k];
            }
        }
        return Expected.of(all);
    }
}
