package dev.sluice.conformance;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Counts what became of rows, by kind.
final class Report {
    private static final int SHOWN = 5;

    private final Map<String, Double> floors;
    private final Map<String, Tally> tallies = new LinkedHashMap<>();
    private final List<String> unreadable;

    private static final class Tally {
        private int right;
        private int wrong;
        private int refused;
        private int skipped;
        private final List<String> examples = new ArrayList<>();
        private final List<String> skipReasons = new ArrayList<>();

        private double percent() {
            int tried = right + wrong + refused;
            return tried == 0 ? 100 : 100.0 * right / tried;
        }
    }

    /// @param unreadable files and lines that gave no rows; each counts as skipped
    Report(Map<String, Double> floors, List<String> unreadable) {
        this.floors = floors;
        this.unreadable = unreadable;
        floors.keySet().forEach(kind -> tallies.put(kind, new Tally()));
    }

    void add(String kind, Row row, Verdict verdict) {
        Tally tally = tallies.computeIfAbsent(kind, _ -> new Tally());
        switch (verdict) {
            case Verdict.Right _ -> tally.right++;
            case Verdict.Wrong(String difference) -> {
                tally.wrong++;
                example(tally.examples, row.place() + ": wrong: " + difference);
            }
            case Verdict.Refused(String reason) -> {
                tally.refused++;
                example(tally.examples, row.place() + ": refused: " + reason);
            }
            case Verdict.Skipped(String reason) -> {
                tally.skipped++;
                if (!tally.skipReasons.contains(reason)) {
                    example(tally.skipReasons, reason);
                }
            }
        }
    }

    private static void example(List<String> examples, String text) {
        if (examples.size() < SHOWN) {
            examples.add(text);
        }
    }

    void print(PrintWriter out) {
        unreadable.stream().limit(20).forEach(each -> out.println("can't read " + each));
        if (unreadable.size() > 20) {
            out.println("can't read " + (unreadable.size() - 20) + " more");
        }
        tallies.forEach((kind, tally) -> print(out, kind, tally));
        out.println(passed() + " passed, " + failed() + " failed, " + skipped() + " skipped");
        out.flush();
    }

    private void print(PrintWriter out, String kind, Tally tally) {
        out.printf(
                Locale.ROOT,
                "%s: %d right, %d wrong, %d refused, %d skipped (%.2f %%, at least %.2f %% needed)%n",
                kind,
                tally.right,
                tally.wrong,
                tally.refused,
                tally.skipped,
                tally.percent(),
                floors.getOrDefault(kind, 100.0));
        tally.examples.forEach(example -> out.println("    " + example));
        tally.skipReasons.forEach(reason -> out.println("    skipped: " + reason));
    }

    int passed() {
        return tallies.values().stream().mapToInt(tally -> tally.right).sum();
    }

    int failed() {
        return tallies.values().stream().mapToInt(tally -> tally.wrong + tally.refused).sum();
    }

    int skipped() {
        return unreadable.size() + tallies.values().stream().mapToInt(tally -> tally.skipped).sum();
    }

    /// Whether every kind is at its floor.
    boolean reachesFloors() {
        return tallies.entrySet().stream()
                .allMatch(entry ->
                        entry.getValue().percent() >= floors.getOrDefault(entry.getKey(), 100.0));
    }
}
