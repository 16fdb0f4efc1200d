package dev.sluice.grammar;

import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Durations and what each was spent on.
final class SpeedTimes {
    private static final double[] SHARES = {0.5, 0.9, 0.95, 0.99, 0.999, 1};
    private static final String[] NAMES = {"p50", "p90", "p95", "p99", "p99.9", "most"};

    private final List<Entry> entries = new ArrayList<>();

    private record Entry(long nanos, String place) {}

    void add(long nanos, String place) {
        entries.add(new Entry(nanos, place));
    }

    private double[] micros() {
        return entries.stream().mapToDouble(entry -> entry.nanos / 1e3).sorted().toArray();
    }

    private static double percentile(double[] sorted, double share) {
        return sorted[(int) Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    }

    static String heading() {
        StringBuilder line = new StringBuilder("us         times     mean");
        for (String name : NAMES) {
            line.append("%9s".formatted(name));
        }
        return line.toString();
    }

    @Override
    public String toString() {
        double[] sorted = micros();
        if (sorted.length == 0) {
            return "none";
        }
        StringBuilder line = new StringBuilder("%7d".formatted(sorted.length));
        line.append(String.format(Locale.ROOT, "%9.1f", Arrays.stream(sorted).average().orElse(0)));
        for (double share : SHARES) {
            line.append(String.format(Locale.ROOT, "%9.1f", percentile(sorted, share)));
        }
        return line.toString();
    }

    void write(ObjectNode node) {
        double[] sorted = micros();
        node.put("times", sorted.length);
        node.put("mean", Arrays.stream(sorted).average().orElse(0));
        for (int i = 0; i < SHARES.length; i++) {
            node.put(NAMES[i], percentile(sorted, SHARES[i]));
        }
    }

    List<String> slowest(int count) {
        return entries.stream()
                .sorted(Comparator.comparingLong(entry -> -entry.nanos))
                .limit(count)
                .map(entry -> "%,12d ns %s".formatted(entry.nanos, entry.place))
                .toList();
    }
}
