package dev.sluice.engine;

/// Draws one token from one row of logits: min-p, then top-k, then top-p, then the draw,
/// renormalised after each filter.
///
/// Each filter sets the weight of what it drops to zero, in a few passes over the vocabulary, which
/// is never sorted: top-k finds its last token with a heap of k. Among equal logits the lower id
/// counts as the more likely one. Scratch memory is sized once and reused, 20 bytes a vocabulary
/// entry. Not for use by several threads.
final class TokenLottery {
    private static final int STRIDE = 256;

    private static final float LOG2_E = 1.442695f;

    /// The logarithm of 2 is `LN2_HIGH - LN2_REST`; products of the first with small integers are
    /// exact.
    private static final float LN2_HIGH = 355f / 512;

    private static final float LN2_REST = 2.1219444e-4f;

    private final int vocabSize;
    private final float[] weights;
    private final long[] keys;
    private final double[] strideSums;
    private final Nucleus nucleus;

    TokenLottery(int vocabSize) {
        this.vocabSize = vocabSize;
        this.weights = new float[vocabSize];
        this.keys = new long[vocabSize];
        this.strideSums = new double[Math.ceilDiv(vocabSize, STRIDE)];
        this.nucleus = new Nucleus(vocabSize);
    }

    /// Draws a token.
    ///
    /// @param logits `[vocabSize]`, divided by the temperature already; NaN and negative infinity
    ///   are never drawn
    /// @param best index of the largest logit
    /// @param uniform random number in `[0, 1)`
    /// @throws ArithmeticException if the largest logit is not finite
    int draw(float[] logits, int best, SamplingParams params, double uniform) {
        if (!Float.isFinite(logits[best])) {
            throw new ArithmeticException("the largest logit is " + logits[best]);
        }
        weigh(logits, logits[best], params.minP());
        if (params.topK().isPresent()) {
            keepTopK(logits, params.topK().getAsInt());
        }
        if (params.topP() < 1) {
            nucleus.keep(weights, params.topP());
        }
        return pick(best, uniform * total());
    }

    /// Computes `exp(logit - max)`, zero where min-p drops the token.
    private void weigh(float[] logits, float max, float least) {
        for (int i = 0; i < vocabSize; i++) {
            float weight = exp(logits[i] - max);
            weights[i] = weight >= least ? weight : 0;
        }
    }

    /// Exponential function for arguments up to 0, to about 1e-7 of the result; 0 below -87 and for
    /// NaN, 1 above 0, where a forbidden id is when all others are still lower.
    static float exp(float argument) {
        if (!(argument >= -87f)) {
            return 0;
        }
        float x = Math.min(argument, 0);
        int n = (int) (x * LOG2_E - 0.5f);
        float r = (x - n * LN2_HIGH) + n * LN2_REST;
        float p = 1f / 720;
        p = p * r + 1f / 120;
        p = p * r + 1f / 24;
        p = p * r + 1f / 6;
        p = p * r + 0.5f;
        p = p * r + 1;
        p = p * r + 1;
        return p * Float.intBitsToFloat((n + 127) << 23);
    }

    private void keepTopK(float[] logits, int k) {
        if (k >= vocabSize || RowKeys.largest(logits, weights, k, keys) == 0) {
            return;
        }
        for (int i = 0; i < vocabSize; i++) {
            if (weights[i] > 0 && RowKeys.key(logits[i], i) < keys[0]) {
                weights[i] = 0;
            }
        }
    }

    private double total() {
        double total = 0;
        for (int stride = 0; stride < strideSums.length; stride++) {
            int end = Math.min(vocabSize, (stride + 1) * STRIDE);
            double sum = 0;
            for (int i = stride * STRIDE; i < end; i++) {
                sum += weights[i];
            }
            strideSums[stride] = sum;
            total += sum;
        }
        return total;
    }

    /// How probable a token was in the last draw.
    double probability(int token) {
        return weights[token] / total();
    }

    /// The first token with which the running sum of the weights exceeds `target`.
    private int pick(int best, double target) {
        double before = 0;
        for (int stride = 0; stride < strideSums.length; stride++) {
            if (before + strideSums[stride] <= target) {
                before += strideSums[stride];
                continue;
            }
            int end = Math.min(vocabSize, (stride + 1) * STRIDE);
            double sum = 0;
            for (int i = stride * STRIDE; i < end; i++) {
                sum += weights[i];
                if (before + sum > target) {
                    return i;
                }
            }
        }
        return best;
    }
}
