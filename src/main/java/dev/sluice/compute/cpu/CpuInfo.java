package dev.sluice.compute.cpu;

import java.nio.file.Path;

/// What the CPU device finds on this machine and would run.
///
/// @param library the native library, or why there is none
/// @param supported best instruction set that library and processor share, for example
///   `avx512-bf16-vnni` or `amx-bf16`; `java` without a library
/// @param inUse the kernels that run: an instruction set, or `java`
/// @param threads threads of one operation
public record CpuInfo(Library library, String supported, String inUse, int threads) {

    /// The native library, or why there is none.
    public sealed interface Library {
        /// A library that can be used.
        ///
        /// @param path where it lies
        record Found(Path path) implements Library {}

        /// No library: the plain Java twins run.
        ///
        /// @param reason a sentence for humans
        record Absent(String reason) implements Library {}
    }
}
