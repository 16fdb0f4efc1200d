package dev.sluice.conformance;

import java.util.Arrays;
import java.util.Locale;

/// Durations, for their percentiles.
final class Times {
    private long[] nanos = new long[1024];
    private int size;

    void add(long duration) {
        if (size == nanos.length) {
            nanos = Arrays.copyOf(nanos, 2 * size);
        }
        nanos[size++] = duration;
    }

    private double micros(double share) {
        return size == 0 ? 0 : nanos[(int) Math.min(size - 1, Math.floor(share * size))] / 1e3;
    }

    @Override
    public String toString() {
        Arrays.sort(nanos, 0, size);
        return String.format(
                Locale.ROOT,
                "%d times, in microseconds: p50 %.1f, p90 %.1f, p99 %.1f, p99.9 %.1f, most %.0f",
                size,
                micros(0.5),
                micros(0.9),
                micros(0.99),
                micros(0.999),
                micros(1));
    }
}
