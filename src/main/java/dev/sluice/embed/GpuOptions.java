package dev.sluice.embed;

import dev.sluice.compute.cuda.CudaOptions;

/// How a GPU is used; of no effect elsewhere.
///
/// @param memoryUtilization share of the GPU's memory that is used, more than 0 and at most 1
/// @param eager starts every kernel of a decoding step by itself rather than replaying a captured
///   graph
public record GpuOptions(double memoryUtilization, boolean eager) {
    /// Default of `memoryUtilization`.
    public static final double MEMORY_UTILIZATION = CudaOptions.GPU_MEMORY_UTILIZATION;

    /// @throws ConfigurationException if the share is out of its range
    public GpuOptions {
        if (!(memoryUtilization > 0 && memoryUtilization <= 1)) {
            throw new ConfigurationException(
                    "--gpu-memory-utilization must be more than 0 and at most 1 and is %s."
                            .formatted(memoryUtilization));
        }
    }

    /// Nine tenths of the memory, graphs.
    public static GpuOptions defaults() {
        return new GpuOptions(MEMORY_UTILIZATION, false);
    }

    /// The device's form of it.
    CudaOptions toCuda() {
        CudaOptions options = CudaOptions.defaults().withGpuMemoryUtilization(memoryUtilization);
        return eager ? options.withoutGraphs() : options;
    }
}
