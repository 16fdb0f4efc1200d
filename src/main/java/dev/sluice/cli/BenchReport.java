package dev.sluice.cli;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/// What `sluice bench` found out.
///
/// @param model its name
/// @param device in words
/// @param weightBytes memory of the packed weights
/// @param bandwidth bytes a second that memory was read with in the same run
/// @param loadSeconds from the file to an engine that takes requests
/// @param peakBytes most resident memory of the process, where the system tells
/// @param rows what was measured
record BenchReport(
        String model,
        String device,
        long weightBytes,
        double bandwidth,
        double loadSeconds,
        OptionalLong peakBytes,
        List<Row> rows) {
    private static final double MEGA = 1e6;
    private static final double GIGA = 1e9;

    /// One measurement.
    ///
    /// @param name for machines, with its unit
    /// @param label for humans
    /// @param unit of value and limit
    /// @param value what was measured
    /// @param limit what memory allows at most, where that is the limit
    /// @param gigaflops arithmetic of the products a second, where that is the limit
    record Row(
            String name,
            String label,
            String unit,
            double value,
            OptionalDouble limit,
            OptionalDouble gigaflops) {

        /// Percent of the limit.
        OptionalDouble share() {
            return limit.isEmpty()
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(100 * value / limit.getAsDouble());
        }
    }

    BenchReport {
        rows = List.copyOf(rows);
    }

    String toTable() {
        StringBuilder out = new StringBuilder();
        line(out, "model             %s, %.0f MB of weights", model, weightBytes / MEGA);
        line(out, "device            %s", device);
        line(out, "memory bandwidth  %.1f GB/s, measured in this run", bandwidth / GIGA);
        line(out, "load              %.2f s", loadSeconds);
        peakBytes.ifPresent(peak -> line(out, "peak memory       %.0f MB resident", peak / MEGA));
        line(out, "");
        line(out, "%-28s %12s %12s %8s %10s", "", "measured", "limit", "of it", "GFLOP/s");
        for (Row row : rows) {
            line(
                    out,
                    "%-28s %12.1f %12s %8s %10s  %s",
                    row.label(),
                    row.value(),
                    text(row.limit(), "%.1f"),
                    text(row.share(), "%.0f %%"),
                    text(row.gigaflops(), "%.0f"),
                    row.unit());
        }
        line(out, "");
        line(
                out,
                "limit: bandwidth / bytes of weights x sequences, for each step reads every weight");
        line(
                out,
                "once; keys, values and the arithmetic of large batches come on top. GFLOP/s: two");
        line(out, "operations a weight and token. Each figure is the best of several runs.");
        return out.toString();
    }

    String toJson() {
        JsonObject json =
                new JsonObject()
                        .put("model", model)
                        .put("device", device)
                        .put("weight_bytes", weightBytes)
                        .put("memory_bandwidth_bytes_per_second", bandwidth)
                        .put("load_seconds", loadSeconds);
        peakBytes.ifPresent(peak -> json.put("peak_rss_bytes", peak));
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

    private static String text(OptionalDouble value, String format) {
        return value.isEmpty() ? "-" : String.format(Locale.ROOT, format, value.getAsDouble());
    }

    private static void line(StringBuilder out, String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
    }
}
