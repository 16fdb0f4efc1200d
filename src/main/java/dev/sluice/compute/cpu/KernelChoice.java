package dev.sluice.compute.cpu;

/// Turns options into kernels.
final class KernelChoice {
    private KernelChoice() {}

    static CpuKernels open(CpuOptions options) {
        return new JavaKernels();
    }

    static CpuInfo inspect(CpuOptions options) {
        return new CpuInfo(
                new CpuInfo.Library.Absent("not built"),
                JavaKernels.NAME,
                JavaKernels.NAME,
                options.threads());
    }
}
