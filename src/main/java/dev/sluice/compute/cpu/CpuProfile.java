package dev.sluice.compute.cpu;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Where the time of a CPU device goes, operation by operation, between a start and a stop.
///
/// Off until it is started. For the thread that the device's operations are called on.
public final class CpuProfile {
    private final int threads;
    private final Map<String, Sum> sums = new HashMap<>();
    private boolean on;
    private long startNanos;
    private long totalNanos;

    /// What one kind of operation took.
    ///
    /// @param name the operation, matrices with their size
    /// @param calls how often it ran
    /// @param wallNanos from the call to its return; where threads go on with their rows without
    ///   waiting, the mean of what passed until each went on, and at last until all had come
    /// @param busyNanos that the threads worked on it, all together; who waits may have helped
    ///   another with an operation that lies behind it, so that it can be more than `wallNanos` of
    ///   all threads
    public record Row(String name, long calls, long wallNanos, long busyNanos) {}

    private static final class Sum {
        private long calls;
        private long wallNanos;
        private long busyNanos;
    }

    CpuProfile(int threads) {
        this.threads = threads;
    }

    /// Threads of the device.
    public int threads() {
        return threads;
    }

    /// Forgets what was measured and begins.
    public void start() {
        sums.clear();
        on = true;
        startNanos = System.nanoTime();
    }

    /// Ends the measurement.
    public void stop() {
        totalNanos = System.nanoTime() - startNanos;
        on = false;
    }

    boolean isOn() {
        return on;
    }

    void add(String name, long wallNanos, long busyNanos) {
        Sum sum = sums.computeIfAbsent(name, _ -> new Sum());
        sum.calls++;
        sum.wallNanos += wallNanos;
        sum.busyNanos += busyNanos;
    }

    /// Nanoseconds between start and stop.
    public long totalNanos() {
        return totalNanos;
    }

    /// What was measured, the longest first. What is missing of [#totalNanos()] passed outside of
    /// the operations.
    public List<Row> rows() {
        return sums.entrySet().stream()
                .map(entry -> {
                    Sum sum = entry.getValue();
                    return new Row(entry.getKey(), sum.calls, sum.wallNanos, sum.busyNanos);
                })
                .sorted(Comparator.comparingLong(Row::wallNanos).reversed())
                .toList();
    }
}
