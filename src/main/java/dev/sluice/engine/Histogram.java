package dev.sluice.engine;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.stream.LongStream;

/// Counts observations in buckets. Written by one thread, read by any.
final class Histogram {
    private final double[] upperBounds;
    private final AtomicLongArray counts;
    private final DoubleAdder sum = new DoubleAdder();

    /// @param upperBounds inclusive, ascending; one more bucket takes what is above
    Histogram(double... upperBounds) {
        this.upperBounds = upperBounds.clone();
        this.counts = new AtomicLongArray(upperBounds.length + 1);
    }

    void observe(double value) {
        int at = Arrays.binarySearch(upperBounds, value);
        counts.incrementAndGet(at < 0 ? -at - 1 : at);
        sum.add(value);
    }

    StatsSnapshot.Distribution snapshot() {
        return new StatsSnapshot.Distribution(
                Arrays.stream(upperBounds).boxed().toList(),
                LongStream.range(0, counts.length()).map(i -> counts.get((int) i)).boxed().toList(),
                sum.sum());
    }
}
