package dev.sluice.compute.cpu;

import java.nio.file.Path;
import java.util.Optional;

/// How the CPU device is set up.
///
/// @param threads threads of one operation, the engine thread among them; at least 1
/// @param kernels which kernels run
/// @param library the native library; when empty it is looked for beside the program
public record CpuOptions(int threads, Kernels kernels, Optional<Path> library) {

    /// Checks the number of threads.
    ///
    /// @throws IllegalArgumentException if there is not one thread at least
    public CpuOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("the CPU device needs a thread, got " + threads);
        }
    }

    /// A thread for each processor that this process may use (container limits count), the best
    /// kernels, and the library that was installed with the program.
    public static CpuOptions defaults() {
        return new CpuOptions(
                Runtime.getRuntime().availableProcessors(), Kernels.AUTO, Optional.empty());
    }

    /// The same with other kernels.
    public CpuOptions withKernels(Kernels other) {
        return new CpuOptions(threads, other, library);
    }

    /// The same with another number of threads.
    public CpuOptions withThreads(int other) {
        return new CpuOptions(other, kernels, library);
    }
}
