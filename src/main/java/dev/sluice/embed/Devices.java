package dev.sluice.embed;

import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cuda.CudaDevice;
import dev.sluice.compute.cuda.CudaOptions;
import dev.sluice.compute.cuda.CudaSupport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;

/// Opens the device that the options ask for.
public final class Devices {
    private static final Logger LOG = LoggerFactory.getLogger(Devices.class);

    private Devices() {}

    /// Opens it for the calling thread.
    ///
    /// @return owned by the caller
    /// @throws ConfigurationException if this machine has no such device
    /// @throws DeviceException if it can't be used
    static Device open(ComputeOptions options) {
        CudaOptions cuda = options.gpu().toCuda();
        return switch (options.device()) {
            case AUTO -> trouble().isEmpty() ? CudaDevice.open(cuda) : cpu(options);
            case CPU -> CpuDevice.open(options.cpu());
            case CUDA -> {
                trouble()
                        .ifPresent(reason -> {
                            throw new ConfigurationException(
                                    "--device cuda can't be used: %s; --device cpu can."
                                            .formatted(reason));
                        });
                yield CudaDevice.open(cuda);
            }
            case CUDA_SIM -> emulated(cuda);
        };
    }

    private static Device cpu(ComputeOptions options) {
        LOG.debug("no GPU is used: {}", trouble().orElse("there is none"));
        return CpuDevice.open(options.cpu());
    }

    private static Device emulated(CudaOptions cuda) {
        if (!CudaSupport.canEmulate()) {
            throw new ConfigurationException(
                    "--device cuda-sim can't be used: the emulated GPU was not built, for there was"
                            + " no g++; --device cpu can.");
        }
        LOG.warn(
                "--device cuda-sim runs the GPU's code on the processor: for trials and tests, and"
                        + " slow");
        return CudaDevice.open(cuda.withEmulation());
    }

    /// Why no GPU is used on this machine, as a sentence without its full stop; empty if one is.
    public static Optional<String> trouble() {
        return switch (CudaSupport.inspect()) {
            case CudaSupport.Unusable(String reason) -> Optional.of(reason);
            case CudaSupport.Usable _ ->
                    CudaSupport.hasKernels()
                            ? Optional.empty()
                            : Optional.of(
                                    "this build has no kernels for GPUs, for there was no nvcc");
        };
    }

    /// Whether the memory of a device is a GPU's, where all of it must be there at once.
    static boolean isGpu(Device device) {
        return device instanceof CudaDevice;
    }
}
