package dev.sluice.compute.cuda;

/// How the CUDA device is set up.
///
/// @param emulated runs the kernels on the processor, by the emulated driver that is built with the
///   program: for trials and tests, and slow
/// @param gpuMemoryUtilization share of the GPU's memory that may be used, more than 0 and at most
///   1
/// @param eager starts every kernel of a decoding step by itself rather than replaying a captured
///   graph
/// @param ordinal which GPU, counted from 0
public record CudaOptions(
        boolean emulated, double gpuMemoryUtilization, boolean eager, int ordinal) {
    /// Default of `gpuMemoryUtilization`.
    public static final double GPU_MEMORY_UTILIZATION = 0.9;

    /// @throws IllegalArgumentException if a value is out of its range
    public CudaOptions {
        if (!(gpuMemoryUtilization > 0 && gpuMemoryUtilization <= 1) || ordinal < 0) {
            throw new IllegalArgumentException(
                    "GPU %d with %s of its memory".formatted(ordinal, gpuMemoryUtilization));
        }
    }

    /// The first GPU, nine tenths of its memory, graphs.
    public static CudaOptions defaults() {
        return new CudaOptions(false, GPU_MEMORY_UTILIZATION, false, 0);
    }

    /// The same with the emulated driver.
    public CudaOptions withEmulation() {
        return new CudaOptions(true, gpuMemoryUtilization, eager, ordinal);
    }

    /// The same with another share of the memory.
    public CudaOptions withGpuMemoryUtilization(double share) {
        return new CudaOptions(emulated, share, eager, ordinal);
    }

    /// The same on another GPU.
    public CudaOptions withOrdinal(int other) {
        return new CudaOptions(emulated, gpuMemoryUtilization, eager, other);
    }

    /// The same without graphs.
    public CudaOptions withoutGraphs() {
        return new CudaOptions(emulated, gpuMemoryUtilization, true, ordinal);
    }
}
