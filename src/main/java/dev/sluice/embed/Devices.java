package dev.sluice.embed;

import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.TensorParallelDevice;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cuda.CudaDevice;
import dev.sluice.compute.cuda.CudaOptions;
import dev.sluice.compute.cuda.CudaRanks;
import dev.sluice.compute.cuda.CudaSupport;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;

/// Opens the device that the options ask for.
public final class Devices {
    private static final Logger LOG = LoggerFactory.getLogger(Devices.class);

    private Devices() {}

    /// A device that is open.
    ///
    /// @param isGpu whether its memory is a GPU's, where all of it must be there at once
    record Opened(Device device, boolean isGpu) {}

    /// Opens it for the calling thread, with all of its ranks.
    ///
    /// @return owned by the caller
    /// @throws ConfigurationException if this machine has no such device
    /// @throws DeviceException if it can't be used
    public static Device openDevice(ComputeOptions options) {
        return open(options).device();
    }

    /// Like [#openDevice], and tells where it is.
    static Opened open(ComputeOptions options) {
        CudaOptions cuda = options.gpu().toCuda();
        int ranks = options.tensorParallelSize();
        return switch (choose(options)) {
            case AUTO, CPU -> cpu(options);
            case CUDA -> gpu(cuda, ranks);
            case CUDA_SIM -> emulated(cuda, ranks);
        };
    }

    /// What the options come to on this machine; nothing is opened.
    ///
    /// @return never [DeviceKind#AUTO]
    /// @throws ConfigurationException if this machine has no such device
    public static DeviceKind choose(ComputeOptions options) {
        int ranks = options.tensorParallelSize();
        return switch (options.device()) {
            case AUTO -> automatic(ranks);
            case CPU -> DeviceKind.CPU;
            case CUDA -> {
                CudaSupport.trouble(ranks)
                        .ifPresent(reason -> {
                            throw new ConfigurationException(
                                    "--device cuda can't be used: %s; --device cpu can."
                                            .formatted(reason));
                        });
                yield DeviceKind.CUDA;
            }
            case CUDA_SIM -> {
                if (!CudaSupport.canEmulate()) {
                    throw new ConfigurationException(
                            "--device cuda-sim can't be used: the emulated GPU was not built, for"
                                    + " there was no g++; --device cpu can.");
                }
                yield DeviceKind.CUDA_SIM;
            }
        };
    }

    private static DeviceKind automatic(int ranks) {
        Optional<String> trouble = CudaSupport.trouble(ranks);
        if (trouble.isEmpty()) {
            return DeviceKind.CUDA;
        }
        if (ranks > 1 && trouble().isEmpty()) {
            LOG.warn("the model runs on the CPU: {}", trouble.get());
        } else {
            LOG.debug("no GPU is used: {}", trouble.get());
        }
        return DeviceKind.CPU;
    }

    /// All ranks share the one CPU device.
    private static Opened cpu(ComputeOptions options) {
        Device device = CpuDevice.open(options.cpu());
        int ranks = options.tensorParallelSize();
        return new Opened(ranks == 1 ? device : TensorParallelDevice.sharing(device, ranks), false);
    }

    private static Opened gpu(CudaOptions cuda, int ranks) {
        return new Opened(ranks == 1 ? CudaDevice.open(cuda) : CudaRanks.open(cuda, ranks), true);
    }

    private static Opened emulated(CudaOptions cuda, int ranks) {
        LOG.warn(
                "--device cuda-sim runs the GPU's code on the processor: for trials and tests, and"
                        + " slow");
        return gpu(cuda.withEmulation(), ranks);
    }

    /// Why no GPU is used on this machine, as a sentence without its full stop; empty if one is.
    public static Optional<String> trouble() {
        return CudaSupport.trouble(1);
    }
}
