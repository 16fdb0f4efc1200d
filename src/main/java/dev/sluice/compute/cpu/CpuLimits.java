package dev.sluice.compute.cpu;

import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// What this machine does at most now, measured with the threads of a device: neighbours count.
///
/// @param bytesPerSecond memory read, in the quickest order of several
/// @param float32 operations a second, a multiplication and an addition being two; empty where the
///   plain kernels run
/// @param bfloat16 the same with the instructions that bfloat16 matrices use
/// @param int8 the same for quantised matrices
public record CpuLimits(
        double bytesPerSecond,
        OptionalDouble float32,
        OptionalDouble bfloat16,
        OptionalDouble int8) {
    private static final long MEMORY_BYTES = 512L << 20;
    private static final long WINDOW_BYTES = 1L << 20;
    private static final long ROUNDS = 20_000;
    private static final int UNITS_PER_THREAD = 16;
    private static final int REPEATS = 8;
    private static final double NANOS = 1e9;

    /// Measures; takes about a second, and half a gigabyte meanwhile. Call while nothing else runs.
    ///
    /// @throws dev.sluice.compute.DeviceException if the options name kernels that can't run, or
    ///   there is not enough memory
    public static CpuLimits measure(CpuOptions options) {
        try (CpuKernels kernels = KernelChoice.open(options);
                CpuThreads threads = new CpuThreads(options.threads());
                CpuMemory memory = new CpuMemory()) {
            return new CpuLimits(
                    reading(kernels, threads, memory.allocate(MEMORY_BYTES, true).data()),
                    arithmetic(kernels, threads, WeightFormat.Encoding.F32),
                    arithmetic(kernels, threads, WeightFormat.Encoding.BF16),
                    arithmetic(kernels, threads, WeightFormat.Encoding.INT8));
        }
    }

    /// The peak for matrices of a format, as [dev.sluice.compute.PackedMatrix#format()] has it.
    public OptionalDouble arithmetic(String format) {
        if (format.startsWith("int")) {
            return int8;
        }
        return format.startsWith("bf16") ? bfloat16 : float32;
    }

    private static double reading(CpuKernels kernels, CpuThreads threads, MemorySegment data) {
        // Pages that were never written are one page of zeros.
        data.fill((byte) 1);
        return Arrays.stream(ReadOrder.values())
                .mapToDouble(order -> reading(kernels.reader(order), threads, data))
                .max()
                .orElseThrow();
    }

    private static double reading(
            Consumer<MemorySegment> reader, CpuThreads threads, MemorySegment data) {
        Units windows =
                (begin, end) -> {
                    for (long window = begin; window < end; window++) {
                        reader.accept(data.asSlice(window * WINDOW_BYTES, WINDOW_BYTES));
                    }
                };
        return best(() -> {
            threads.run("limits", windows, MEMORY_BYTES / WINDOW_BYTES, 1);
            return MEMORY_BYTES;
        });
    }

    private static OptionalDouble arithmetic(
            CpuKernels kernels, CpuThreads threads, WeightFormat.Encoding format) {
        AtomicLong operations = new AtomicLong();
        Units units = (_, _) -> operations.addAndGet(kernels.peak(format, ROUNDS));
        double best =
                best(() -> {
                    operations.set(0);
                    threads.run("limits", units, (long) UNITS_PER_THREAD * threads.count(), 1);
                    return operations.get();
                });
        return best > 0 ? OptionalDouble.of(best) : OptionalDouble.empty();
    }

    /// The highest rate of several runs, each of which says how much it did.
    private static double best(LongSupplier run) {
        double best = 0;
        for (int i = 0; i < REPEATS; i++) {
            long begin = System.nanoTime();
            long amount = run.getAsLong();
            best = Math.max(best, amount * NANOS / (System.nanoTime() - begin));
        }
        return best;
    }
}
