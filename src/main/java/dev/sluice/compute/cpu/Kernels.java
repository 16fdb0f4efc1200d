package dev.sluice.compute.cpu;

/// Which kernels the CPU device runs.
public enum Kernels {
    /// Native kernels at the best level of the processor where the library is there, else Java.
    AUTO,
    /// The plain Java twins.
    JAVA,
    /// Native kernels in portable C.
    PLAIN,
    /// Native kernels with AVX2, FMA and F16C.
    AVX2,
    /// Native kernels with AVX-512, BF16 and VNNI.
    AVX512,
    /// The same, and AMX for bfloat16 matrices.
    AMX
}
