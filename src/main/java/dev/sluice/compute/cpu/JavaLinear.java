package dev.sluice.compute.cpu;

import dev.sluice.compute.weights.Bits;
import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Plain twin of `sl_linear`.
///
/// Walks a panel block by block, unpacks the block once and adds its products to all rows, inputs
/// in order. The inner loops run over the 32 outputs so that the compiler can vectorise them.
final class JavaLinear implements Units {
    private static final int WIDTH = PanelLayout.WIDTH;
    private static final int BLOCK = PanelLayout.BLOCK;

    private final KernelArgs.Linear args;
    private final Panels w;
    private final int rows;

    JavaLinear(KernelArgs.Linear args) {
        this.args = args;
        this.w = args.w();
        this.rows = args.x().rows();
    }

    @Override
    public void run(long begin, long end) {
        PanelBlock block = new PanelBlock();
        float[] sums = new float[rows * WIDTH];
        for (long panel = begin; panel < end; panel++) {
            if (PanelLayout.hasRowScales(w.format())) {
                multiplyBytes(block, panel, sums);
                store(sums, panel);
                continue;
            }
            Arrays.fill(sums, 0);
            for (int b = 0; b < w.blocks(); b++) {
                if (w.format().isQuantized()) {
                    block.readCodes(w, panel, b);
                    addIntegers(block, b, sums);
                } else {
                    block.readFloats(w, panel, b);
                    addFloats(block.w, b, sums);
                }
            }
            store(sums, panel);
        }
    }

    private void addFloats(float[] weights, int block, float[] sums) {
        float[] x = new float[BLOCK];
        for (int row = 0; row < rows; row++) {
            readActivations(row, block, x);
            int s = row * WIDTH;
            for (int i = 0; i < BLOCK; i += 4) {
                float x0 = x[i];
                float x1 = x[i + 1];
                float x2 = x[i + 2];
                float x3 = x[i + 3];
                int at = i * WIDTH;
                for (int n = 0; n < WIDTH; n++) {
                    sums[s + n] =
                            sums[s + n]
                                    + x0 * weights[at + n]
                                    + x1 * weights[at + 32 + n]
                                    + x2 * weights[at + 64 + n]
                                    + x3 * weights[at + 96 + n];
                }
            }
        }
    }

    private void readActivations(int row, int block, float[] x) {
        int first = block * BLOCK;
        if (w.format().encoding() == WeightFormat.Encoding.BF16) {
            long at = row * args.preparedStride() + 2L * first;
            for (int i = 0; i < BLOCK; i++) {
                x[i] = Bits.bf16At(args.prepared(), at + 2L * i);
            }
            return;
        }
        int count = Math.min(BLOCK, w.cols() - first);
        Arrays.fill(x, count, BLOCK, 0);
        Bits.readF32(args.x().data(), row * args.x().rowStride() + first, x, 0, count);
    }

    private void multiplyBytes(PanelBlock block, long panel, float[] sums) {
        MemorySegment prepared = args.prepared();
        int padded = PanelLayout.paddedCols(w.cols());
        byte[] x = new byte[BLOCK];
        int[] t = new int[WIDTH];
        int[] totals = new int[rows * WIDTH];
        for (int b = 0; b < w.blocks(); b++) {
            block.readCodes(w, panel, b);
            for (int row = 0; row < rows; row++) {
                long at = row * args.preparedStride() + (long) b * BLOCK;
                MemorySegment.copy(prepared, ValueLayout.JAVA_BYTE, at, x, 0, BLOCK);
                multiply(block.q, x, 0, BLOCK, t);
                for (int n = 0; n < WIDTH; n++) {
                    totals[row * WIDTH + n] += t[n];
                }
            }
        }
        for (int row = 0; row < rows; row++) {
            float scale = Bits.f32At(prepared, row * args.preparedStride() + padded);
            for (int n = 0; n < WIDTH; n++) {
                int s = row * WIDTH + n;
                sums[s] = totals[s] * (block.scales[n] * scale);
            }
        }
    }

    private void addIntegers(PanelBlock block, int b, float[] sums) {
        int group = w.format().group();
        int padded = PanelLayout.paddedCols(w.cols());
        int groups = padded / BLOCK;
        byte[] x = new byte[BLOCK];
        int[] t = new int[WIDTH];
        MemorySegment prepared = args.prepared();
        for (int row = 0; row < rows; row++) {
            long at = row * args.preparedStride();
            MemorySegment.copy(prepared, ValueLayout.JAVA_BYTE, at + (long) b * BLOCK, x, 0, BLOCK);
            float scale = Bits.f32At(prepared, at + padded + 4L * b);
            int s = row * WIDTH;
            for (int first = 0; first < BLOCK; first += group) {
                multiply(block.q, x, first, group, t);
                int of = first == 0 ? 0 : WIDTH;
                for (int n = 0; n < WIDTH; n++) {
                    sums[s + n] += t[n] * (block.scales[of + n] * scale);
                }
            }
            if (w.format().hasMin()) {
                float sum = Bits.f32At(prepared, at + padded + 12L * groups + 4L * b);
                for (int n = 0; n < WIDTH; n++) {
                    sums[s + n] += block.mins[n] * sum;
                }
            }
        }
    }

    /// `t[n]` = sum over the inputs `[first, first + count)` of `q * x`.
    private static void multiply(int[] q, byte[] x, int first, int count, int[] t) {
        Arrays.fill(t, 0);
        for (int i = first; i < first + count; i += 4) {
            int x0 = x[i];
            int x1 = x[i + 1];
            int x2 = x[i + 2];
            int x3 = x[i + 3];
            int at = i * WIDTH;
            for (int n = 0; n < WIDTH; n++) {
                t[n] +=
                        x0 * q[at + n]
                                + x1 * q[at + 32 + n]
                                + x2 * q[at + 64 + n]
                                + x3 * q[at + 96 + n];
            }
        }
    }

    private void store(float[] sums, long panel) {
        long first = panel * WIDTH;
        int count = (int) Math.min(WIDTH, w.rows() - first);
        for (int row = 0; row < rows; row++) {
            long at = row * args.out().rowStride() + args.column() + first;
            Bits.writeF32(sums, row * WIDTH, args.out().data(), at, count);
        }
    }
}
