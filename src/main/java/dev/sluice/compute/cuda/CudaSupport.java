package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/// Whether this machine has an NVIDIA driver and a GPU that can be used.
public sealed interface CudaSupport {
    /// Major compute capability of the oldest GPUs that the kernels are compiled for.
    int NEEDED_CAPABILITY = 8;

    /// The driver works and shows at least one GPU.
    ///
    /// @param version the CUDA version that the driver supports, as 1000 times major plus 10 times
    ///   minor
    record Usable(int version, List<Gpu> gpus) implements CudaSupport {
        public Usable {
            gpus = List.copyOf(gpus);
        }
    }

    /// It can't be used.
    ///
    /// @param reason a sentence without its full stop
    record Unusable(String reason) implements CudaSupport {}

    /// A GPU.
    ///
    /// @param major first part of the compute capability
    /// @param minor second part
    /// @param memoryBytes all memory of the GPU
    record Gpu(String name, int major, int minor, long memoryBytes) {
        /// One line about it.
        public String describe() {
            return String.format(
                    Locale.ROOT, "%s (sm_%d%d, %.1f GB)", name, major, minor, memoryBytes / 1e9);
        }
    }

    /// Opens the driver's library, if there is one, and asks it. The first call on a machine with a
    /// GPU takes some tenths of a second; no GPU memory is taken. Safe on any thread.
    static CudaSupport inspect() {
        if (Cuda.isEmulated()) {
            return new Unusable("this process uses the emulated driver");
        }
        if (!Cuda.isPresent()) {
            return new Unusable("no NVIDIA driver (" + Cuda.file() + ") here");
        }
        try {
            int version = Cuda.driverVersion();
            if (version < Cuda.NEEDED_VERSION) {
                return new Unusable(
                        "the NVIDIA driver supports CUDA %s, and %s is needed: driver 580 or newer"
                                .formatted(name(version), name(Cuda.NEEDED_VERSION)));
            }
            Cuda.initialize();
            List<Gpu> gpus = IntStream.range(0, Cuda.deviceCount()).mapToObj(Cuda::gpu).toList();
            return gpus.isEmpty()
                    ? new Unusable("the NVIDIA driver shows no GPU")
                    : new Usable(version, gpus);
        } catch (DeviceException e) {
            return new Unusable("the NVIDIA driver shows no usable GPU: " + e.getMessage());
        }
    }

    /// Why a model can't run on the first `ranks` GPUs of this machine.
    ///
    /// @return a sentence without its full stop; empty if it can
    static Optional<String> trouble(int ranks) {
        return switch (inspect()) {
            case Unusable(String reason) -> Optional.of(reason);
            case Usable usable -> troubleOf(usable.gpus(), ranks);
        };
    }

    private static Optional<String> troubleOf(List<Gpu> gpus, int ranks) {
        if (!KernelImages.inThisBuild()) {
            return Optional.of("this build has no kernels for GPUs, for there was no nvcc");
        }
        if (!Cublas.isPresent()) {
            return Optional.of("cuBLAS (%s) is not here".formatted(Cublas.file()));
        }
        return troubleOfRanks(gpus, ranks)
                .or(() ->
                        gpus.stream()
                                .limit(ranks)
                                .filter(gpu -> gpu.major() < NEEDED_CAPABILITY)
                                .findFirst()
                                .map(gpu ->
                                        "%s is too old: compute capability %d.0 or newer is needed"
                                                .formatted(gpu.describe(), NEEDED_CAPABILITY)));
    }

    /// Why so many GPUs can't be used together, though there is one that can.
    ///
    /// @return a sentence without its full stop; empty if they can
    static Optional<String> troubleOfRanks(List<Gpu> gpus, int ranks) {
        if (ranks > gpus.size()) {
            return Optional.of(
                    "%d ranks need as many GPUs, and there %s"
                            .formatted(ranks, gpus.size() == 1 ? "is one" : "are " + gpus.size()));
        }
        return ranks == 1 || Nccl.isPresent()
                ? Optional.empty()
                : Optional.of(
                        "several GPUs need NCCL (%s), which is not here".formatted(Nccl.file()));
    }

    /// Whether the emulated driver was built with the program.
    static boolean canEmulate() {
        return EmulatedDriver.file().isPresent();
    }

    private static String name(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }
}
