package dev.sluice.compute.cpu;

import dev.sluice.compute.DType;

import java.lang.foreign.MemorySegment;

/// Plain twin of `sl_pack`.
final class JavaPack implements Units {
    private final Panels dst;
    private final PanelFormat format;
    private final KernelArgs.Pack args;

    JavaPack(KernelArgs.Pack args) {
        this.args = args;
        this.dst = args.dst();
        this.format = dst.format();
    }

    @Override
    public void run(long begin, long end) {
        SourceRows rows = new SourceRows(args.source(), args.rowOrder());
        float[] row = new float[PanelFormat.paddedCols(dst.cols())];
        int firstRow = args.dstRow();
        int endRow = firstRow + args.source().rows();
        for (long panel = begin; panel < end; panel++) {
            int from = (int) Math.max(firstRow, panel * PanelFormat.WIDTH);
            int to = (int) Math.min(endRow, (panel + 1) * PanelFormat.WIDTH);
            for (int r = from; r < to; r++) {
                packRow(rows, r - firstRow, panel, r % PanelFormat.WIDTH, row);
            }
        }
    }

    private void packRow(SourceRows rows, int logicalRow, long panel, int n, float[] row) {
        DType type = args.source().dtype();
        if (type.isQuantized() && format.equals(PanelFormat.ofSource(type))) {
            for (int g = 0; g < dst.blocks(); g++) {
                carryOver(rows.group(logicalRow, g), dst.blockOffset(panel, g), n);
            }
            return;
        }
        rows.floats(logicalRow, row);
        for (int g = 0; g < dst.blocks(); g++) {
            long block = dst.blockOffset(panel, g);
            int count = Math.min(PanelFormat.BLOCK, dst.cols() - g * PanelFormat.BLOCK);
            if (format.isQuantized()) {
                quantize(row, g * PanelFormat.BLOCK, count, block, n);
            } else {
                writeFloats(row, g * PanelFormat.BLOCK, count, block, n);
            }
        }
    }

    private void writeFloats(float[] row, int from, int count, long block, int n) {
        MemorySegment data = dst.data();
        for (int i = 0; i < count; i++) {
            float w = row[from + i];
            switch (format.encoding()) {
                case F32 -> Bits.setF32At(data, block + 4L * (i * 32 + n), w);
                case F16 -> Bits.setI16At(data, block + 2L * (i * 32 + n), Float.floatToFloat16(w));
                case BF16 ->
                        Bits.setI16At(
                                data, block + 2L * (i / 2 * 64 + n * 2 + i % 2), Bits.toBf16(w));
                default -> throw new IllegalStateException("no float format: " + format);
            }
        }
    }

    /// Writes a group of the source with its own scales and codes.
    private void carryOver(GgufGroup group, long block, int n) {
        MemorySegment data = dst.data();
        if (format.scaleBits() == 16) {
            Bits.setI16At(data, block + 2L * n, group.scaleBits);
            if (format.hasMin()) {
                Bits.setI16At(data, block + 64 + 2L * n, group.minBits);
            }
        } else {
            Bits.setF32At(data, block + 4L * n, group.scale);
            if (format.group() == 16) {
                Bits.setF32At(data, block + 128 + 4L * n, group.upperScale);
            }
            if (format.hasMin()) {
                Bits.setF32At(data, block + 128 + 4L * n, group.min);
            }
        }
        for (int i = 0; i < GgufGroup.SIZE; i++) {
            writeCode(block, n, i, group.q[i]);
        }
    }

    /// Quantises up to 32 values to one float16 scale and codes.
    private void quantize(float[] row, int from, int count, long block, int n) {
        boolean bytes = format.encoding() == PanelFormat.Encoding.INT8;
        float extreme = 0;
        for (int i = from; i < from + count; i++) {
            if (Math.abs(row[i]) > Math.abs(extreme)) {
                extreme = row[i];
            }
        }
        short bits = Float.floatToFloat16(bytes ? Math.abs(extreme) / 127f : extreme / -8f);
        float d = Float.float16ToFloat(bits);
        float inverse = d == 0 ? 0 : 1 / d;
        Bits.setI16At(dst.data(), block + 2L * n, bits);
        for (int i = 0; i < count; i++) {
            int q = (int) Math.rint(row[from + i] * inverse);
            writeCode(block, n, i, bytes ? Math.clamp(q, -127, 127) : Math.clamp(q, -8, 7));
        }
    }

    private void writeCode(long block, int n, int i, int q) {
        MemorySegment data = dst.data();
        long codes = block + format.headBytes();
        if (format.encoding() == PanelFormat.Encoding.INT8) {
            Bits.setU8(data, codes + (i / 4) * 128L + n * 4L + i % 4, q + 128);
            return;
        }
        long at = codes + (i / 8) * 128L + n * 4L + i % 4;
        int nibble = format.hasMin() ? q : q + 8;
        int old = Bits.u8(data, at);
        Bits.setU8(data, at, i % 8 < 4 ? (old & 0xF0) | nibble : (old & 0x0F) | nibble << 4);
    }
}
