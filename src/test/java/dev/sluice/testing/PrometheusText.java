package dev.sluice.testing;

import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Prometheus' text format, read strictly.
///
/// @param types by name of the family
/// @param series values by name and labels, as they are written
public record PrometheusText(Map<String, String> types, Map<String, Double> series) {
    private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
    private static final String LABEL = "[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\n]|\\\\[\\\\\"n])*\"";
    private static final Pattern SAMPLE =
            Pattern.compile("(%s)(\\{(?:%s(?:,%s)*)?\\})? (\\S+)".formatted(NAME, LABEL, LABEL));
    private static final Pattern META = Pattern.compile("# (HELP|TYPE) (%s) (.+)".formatted(NAME));
    private static final Pattern LE = Pattern.compile(",?le=\"([^\"]+)\"");
    private static final Set<String> TYPES =
            Set.of("counter", "gauge", "histogram", "summary", "untyped");

    /// The value of a series.
    ///
    /// @throws AssertionError if there is none
    public double value(String name) {
        Double value = series.get(name);
        if (value == null) {
            throw new AssertionError("no series " + name);
        }
        return value;
    }

    /// Reads it.
    ///
    /// @throws AssertionError at the first line that breaks the format's rules
    public static PrometheusText parse(String text) {
        Reader reader = new Reader();
        check(text.endsWith("\n"), "the last line has no end");
        text.lines().forEach(reader::line);
        reader.histograms();
        return new PrometheusText(reader.types, reader.series);
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    private static final class Reader {
        private final Map<String, String> types = new LinkedHashMap<>();
        private final Map<String, Double> series = new LinkedHashMap<>();
        private final Set<String> helped = new HashSet<>();
        private final Set<String> closed = new HashSet<>();
        private String family = "";

        private void line(String line) {
            if (line.startsWith("#")) {
                Matcher meta = META.matcher(line);
                check(meta.matches(), "no comment of the format: " + line);
                meta(meta.group(1), meta.group(2), meta.group(3));
            } else {
                Matcher sample = SAMPLE.matcher(line);
                check(sample.matches(), "no sample: " + line);
                sample(sample.group(1), line, sample.group(3));
            }
        }

        private void meta(String kind, String name, String rest) {
            if (!name.equals(family)) {
                closed.add(family);
                check(!closed.contains(name), "the family is in two places: " + name);
                family = name;
            }
            if (kind.equals("HELP")) {
                check(helped.add(name), "HELP twice: " + name);
            } else {
                check(TYPES.contains(rest), "no type: " + rest);
                check(types.put(name, rest) == null, "TYPE twice: " + name);
                check(
                        !rest.equals("counter") || name.endsWith("_total"),
                        "a counter that does not end in _total: " + name);
            }
        }

        private void sample(String name, String line, String value) {
            String type = types.getOrDefault(family, "");
            boolean isPart =
                    type.equals("histogram")
                            ? name.matches(Pattern.quote(family) + "_(bucket|sum|count)")
                            : name.equals(family);
            check(isPart, "a sample outside its family " + family + ": " + line);
            String key = line.substring(0, line.lastIndexOf(' '));
            double number =
                    value.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(value);
            check(series.put(key, number) == null, "twice: " + key);
        }

        private void histograms() {
            Map<String, Double> last = new LinkedHashMap<>();
            Map<String, Double> bounds = new LinkedHashMap<>();
            series.forEach((key, value) -> {
                Matcher le = LE.matcher(key);
                if (key.contains("_bucket{") && le.find()) {
                    String group = le.replaceFirst("").replace("{}", "");
                    double bound =
                            le.group(1).equals("+Inf")
                                    ? Double.POSITIVE_INFINITY
                                    : Double.parseDouble(le.group(1));
                    check(
                            bounds.getOrDefault(group, Double.NEGATIVE_INFINITY) < bound,
                            "bounds do not ascend: " + key);
                    check(last.getOrDefault(group, 0.0) <= value, "buckets shrink: " + key);
                    bounds.put(group, bound);
                    last.put(group, value);
                }
            });
            last.forEach((group, value) -> {
                check(
                        bounds.getOrDefault(group, 0.0) == Double.POSITIVE_INFINITY,
                        "no bucket +Inf: " + group);
                String count = group.replace("_bucket", "_count");
                check(value.equals(series.get(count)), "the count is another: " + count);
                check(series.containsKey(group.replace("_bucket", "_sum")), "no sum: " + group);
            });
        }
    }
}
