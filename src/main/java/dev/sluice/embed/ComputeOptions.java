package dev.sluice.embed;

import dev.sluice.compute.DType;
import dev.sluice.compute.Packing;
import dev.sluice.compute.cpu.CpuOptions;

import java.util.Optional;
import java.util.OptionalInt;

/// On what and how exactly an engine computes.
///
/// @param device where it runs
/// @param threads of the CPU device, at most [#MOST_THREADS]; empty for one a core
/// @param precision type of the arithmetic
/// @param quantization makes the weights smaller than the file has them
/// @param gpu how a GPU is used
/// @param tensorParallelSize ranks that the model is spread over; 1 for one device as it is
public record ComputeOptions(
        DeviceKind device,
        OptionalInt threads,
        Precision precision,
        Optional<Quantization> quantization,
        GpuOptions gpu,
        int tensorParallelSize) {
    /// Most threads of the CPU device.
    public static final int MOST_THREADS = 1_024;

    /// @throws ConfigurationException if the values contradict each other
    public ComputeOptions {
        if (precision == Precision.FLOAT32 && quantization.isPresent()) {
            throw new ConfigurationException(
                    "--dtype float32 computes with exact weights and --quantization with rounded"
                            + " ones; choose one of them.");
        }
        if (threads.isPresent() && (threads.getAsInt() < 1 || threads.getAsInt() > MOST_THREADS)) {
            throw new ConfigurationException(
                    "--threads must be in [1, %,d] and is %d."
                            .formatted(MOST_THREADS, threads.getAsInt()));
        }
        if (tensorParallelSize < 1) {
            throw new ConfigurationException("--tensor-parallel-size must be at least 1.");
        }
    }

    /// One rank, with what a GPU does by default.
    public ComputeOptions(
            DeviceKind device,
            OptionalInt threads,
            Precision precision,
            Optional<Quantization> quantization) {
        this(device, threads, precision, quantization, GpuOptions.defaults(), 1);
    }

    /// The best device, all of its cores, the precision of the model's file.
    public static ComputeOptions defaults() {
        return new ComputeOptions(
                DeviceKind.AUTO, OptionalInt.empty(), Precision.AUTO, Optional.empty());
    }

    /// The same with another number of threads.
    public ComputeOptions withThreads(int number) {
        return new ComputeOptions(
                device, OptionalInt.of(number), precision, quantization, gpu, tensorParallelSize);
    }

    /// The same on another device.
    public ComputeOptions withDevice(DeviceKind other) {
        return new ComputeOptions(other, threads, precision, quantization, gpu, tensorParallelSize);
    }

    /// The same with another use of a GPU.
    public ComputeOptions withGpu(GpuOptions other) {
        return new ComputeOptions(
                device, threads, precision, quantization, other, tensorParallelSize);
    }

    /// The same with another type of the arithmetic.
    public ComputeOptions withPrecision(Precision other) {
        return new ComputeOptions(device, threads, other, quantization, gpu, tensorParallelSize);
    }

    /// The same with weights made smaller.
    public ComputeOptions withQuantization(Quantization other) {
        return new ComputeOptions(
                device, threads, precision, Optional.of(other), gpu, tensorParallelSize);
    }

    /// The same spread over several ranks.
    public ComputeOptions withTensorParallelSize(int ranks) {
        return new ComputeOptions(device, threads, precision, quantization, gpu, ranks);
    }

    /// What the weights become when they are loaded.
    public Packing packing() {
        if (quantization.isPresent()) {
            return quantization.get() == Quantization.WINT8 ? Packing.INT8 : Packing.INT4;
        }
        return switch (precision) {
            case AUTO -> Packing.SOURCE;
            case BFLOAT16 -> Packing.BFLOAT16;
            case FLOAT32 -> Packing.FLOAT32;
        };
    }

    /// The CPU device's part of it.
    public CpuOptions cpu() {
        CpuOptions defaults = CpuOptions.defaults();
        return threads.isPresent() ? defaults.withThreads(threads.getAsInt()) : defaults;
    }

    /// The type of keys and values.
    public DType kvDtype() {
        return precision == Precision.FLOAT32 ? DType.F32 : DType.BF16;
    }
}
