package dev.sluice.compute.cpu;

import dev.sluice.compute.Activation;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.weights.Bits;

import java.lang.foreign.MemorySegment;

/// Plain twins of the operations that work row by row.
final class JavaRows {
    private static final float GELU_SLOPE = (float) Math.sqrt(2 / Math.PI);

    private JavaRows() {}

    static void embedding(KernelArgs.Embedding args, long begin, long end) {
        PanelBlock block = new PanelBlock();
        Panels table = args.table();
        float[] row = new float[PanelLayout.paddedCols(table.cols())];
        for (long token = begin; token < end; token++) {
            int id = Bits.i32(args.ids(), token);
            if (id < 0) {
                writeRow(new float[row.length], args.out(), token);
                continue;
            }
            int n = id % PanelLayout.WIDTH;
            for (int b = 0; b < table.blocks(); b++) {
                block.readFloats(table, id / PanelLayout.WIDTH, b);
                for (int i = 0; i < PanelLayout.BLOCK; i++) {
                    row[b * 32 + i] = args.scale() * block.w[i * 32 + n];
                }
            }
            writeRow(row, args.out(), token);
        }
    }

    static void rmsNorm(KernelArgs.RmsNorm args, long begin, long end) {
        float[] row = new float[args.x().columns()];
        float[] weight = vector(args.weight());
        for (long r = begin; r < end; r++) {
            readRow(args.x(), r, row);
            normalize(row, weight, args.eps());
            writeRow(row, args.out(), r);
        }
    }

    static void addRmsNorm(KernelArgs.AddRmsNorm args, long begin, long end) {
        float[] sum = new float[args.x().columns()];
        float[] row = new float[args.x().columns()];
        float[] weight = vector(args.weight());
        for (long r = begin; r < end; r++) {
            readRow(args.residual(), r, sum);
            readRow(args.x(), r, row);
            for (int i = 0; i < row.length; i++) {
                sum[i] += row[i];
            }
            writeRow(sum, args.residual(), r);
            normalize(sum, weight, args.eps());
            writeRow(sum, args.out(), r);
        }
    }

    private static void normalize(float[] row, float[] weight, float eps) {
        int group = weight.length;
        for (int first = 0; first < row.length; first += group) {
            double squares = 0;
            for (int i = 0; i < group; i++) {
                squares += (double) row[first + i] * row[first + i];
            }
            float factor = (float) (1 / Math.sqrt(squares / group + eps));
            for (int i = 0; i < group; i++) {
                row[first + i] = weight[i] * (row[first + i] * factor);
            }
        }
    }

    static void add(KernelArgs.Add args, long begin, long end) {
        Tensor x = args.x();
        float[] sum = new float[x.columns()];
        float[] y = new float[x.columns()];
        for (long r = begin; r < end; r++) {
            readRow(x, r, sum);
            Bits.readF32(args.y(), r * args.yStride(), y, 0, y.length);
            for (int i = 0; i < sum.length; i++) {
                sum[i] += y[i];
            }
            writeRow(sum, x, r);
        }
    }

    static void gatedActivation(KernelArgs.GatedActivation args, long begin, long end) {
        int cols = args.out().columns();
        float[] row = new float[2 * cols];
        boolean silu = args.activation() == Activation.SILU;
        for (long r = begin; r < end; r++) {
            readRow(args.gateUp(), r, row);
            for (int i = 0; i < cols; i++) {
                float gate = row[i];
                row[i] = (silu ? silu(gate) : geluTanh(gate)) * row[cols + i];
            }
            writeRow(row, args.out(), r);
        }
    }

    private static float silu(float x) {
        return x / (1 + (float) Math.exp(-x));
    }

    private static float geluTanh(float x) {
        float u = GELU_SLOPE * (x + 0.044715f * x * x * x);
        return x / (1 + (float) Math.exp(-2 * u));
    }

    static void gatherRows(KernelArgs.GatherRows args, long begin, long end) {
        float[] row = new float[args.x().columns()];
        for (long r = begin; r < end; r++) {
            readRow(args.x(), Bits.i32(args.rows(), r), row);
            writeRow(row, args.out(), r);
        }
    }

    static void argmax(KernelArgs.Argmax args, long begin, long end) {
        float[] row = new float[args.x().columns()];
        for (long r = begin; r < end; r++) {
            readRow(args.x(), r, row);
            float largest = Float.NEGATIVE_INFINITY;
            int at = -1;
            for (int i = 0; i < row.length; i++) {
                if (row[i] > largest || (at < 0 && row[i] == largest)) {
                    largest = row[i];
                    at = i;
                }
            }
            Bits.setI32At(args.ids(), 4 * r, at);
        }
    }

    private static float[] vector(Tensor weight) {
        float[] values = new float[weight.shape().dim(0)];
        Bits.readF32(weight.data(), 0, values, 0, values.length);
        return values;
    }

    private static void readRow(Tensor x, long row, float[] into) {
        Bits.readF32(x.data(), row * x.rowStride(), into, 0, x.columns());
    }

    /// Writes the first values of an array as a row.
    private static void writeRow(float[] from, Tensor out, long row) {
        MemorySegment data = out.data();
        Bits.writeF32(from, 0, data, row * out.rowStride(), out.columns());
    }
}
