package dev.sluice.compute.cuda;

import dev.sluice.compute.weights.WeightFormat;

import java.util.Locale;

/// How kernels that read weights are named and what they are told: the twin of
/// `native/cuda/weights.cuh`.
final class WeightArguments {
    private WeightArguments() {}

    /// End of the names of the kernels for a format, for example `int8_min32`.
    static String suffix(WeightFormat format) {
        String word = format.encoding().name().toLowerCase(Locale.ROOT);
        if (!format.isQuantized()) {
            return word;
        }
        String min = format.hasMin() ? "_min" + (format.scaleBits() == 32 ? "32" : "") : "";
        return word + min + (format.group() == 16 ? "_group16" : "");
    }

    /// Where the rows lie, as the first arguments of a kernel.
    static CudaFunction weights(CudaFunction kernel, CudaMatrix.Segment w) {
        RowLayout layout = w.layout();
        boolean scaled = layout.format().isQuantized();
        return kernel.i64(w.memory().address())
                .i64(layout.rowBytes())
                .i32(scaled ? layout.scaleOffset() : 0)
                .i32(scaled ? layout.minOffset() : 0)
                .i32(w.rows())
                .i32(layout.cols());
    }
}
