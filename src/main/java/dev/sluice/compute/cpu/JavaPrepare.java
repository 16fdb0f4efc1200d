package dev.sluice.compute.cpu;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.weights.Bits;

import java.lang.foreign.MemorySegment;

/// Plain twin of `sl_prepare`.
final class JavaPrepare implements Units {
    private static final int GROUP = 32;
    private static final float NOTHING = 1e-30f;

    private final KernelArgs.Prepare args;
    private final int padded;

    JavaPrepare(KernelArgs.Prepare args) {
        this.args = args;
        this.padded = PanelLayout.paddedCols(args.x().columns());
    }

    @Override
    public void run(long begin, long end) {
        float[] x = new float[padded];
        int cols = args.x().columns();
        for (long row = begin; row < end; row++) {
            Bits.readF32(args.x().data(), row * args.x().rowStride(), x, 0, cols);
            long at = row * args.kind().stride(cols);
            if (args.kind() == Prepared.BF16) {
                for (int k = 0; k < padded; k++) {
                    Bits.setI16At(args.out(), at + 2L * k, Bfloat16.bits(x[k]));
                }
            } else if (args.kind() == Prepared.INT8_ROW) {
                quantizeRow(x, at);
            } else {
                for (int g = 0; g < padded / GROUP; g++) {
                    quantize(x, g, at);
                }
            }
        }
    }

    private void quantizeRow(float[] x, long row) {
        float largest = 0;
        for (float value : x) {
            // No number is larger than one that is none.
            largest = Math.abs(value) > largest ? Math.abs(value) : largest;
        }
        boolean nothing = largest < NOTHING;
        float inverse = nothing ? 0 : 127f / largest;
        int sum = 0;
        for (int k = 0; k < padded; k++) {
            int q = (int) Math.rint(x[k] * inverse);
            Bits.setU8(args.out(), row + k, q);
            sum += q;
        }
        Bits.setF32At(args.out(), row + padded, nothing ? 0 : largest / 127f);
        Bits.setI32At(args.out(), row + padded + 4L, -128 * sum);
    }

    private void quantize(float[] x, int group, long row) {
        MemorySegment out = args.out();
        int first = group * GROUP;
        float largest = 0;
        for (int k = first; k < first + GROUP; k++) {
            largest = Math.max(largest, Math.abs(x[k]));
        }
        boolean nothing = largest < NOTHING;
        float scale = nothing ? 0 : largest / 127f;
        float inverse = nothing ? 0 : 127f / largest;
        int lower = 0;
        int upper = 0;
        for (int i = 0; i < GROUP; i++) {
            int q = (int) Math.rint(x[first + i] * inverse);
            Bits.setU8(out, row + first + i, q);
            if (i < GROUP / 2) {
                lower += q;
            } else {
                upper += q;
            }
        }
        int sum = lower + upper;
        long tables = row + padded;
        long groups = padded / GROUP;
        Bits.setF32At(out, tables + 4L * group, scale);
        Bits.setI32At(out, tables + 4 * (groups + group), -128 * sum);
        Bits.setI32At(out, tables + 4 * (2 * groups + group), -8 * sum);
        Bits.setF32At(out, tables + 4 * (3 * groups + group), scale * sum);
        Bits.setI32At(out, tables + 4 * (4 * groups + 2L * group), -128 * lower);
        Bits.setI32At(out, tables + 4 * (4 * groups + 2L * group + 1), -128 * upper);
    }
}
