package dev.sluice.compute.check;

import dev.sluice.compute.DrawSpec;
import dev.sluice.compute.PenaltySpec;
import dev.sluice.compute.ReportSpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Tensor;

import java.util.Arrays;
import java.util.Comparator;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Drawing a token from each row, against sorting in double precision. The random numbers lie in
/// the middle of a likely token's share, so that roundings can't make another token of it.
///
/// @param rows of logits
/// @param ids columns
/// @param topK most likely ids that stay; all for 0
/// @param topP share of the mass that stays
record SamplingTrials(int rows, int ids, int topK, float topP) {
    private static final float TEMPERATURE = 0.7f;

    /// Log probabilities of some units, in float32.
    private static final double ALLOWED = 2e-5;

    /// Logits are `SPREAD` times normally distributed, so that there are likely tokens.
    private static final float SPREAD = 3;

    /// The token of each row and its log probability.
    Trial draw() {
        String shape = "%d x %d, top-k %d, top-p %s".formatted(rows, ids, topK, topP);
        return new Trial("sampling", shape, ALLOWED, this::sample, this::exact);
    }

    private float[] logits(Lab lab) {
        float[] logits = lab.normal(rows * ids);
        for (int i = 0; i < logits.length; i++) {
            logits[i] *= SPREAD;
        }
        return logits;
    }

    private Trial.Run sample(Lab lab) {
        float[] values = logits(lab);
        Tensor logits = lab.tensor(values, rows, ids);
        SamplingBatch batch = lab.sampling(rows, ids);
        OptionalInt k = topK == 0 ? OptionalInt.empty() : OptionalInt.of(topK);
        batch.clear();
        for (int r = 0; r < rows; r++) {
            double uniform = row(values, r).uniform();
            DrawSpec draw = new DrawSpec(false, TEMPERATURE, k, topP, 0, uniform);
            batch.add(r, draw, PenaltySpec.NONE);
            batch.report(new ReportSpec(0, true, false, 1, 1));
        }
        return new Trial.Run(() -> lab.device().sample(logits, batch), () -> results(batch));
    }

    private float[] results(SamplingBatch batch) {
        float[] results = new float[2 * rows];
        for (int r = 0; r < rows; r++) {
            boolean drawn = batch.outcome(r) == SamplingBatch.Outcome.DRAWN;
            results[2 * r] = drawn ? batch.token(r) : Float.NaN;
            results[2 * r + 1] = batch.value(r);
        }
        return results;
    }

    private Expected exact(Lab lab) {
        float[] logits = logits(lab);
        double[] values = new double[2 * rows];
        double[] scales = new double[2 * rows];
        for (int r = 0; r < rows; r++) {
            Draw draw = row(logits, r);
            values[2 * r] = draw.token();
            values[2 * r + 1] = draw.logProbability();
            scales[2 * r] = 1;
            scales[2 * r + 1] = Math.max(1, Math.abs(draw.logProbability()));
        }
        return new Expected(IntStream.range(0, 2 * rows).toArray(), values, scales);
    }

    /// A likely token of a row, and the random number in the middle of its share.
    private record Draw(int token, double logProbability, double uniform) {}

    /// Not the most likely token, which a device that takes the largest finds too, unless it alone
    /// stays.
    private Draw row(float[] logits, int r) {
        double[] row = IntStream.range(0, ids).mapToDouble(i -> logits[r * ids + i]).toArray();
        int[] order =
                IntStream.range(0, ids)
                        .boxed()
                        .sorted(Comparator.comparingDouble(i -> -row[i]))
                        .mapToInt(i -> i)
                        .toArray();
        double largest = row[order[0]];
        double[] weights =
                Arrays.stream(row).map(x -> Math.exp((x - largest) / TEMPERATURE)).toArray();
        dropUnlikely(weights, order);
        int token = weights[order[1]] > 0 ? order[1] : order[0];
        double before = Arrays.stream(weights, 0, token).sum();
        double middle = before + weights[token] / 2;
        double mass = Arrays.stream(row).map(x -> Math.exp(x - largest)).sum();
        return new Draw(
                token,
                row[token] - largest - Math.log(mass),
                middle / Arrays.stream(weights).sum());
    }

    private void dropUnlikely(double[] weights, int[] order) {
        int kept = topK == 0 ? ids : Math.min(topK, ids);
        double mass = Arrays.stream(order, 0, kept).mapToDouble(id -> weights[id]).sum();
        double above = 0;
        for (int i = 0; i < ids; i++) {
            int id = order[i];
            double weight = weights[id];
            if (i >= kept || (topP < 1 && above > topP * mass)) {
                weights[id] = 0;
            }
            above += weight;
        }
    }
}
