package dev.sluice.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/// What `sluice bench` found out.
///
/// @param model its name
/// @param device in words
/// @param bandwidth bytes a second that memory was read with in the same run
/// @param peakOperations operations a second that the processor did with the instructions of this
///   model's matrices in the same run, where that can be measured
/// @param loadSeconds from the file to an engine that takes requests
/// @param memory of the process
/// @param rows what was measured
record BenchReport(
        String model,
        String device,
        double bandwidth,
        OptionalDouble peakOperations,
        double loadSeconds,
        Memory memory,
        List<Row> rows) {
    private static final double MEGA = 1e6;
    private static final double GIGA = 1e9;
    private static final String ROW = "%-28s %12s %12s %8s %10s  %s";
    private static final String EXPLANATION =
            """
            limit: each step reads every weight once, at the bandwidth, and computes its products, at
            the arithmetic peak; nothing can be quicker than the slower of the two. Keys, values and
            attention come on top. GFLOP/s: two operations a weight and token. Memory rule: what the
            process may take. Each figure is the best of several runs.\
            """;

    /// What the process took, and what it may take.
    ///
    /// @param weightBytes of the packed weights
    /// @param touchedBytes of the blocks of keys and values that were used
    /// @param peakBytes that were resident at once, where the system tells
    record Memory(long weightBytes, long touchedBytes, OptionalLong peakBytes) {
        /// The JVM, its heap and working memory.
        private static final long ALLOWANCE = 250_000_000;

        /// Bytes that the peak is to stay under.
        long ruleBytes() {
            return weightBytes + touchedBytes + ALLOWANCE;
        }

        private String rule() {
            return "%s MB: %s MB of weights, %s MB of touched keys and values, %s MB for all else"
                    .formatted(
                            mega(ruleBytes()),
                            mega(weightBytes),
                            mega(touchedBytes),
                            mega(ALLOWANCE));
        }
    }

    /// One measurement.
    ///
    /// @param name for machines, with its unit
    /// @param label for humans
    /// @param unit of value and limit
    /// @param value what was measured
    /// @param limit what memory and arithmetic allow at best
    /// @param gigaflops arithmetic of the products a second
    record Row(
            String name,
            String label,
            String unit,
            double value,
            OptionalDouble limit,
            OptionalDouble gigaflops) {
        /// Of which more is better.
        static final String TOKENS_PER_SECOND = "tokens/s";

        /// Of which less is better.
        static final String MILLISECONDS = "ms";

        /// The same where no limit is known.
        Row withoutLimit() {
            return new Row(name, label, unit, value, OptionalDouble.empty(), gigaflops);
        }

        private String line() {
            return String.format(
                    ROW,
                    label,
                    number(OptionalDouble.of(value), 1, ""),
                    number(limit, 1, ""),
                    number(share(), 0, " %"),
                    number(gigaflops, 0, ""),
                    unit);
        }

        /// Percent of the limit.
        private OptionalDouble share() {
            if (limit.isEmpty()) {
                return OptionalDouble.empty();
            }
            double share = value / limit.getAsDouble();
            return OptionalDouble.of(100 * (unit.equals(MILLISECONDS) ? 1 / share : share));
        }
    }

    BenchReport {
        rows = List.copyOf(rows);
    }

    String toTable() {
        List<String> lines = new ArrayList<>();
        lines.add(
                "model             %s, %s MB of weights"
                        .formatted(model, mega(memory.weightBytes())));
        lines.add("device            " + device);
        lines.add(
                "memory bandwidth  %s GB/s, measured in this run"
                        .formatted(number(OptionalDouble.of(bandwidth / GIGA), 1, "")));
        peakOperations.ifPresent(peak ->
                lines.add(
                        "arithmetic peak   %s GFLOP/s, measured in this run"
                                .formatted(number(OptionalDouble.of(peak / GIGA), 0, ""))));
        lines.add("load              " + number(OptionalDouble.of(loadSeconds), 2, " s"));
        memory.peakBytes()
                .ifPresent(peak -> lines.add("peak memory       " + mega(peak) + " MB resident"));
        lines.add("memory rule       " + memory.rule());
        lines.add("");
        lines.add(String.format(ROW, "", "measured", "limit", "of it", "GFLOP/s", ""));
        rows.forEach(row -> lines.add(row.line()));
        lines.add("");
        lines.add(EXPLANATION);
        return lines.stream()
                .map(line -> line.stripTrailing() + "\n")
                .collect(Collectors.joining());
    }

    String toJson() {
        JsonObject json =
                new JsonObject()
                        .put("model", model)
                        .put("device", device)
                        .put("weight_bytes", memory.weightBytes())
                        .put("touched_kv_bytes", memory.touchedBytes())
                        .put("memory_rule_bytes", memory.ruleBytes())
                        .put("memory_bandwidth_bytes_per_second", bandwidth)
                        .put("load_seconds", loadSeconds);
        peakOperations.ifPresent(peak -> json.put("arithmetic_peak_operations_per_second", peak));
        memory.peakBytes().ifPresent(peak -> json.put("peak_rss_bytes", peak));
        JsonArray results = new JsonArray();
        for (Row row : rows) {
            JsonObject result =
                    new JsonObject()
                            .put("name", row.name())
                            .put("value", row.value())
                            .put("unit", row.unit());
            row.limit().ifPresent(limit -> result.put("limit", limit));
            row.gigaflops().ifPresent(g -> result.put("gigaflops", g));
            results.add(result);
        }
        return json.put("results", results).encodePrettily();
    }

    private static String mega(long bytes) {
        return number(OptionalDouble.of(bytes / MEGA), 0, "");
    }

    private static String number(OptionalDouble value, int decimals, String unit) {
        return value.isEmpty()
                ? "-"
                : BigDecimal.valueOf(value.getAsDouble())
                                .setScale(decimals, RoundingMode.HALF_EVEN)
                                .toPlainString()
                        + unit;
    }
}
