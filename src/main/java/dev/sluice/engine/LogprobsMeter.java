package dev.sluice.engine;

import dev.sluice.compute.SamplingBatch;

import java.util.List;

/// Tells how likely the tokens of a row are: log-softmax, ranks and the most likely ones.
///
/// Sums and logarithms are in double precision; the exponentials that are summed are good to 1e-7.
/// Scratch memory is sized once, 28 bytes a vocabulary entry. Not for use by several threads.
final class LogprobsMeter {
    /// What is reported for less, and for what is no number.
    static final float LEAST = SamplingBatch.LEAST_VALUE;

    private static final float CERTAIN_BELOW = SamplingBatch.CERTAIN_BELOW;

    /// How the values of a row are read.
    ///
    /// @param logits the values themselves are reported
    /// @param temperature divides them
    /// @param topP below 1: probabilities are those within the nucleus, which is the chosen token
    ///   alone below 1e-5
    record Reading(boolean logits, float temperature, float topP) {
        /// Log-softmax of the values as they are.
        static final Reading LOGPROBS = new Reading(false, 1, 1);

        /// The values as they are.
        static final Reading LOGITS = new Reading(true, 1, 1);
    }

    private final float[] weights;
    private final long[] keys;
    private final Nucleus nucleus;

    LogprobsMeter(int numIds) {
        this.weights = new float[numIds];
        this.keys = new long[numIds];
        this.nucleus = new Nucleus(numIds);
    }

    /// Reads one row.
    ///
    /// @param values `[numIds]`, not modified
    /// @param chosen the token that is there
    /// @param top how many of the most likely tokens are reported beside
    TokenLogprobs read(float[] values, int chosen, int top, Reading reading) {
        return read(values, chosen, chosen, top, reading);
    }

    /// Reads one row for another token than the one that is there.
    ///
    /// @param values `[numIds]`, not modified
    /// @param chosen the token that is there
    /// @param token the one that is told of
    /// @param top how many of the most likely tokens are reported beside
    TokenLogprobs read(float[] values, int chosen, int token, int top, Reading reading) {
        Scale scale = scale(values, reading);
        int size = RowKeys.largestInOrder(values, Math.min(top, values.length), keys);
        float own = report(scale, values, token, chosen);
        return new TokenLogprobs(
                new TokenLogprob(token, own, rank(values, token)),
                entries(scale, values, chosen, size));
    }

    /// The first `size` keys. From the end, because equals have the rank of the last one.
    private List<TokenLogprob> entries(Scale scale, float[] values, int chosen, int size) {
        TokenLogprob[] entries = new TokenLogprob[size];
        int rank = 0;
        for (int i = size - 1; i >= 0; i--) {
            int id = RowKeys.idOf(keys[i]);
            if (i == size - 1) {
                rank = rank(values, id);
            } else if (values[id] != values[entries[i + 1].tokenId()]) {
                rank = i + 1;
            }
            entries[i] = new TokenLogprob(id, report(scale, values, id, chosen), rank);
        }
        return List.of(entries);
    }

    private static int rank(float[] values, int id) {
        if (id >= values.length || Float.isNaN(values[id])) {
            return values.length;
        }
        float value = values[id];
        int rank = 0;
        for (float other : values) {
            rank += other >= value ? 1 : 0;
        }
        return rank;
    }

    /// How values become what is reported: `(value - offset) / divisor - shift`.
    ///
    /// @param certain the chosen token is the only one
    /// @param inNucleus what is outside the nucleus has no weight
    private record Scale(
            double offset, double divisor, double shift, boolean certain, boolean inNucleus) {}

    private float report(Scale scale, float[] values, int id, int chosen) {
        if (scale.certain()) {
            return id == chosen ? 0 : LEAST;
        }
        if (id >= values.length || (scale.inNucleus() && weights[id] == 0)) {
            return LEAST;
        }
        double value = (values[id] - scale.offset()) / scale.divisor() - scale.shift();
        return value >= LEAST && value <= Float.MAX_VALUE ? (float) value : LEAST;
    }

    private Scale scale(float[] values, Reading reading) {
        if (reading.logits()) {
            return new Scale(0, 1, 0, false, false);
        }
        if (reading.topP() < CERTAIN_BELOW) {
            return new Scale(0, 1, 0, true, false);
        }
        float max = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            max = value > max ? value : max;
        }
        float inverse = 1 / reading.temperature();
        for (int i = 0; i < values.length; i++) {
            weights[i] = TokenLottery.exp((values[i] - max) * inverse);
        }
        if (reading.topP() < 1) {
            nucleus.keep(weights, reading.topP());
        }
        return new Scale(max, reading.temperature(), Math.log(sum()), false, reading.topP() < 1);
    }

    /// Four sums at once: one would wait for each addition.
    private double sum() {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < weights.length; i += 4) {
            a += weights[i];
            b += weights[i + 1];
            c += weights[i + 2];
            d += weights[i + 3];
        }
        for (; i < weights.length; i++) {
            a += weights[i];
        }
        return a + b + c + d;
    }
}
