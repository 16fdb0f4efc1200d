package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.TensorParallelDevice;

import java.util.ArrayList;
import java.util.List;

/// Several GPUs of this machine as one device, each of them a rank.
public final class CudaRanks {
    private CudaRanks() {}

    /// Opens GPUs for the calling thread, which drives them all, and connects them by NCCL.
    ///
    /// Steps run kernel by kernel: nothing is captured as a graph.
    ///
    /// @param options of each; its GPU is the first, those of the next ordinals follow
    /// @param ranks at least 2
    /// @return owned by the caller, who closes it on the same thread
    /// @throws DeviceException if there are fewer, one can't be used, or NCCL can't connect them
    public static TensorParallelDevice open(CudaOptions options, int ranks) {
        if (options.emulated()) {
            EmulatedDriver.install(options.ordinal() + ranks);
        }
        List<CudaDevice> devices = new ArrayList<>();
        boolean complete = false;
        try {
            for (int rank = 0; rank < ranks; rank++) {
                devices.add(
                        CudaDevice.open(
                                options.withoutGraphs().withOrdinal(options.ordinal() + rank)));
            }
            TensorParallelDevice opened =
                    TensorParallelDevice.of(
                            List.copyOf(devices), NcclCollectives.open(List.copyOf(devices)));
            complete = true;
            return opened;
        } finally {
            if (!complete) {
                devices.reversed().forEach(CudaDevice::close);
            }
        }
    }
}
