package dev.sluice.testing;

import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.SamplingBatch.Outcome;
import dev.sluice.compute.SamplingLayout;
import dev.sluice.compute.ShapeChecks;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Draws tokens by sorting and in double precision, from the bytes that a device gets.
public final class NaiveSampler {
    private static final double NEVER = Double.NEGATIVE_INFINITY;

    private final MemorySegment row;
    private final MemorySegment pool;
    private final float[] raw;
    private final float[] processed;
    private double margin = Double.POSITIVE_INFINITY;

    /// What is told of one token.
    public record Told(int id, double value, int rank) {}

    /// What became of one row.
    ///
    /// @param chosen the drawn token; value and rank hold where a report was asked for
    /// @param margin how far the nearest decision was from going the other way, as a share of the
    ///   mass
    public record Drawn(Outcome outcome, Told chosen, List<Told> top, double margin) {}

    private NaiveSampler(SamplingBatch batch, int index, float[] logits) {
        MemorySegment input = batch.input();
        this.row =
                input.asSlice(
                        SamplingLayout.HEADER_BYTES + index * SamplingLayout.ROW_BYTES,
                        SamplingLayout.ROW_BYTES);
        this.pool = input.asSlice(batch.poolAt());
        this.raw = logits;
        mask();
        this.processed = raw.clone();
    }

    /// Draws from all rows of a batch.
    ///
    /// @param logits in host memory; not modified
    public static void sample(Tensor logits, SamplingBatch batch) {
        ShapeChecks.sampling("sample", logits, batch);
        int width = batch.input().get(ValueLayout.JAVA_INT, SamplingLayout.TOP_WIDTH);
        int stride = SamplingLayout.resultStride(width);
        for (int i = 0; i < batch.numRows(); i++) {
            long at = SamplingLayout.HEADER_BYTES + i * SamplingLayout.ROW_BYTES;
            int from = batch.input().get(ValueLayout.JAVA_INT, at + SamplingLayout.LOGITS_ROW);
            float[] values = new float[batch.numIds()];
            MemorySegment.copy(
                    logits.data(),
                    ValueLayout.JAVA_FLOAT,
                    4L * from * logits.rowStride(),
                    values,
                    0,
                    values.length);
            write(draw(batch, i, values), batch.results().asSlice(4L * i * stride, 4L * stride));
        }
    }

    private static void write(Drawn drawn, MemorySegment out) {
        out.fill((byte) 0x5a);
        out.setAtIndex(ValueLayout.JAVA_INT, 0, drawn.outcome().code());
        write(drawn.chosen(), out, 1);
        out.setAtIndex(ValueLayout.JAVA_INT, 4, drawn.top().size());
        for (int i = 0; i < drawn.top().size(); i++) {
            int at = SamplingLayout.RESULT_WORDS + SamplingLayout.ENTRY_WORDS * i;
            write(drawn.top().get(i), out, at);
        }
    }

    private static void write(Told told, MemorySegment out, int at) {
        out.setAtIndex(ValueLayout.JAVA_INT, at, told.id());
        out.setAtIndex(ValueLayout.JAVA_FLOAT, at + 1L, (float) told.value());
        out.setAtIndex(ValueLayout.JAVA_INT, at + 2L, told.rank());
    }

    /// Draws from one row.
    ///
    /// @param logits `[numIds]`
    public static Drawn draw(SamplingBatch batch, int index, float[] logits) {
        return new NaiveSampler(batch, index, logits.clone()).draw();
    }

    private Drawn draw() {
        edit();
        int best = first(byValue(processed));
        if (best < 0) {
            return failed(Outcome.NO_TOKEN);
        }
        for (int id = 0; id < processed.length; id++) {
            processed[id] /= number(SamplingLayout.TEMPERATURE);
        }
        forbid();
        int token = best;
        if (!has(SamplingLayout.GREEDY)) {
            if (!Float.isFinite(processed[best])) {
                return failed(Outcome.NOT_FINITE);
            }
            token = pick(best);
        }
        if (!has(SamplingLayout.REPORTS)) {
            return new Drawn(Outcome.DRAWN, new Told(token, 0, 0), List.of(), margin);
        }
        return report(token);
    }

    private static Drawn failed(Outcome outcome) {
        return new Drawn(outcome, new Told(0, 0, 0), List.of(), 1);
    }

    private int word(long at) {
        return row.get(ValueLayout.JAVA_INT, at);
    }

    private float number(long at) {
        return row.get(ValueLayout.JAVA_FLOAT, at);
    }

    private boolean has(int flag) {
        return (word(SamplingLayout.FLAGS) & flag) != 0;
    }

    private void mask() {
        int at = word(SamplingLayout.MASK_AT);
        for (int id = 0; at >= 0 && id < raw.length; id++) {
            long offset = at * SamplingLayout.UNIT_BYTES + id / 8;
            if ((pool.get(ValueLayout.JAVA_BYTE, offset) >> id % 8 & 1) == 0) {
                raw[id] = Float.NEGATIVE_INFINITY;
            }
        }
    }

    private List<MemorySegment> edits() {
        List<MemorySegment> edits = new ArrayList<>();
        long from = word(SamplingLayout.EDITS_AT);
        for (int i = 0; i < word(SamplingLayout.NUM_EDITS); i++) {
            edits.add(
                    pool.asSlice(
                            (from + i) * SamplingLayout.UNIT_BYTES, SamplingLayout.UNIT_BYTES));
        }
        return edits;
    }

    private void edit() {
        float repetition = number(SamplingLayout.PENALTIES);
        float frequency = number(SamplingLayout.PENALTIES + 4);
        float presence = number(SamplingLayout.PENALTIES + 8);
        for (MemorySegment edit : edits()) {
            int id = edit.get(ValueLayout.JAVA_INT, 0);
            int count = edit.get(ValueLayout.JAVA_INT, 8);
            float value = processed[id] + edit.get(ValueLayout.JAVA_FLOAT, 4);
            if ((edit.get(ValueLayout.JAVA_INT, 12) & SamplingLayout.SEEN) != 0) {
                value = value < 0 ? value * repetition : value / repetition;
            }
            if (count > 0) {
                value -= count * frequency + presence;
            }
            processed[id] = value;
        }
        forbid();
    }

    private void forbid() {
        for (MemorySegment edit : edits()) {
            int id = edit.get(ValueLayout.JAVA_INT, 0);
            boolean forbidden =
                    (edit.get(ValueLayout.JAVA_INT, 12) & SamplingLayout.FORBIDDEN) != 0;
            if (forbidden && processed[id] > SamplingBatch.FORBIDDEN_LOGIT) {
                processed[id] = SamplingBatch.FORBIDDEN_LOGIT;
            }
        }
    }

    /// All ids but those whose value is no number, the largest value first.
    private static List<Integer> byValue(float[] values) {
        return IntStream.range(0, values.length)
                .filter(id -> !Float.isNaN(values[id]))
                .boxed()
                .sorted(Comparator.comparingDouble(id -> -(values[id] + 0.0)))
                .toList();
    }

    private int first(List<Integer> order) {
        return order.isEmpty() || processed[order.getFirst()] == Float.NEGATIVE_INFINITY
                ? -1
                : order.getFirst();
    }

    private int pick(int best) {
        double[] weights = new double[processed.length];
        double minP = number(SamplingLayout.MIN_P);
        for (int id = 0; id < weights.length; id++) {
            double weight = Math.exp((double) processed[id] - processed[best]);
            weights[id] = weight >= minP ? weight : 0;
            note(minP == 0 ? 1 : weight - minP);
        }
        int left = word(SamplingLayout.TOP_K) == 0 ? weights.length : word(SamplingLayout.TOP_K);
        for (int id : byValue(processed)) {
            weights[id] = left > 0 ? weights[id] : 0;
            left -= weights[id] > 0 ? 1 : 0;
        }
        keepNucleus(weights, number(SamplingLayout.TOP_P));
        double total = sum(weights);
        double target = row.get(ValueLayout.JAVA_DOUBLE, SamplingLayout.UNIFORM) * total;
        double running = 0;
        int token = -1;
        for (int id = 0; id < weights.length; id++) {
            running += Double.isNaN(weights[id]) ? 0 : weights[id];
            note((running - target) / total);
            token = token < 0 && running > target ? id : token;
        }
        return token < 0 ? best : token;
    }

    private void note(double distance) {
        margin = Math.min(margin, Math.abs(distance));
    }

    private static double sum(double[] weights) {
        double sum = 0;
        for (double weight : weights) {
            sum += Double.isNaN(weight) ? 0 : weight;
        }
        return sum;
    }

    private void keepNucleus(double[] weights, double topP) {
        if (topP >= 1) {
            return;
        }
        double total = sum(weights);
        double before = 0;
        List<Integer> order =
                IntStream.range(0, weights.length)
                        .filter(id -> weights[id] > 0)
                        .boxed()
                        .sorted(Comparator.comparingDouble(id -> -weights[id]))
                        .toList();
        for (int id : order) {
            double weight = weights[id];
            weights[id] = before <= topP * total ? weight : 0;
            note(before / total - topP);
            before += weight;
        }
    }

    private Drawn report(int token) {
        float[] values = has(SamplingLayout.RAW) ? raw : processed;
        double topP = number(SamplingLayout.REPORT_TOP_P);
        double[] told = IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
        if (!has(SamplingLayout.LOGITS)) {
            if (topP < SamplingBatch.CERTAIN_BELOW) {
                for (int id = 0; id < told.length; id++) {
                    told[id] = id == token ? 0 : NEVER;
                }
            } else {
                logprobs(told, number(SamplingLayout.REPORT_TEMPERATURE), topP);
            }
        }
        List<Told> top =
                byValue(values).stream()
                        .limit(word(SamplingLayout.TOP))
                        .map(id -> told(told, values, id))
                        .toList();
        return new Drawn(Outcome.DRAWN, told(told, values, token), top, margin);
    }

    private void logprobs(double[] told, double temperature, double topP) {
        double max = NEVER;
        for (double value : told) {
            max = value > max ? value : max;
        }
        double[] weights = new double[told.length];
        for (int id = 0; id < told.length; id++) {
            weights[id] = Math.exp((told[id] - max) / temperature);
        }
        keepNucleus(weights, topP);
        double sum = Math.log(sum(weights));
        for (int id = 0; id < told.length; id++) {
            boolean dropped = topP < 1 && weights[id] == 0;
            told[id] = dropped ? NEVER : (told[id] - max) / temperature - sum;
        }
    }

    private static Told told(double[] told, float[] values, int id) {
        boolean shown = told[id] >= SamplingBatch.LEAST_VALUE && told[id] <= Float.MAX_VALUE;
        int rank = 0;
        for (float other : values) {
            rank += other >= values[id] ? 1 : 0;
        }
        return new Told(id, shown ? told[id] : SamplingBatch.LEAST_VALUE, rank);
    }
}
