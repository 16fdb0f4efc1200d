package dev.sluice.compute.cpu;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;
import dev.sluice.compute.weights.Bits;
import dev.sluice.compute.weights.SourceRows;
import dev.sluice.compute.weights.WeightFormat;
import dev.sluice.compute.weights.WeightGroup;

import java.lang.foreign.MemorySegment;

/// Plain twin of `sl_pack`.
final class JavaPack implements Units {
    private final Panels dst;
    private final WeightFormat format;
    private final KernelArgs.Pack args;

    JavaPack(KernelArgs.Pack args) {
        this.args = args;
        this.dst = args.dst();
        this.format = dst.format();
    }

    @Override
    public void run(long begin, long end) {
        SourceRows rows = new SourceRows(args.source());
        float[] row = new float[PanelLayout.paddedCols(dst.cols())];
        int firstRow = args.dstRow();
        int endRow = firstRow + args.source().rows();
        for (long panel = begin; panel < end; panel++) {
            int from = (int) Math.max(firstRow, panel * PanelLayout.WIDTH);
            int to = (int) Math.min(endRow, (panel + 1) * PanelLayout.WIDTH);
            for (int r = from; r < to; r++) {
                packRow(rows, r - firstRow, panel, r % PanelLayout.WIDTH, row);
            }
        }
    }

    private void packRow(SourceRows rows, int logicalRow, long panel, int n, float[] row) {
        DType type = args.source().dtype();
        if (type.isQuantized() && format.equals(WeightFormat.ofSource(type))) {
            for (int g = 0; g < dst.blocks(); g++) {
                WeightGroup group = rows.group(logicalRow, g);
                writeGroup(group, WeightGroup.SIZE, dst.blockOffset(panel, g), n);
                if (PanelLayout.hasRowScales(format) && g == 0) {
                    long scales = PanelLayout.scalesAt(format, dst.cols());
                    long at = panel * dst.panelBytes() + scales + 4L * n;
                    Bits.setF32At(dst.data(), at, group.scale());
                }
            }
            return;
        }
        rows.floats(logicalRow, row);
        WeightGroup quantized = new WeightGroup();
        for (int g = 0; g < dst.blocks(); g++) {
            long block = dst.blockOffset(panel, g);
            int count = Math.min(PanelLayout.BLOCK, dst.cols() - g * PanelLayout.BLOCK);
            if (format.isQuantized()) {
                quantized.quantize(row, g * PanelLayout.BLOCK, count, format.encoding());
                writeGroup(quantized, count, block, n);
            } else {
                writeFloats(row, g * PanelLayout.BLOCK, count, block, n);
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
                                data, block + 2L * (i / 2 * 64 + n * 2 + i % 2), Bfloat16.bits(w));
                default -> throw new IllegalStateException("no float format: " + format);
            }
        }
    }

    private void writeGroup(WeightGroup group, int count, long block, int n) {
        MemorySegment data = dst.data();
        if (PanelLayout.hasRowScales(format)) {
            writeCodes(group, count, block, n);
            return;
        }
        if (format.scaleBits() == 16) {
            Bits.setI16At(data, block + 2L * n, group.scaleBits());
            if (format.hasMin()) {
                Bits.setI16At(data, block + 64 + 2L * n, group.minBits());
            }
        } else {
            Bits.setF32At(data, block + 4L * n, group.scale());
            if (format.group() == 16) {
                Bits.setF32At(data, block + 128 + 4L * n, group.upperScale());
            }
            if (format.hasMin()) {
                Bits.setF32At(data, block + 128 + 4L * n, group.min());
            }
        }
        writeCodes(group, count, block, n);
    }

    private void writeCodes(WeightGroup group, int count, long block, int n) {
        for (int i = 0; i < count; i++) {
            writeCode(block, n, i, group.code(i));
        }
    }

    private void writeCode(long block, int n, int i, int q) {
        MemorySegment data = dst.data();
        long codes = block + PanelLayout.headBytes(format);
        if (format.encoding() != WeightFormat.Encoding.INT4) {
            Bits.setU8(data, codes + (i / 4) * 128L + n * 4L + i % 4, q + 128);
            return;
        }
        long at = codes + (i / 8) * 128L + n * 4L + i % 4;
        int nibble = format.hasMin() ? q : q + 8;
        int old = Bits.u8(data, at);
        Bits.setU8(data, at, i % 8 < 4 ? (old & 0xF0) | nibble : (old & 0x0F) | nibble << 4);
    }
}
