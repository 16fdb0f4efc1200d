package dev.sluice.compute.cpu;

import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// Opens the CPU device on one level of the native kernels, or skips the test with a sentence.
final class NativeLevels {
    private NativeLevels() {}

    static CpuDevice open(Kernels level, int threads) {
        CpuOptions options = CpuOptions.defaults().withThreads(threads);
        CpuInfo info = CpuDevice.inspect(options);
        if (info.library() instanceof CpuInfo.Library.Absent(String reason)) {
            abort("no native kernels to test: " + reason);
        }
        boolean runs =
                switch (level) {
                    case AVX2 -> !info.supported().equals("plain");
                    case AVX512 ->
                            info.supported().startsWith("avx512")
                                    || info.supported().startsWith("amx");
                    case AMX -> info.supported().startsWith("amx");
                    default -> true;
                };
        assumeTrue(runs, "this processor has no " + level + ", only " + info.supported());
        return CpuDevice.open(options.withKernels(level));
    }
}
