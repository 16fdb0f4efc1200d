package dev.sluice.cli;

import dev.sluice.embed.ComputeOptions;
import dev.sluice.embed.DeviceKind;
import dev.sluice.embed.GpuOptions;
import dev.sluice.embed.Precision;
import dev.sluice.embed.Quantization;

import picocli.CommandLine.Option;

import java.util.Optional;
import java.util.OptionalInt;

/// On what and how exactly a model is computed: shared by all commands that run one.
final class ComputeFlags {
    @Option(
            names = "--device",
            paramLabel = "auto|cpu|cuda|cuda-sim",
            defaultValue = "auto",
            description =
                    "Where the model runs. cuda is an NVIDIA GPU; cuda-sim runs the GPU's code on"
                            + " the processor, slowly, for trials. Default: auto, the best that"
                            + " there is")
    private DeviceKind device = DeviceKind.AUTO;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Threads of the CPU device. Default: one a core")
    private Optional<Integer> threads = Optional.empty();

    @Option(
            names = "--dtype",
            paramLabel = "auto|bfloat16|float32",
            defaultValue = "auto",
            description =
                    "Type of the arithmetic. auto keeps the precision of the model's file;"
                            + " float32 computes everything exactly, slowly. Default: auto")
    private Precision precision = Precision.AUTO;

    @Option(
            names = "--quantization",
            paramLabel = "wint8|wint4",
            converter = QuantizationName.class,
            description = "Makes the weights smaller while loading them.")
    private Optional<Quantization> quantization = Optional.empty();

    @Option(
            names = {"--tensor-parallel-size", "-tp"},
            paramLabel = "N",
            defaultValue = "1",
            description =
                    "Ranks that each layer is spread over; N divides the heads and the feed-forward"
                            + " width. On the CPU they share the threads; on GPUs each has one, the"
                            + " first N. Default: 1")
    private int tensorParallelSize = 1;

    @Option(
            names = "--gpu-memory-utilization",
            paramLabel = "SHARE",
            defaultValue = "" + GpuOptions.MEMORY_UTILIZATION,
            description =
                    "Share of a GPU's memory that weights, activations and the KV pool may take."
                            + " Default: ${DEFAULT-VALUE}")
    private double gpuMemoryUtilization = GpuOptions.MEMORY_UTILIZATION;

    @Option(
            names = "--enforce-eager",
            description = "On a GPU, runs decoding steps kernel by kernel, without graphs.")
    private boolean eager;

    ComputeOptions toOptions() {
        return toOptions(true);
    }

    /// @param graphs whether a GPU may decode with graphs, unless a flag says no
    ComputeOptions toOptions(boolean graphs) {
        OptionalInt number = threads.map(OptionalInt::of).orElseGet(OptionalInt::empty);
        GpuOptions gpu = new GpuOptions(gpuMemoryUtilization, eager || !graphs);
        return new ComputeOptions(device, number, precision, quantization, gpu, tensorParallelSize);
    }
}
