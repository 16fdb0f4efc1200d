package dev.sluice.engine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Draws one token from one row of logits: temperature, then min-p, then top-k, then top-p, then
/// the draw, renormalised after each filter.
///
/// Each filter sets the weight of what it drops to zero, in a few passes over the vocabulary, which
/// is never sorted: top-k finds its last token with a heap of k, top-p by the mass of about a
/// thousand classes of weights, of which it sorts one. Among equal logits the lower id counts as
/// the more likely one. Scratch memory is sized once and reused, 16 bytes a vocabulary entry. Not
/// for use by several threads.
final class TokenLottery {
    private static final int STRIDE = 256;

    /// Classes of weights: the exponent and three bits of the mantissa of numbers in `[0, 1]`.
    private static final int CLASS_SHIFT = 20;

    private static final int CLASSES = (Float.floatToRawIntBits(1f) >>> CLASS_SHIFT) + 1;

    private static final float LOG2_E = 1.442695f;

    /// The logarithm of 2 is `LN2_HIGH - LN2_REST`; products of the first with small integers are
    /// exact.
    private static final float LN2_HIGH = 355f / 512;

    private static final float LN2_REST = 2.1219444e-4f;

    private final int vocabSize;
    private final float[] logits;
    private final float[] weights;
    private final long[] keys;
    private final double[] strideSums;
    private final double[] classSums = new double[CLASSES];

    TokenLottery(int vocabSize) {
        this.vocabSize = vocabSize;
        this.logits = new float[vocabSize];
        this.weights = new float[vocabSize];
        this.keys = new long[vocabSize];
        this.strideSums = new double[Math.ceilDiv(vocabSize, STRIDE)];
    }

    /// Draws a token.
    ///
    /// @param row float32 `[vocabSize]`; NaN and negative infinity are never drawn
    /// @param best index of the largest logit
    /// @param uniform random number in `[0, 1)`
    /// @throws ArithmeticException if the largest logit is not finite
    int draw(MemorySegment row, int best, SamplingParams params, double uniform) {
        MemorySegment.copy(row, ValueLayout.JAVA_FLOAT, 0, logits, 0, vocabSize);
        if (!Float.isFinite(logits[best])) {
            throw new ArithmeticException("the largest logit is " + logits[best]);
        }
        weigh(logits[best], params);
        params.topK().ifPresent(this::keepTopK);
        if (params.topP() < 1) {
            keepNucleus(params.topP());
        }
        return pick(best, uniform * total());
    }

    /// Computes `exp((logit - max) / temperature)`, zero where min-p drops the token.
    private void weigh(float max, SamplingParams params) {
        float inverse = 1 / params.temperature();
        float least = params.minP();
        for (int i = 0; i < vocabSize; i++) {
            float weight = exp((logits[i] - max) * inverse);
            weights[i] = weight >= least ? weight : 0;
        }
    }

    /// Exponential function for arguments up to 0, to about 1e-7 of the result; 0 below -87 and for
    /// NaN.
    static float exp(float x) {
        if (!(x >= -87f)) {
            return 0;
        }
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

    private void keepTopK(int k) {
        if (k >= vocabSize) {
            return;
        }
        int size = 0;
        for (int i = 0; i < vocabSize; i++) {
            if (weights[i] > 0) {
                long key = key(logits[i], i);
                if (size < k) {
                    keys[size++] = key;
                    siftUp(size - 1);
                } else if (key > keys[0]) {
                    keys[0] = key;
                    siftDown(size);
                }
            }
        }
        for (int i = 0; i < vocabSize; i++) {
            if (weights[i] > 0 && key(logits[i], i) < keys[0]) {
                weights[i] = 0;
            }
        }
    }

    /// Keeps a token if the mass of the more likely ones is at most `topP`.
    private void keepNucleus(float topP) {
        Arrays.fill(classSums, 0);
        double total = 0;
        for (float weight : weights) {
            classSums[classOf(weight)] += weight;
            total += weight;
        }
        double limit = topP * total;
        double before = 0;
        int last = CLASSES - 1;
        while (last > 0 && before + classSums[last] <= limit) {
            before += classSums[last--];
        }
        dropAfter(lastKept(last, before, limit));
    }

    /// The key of the least likely token of the nucleus, which lies in class `last`.
    private long lastKept(int last, double massBefore, double limit) {
        int size = 0;
        for (int i = 0; i < vocabSize; i++) {
            if (classOf(weights[i]) == last && weights[i] > 0) {
                keys[size++] = key(weights[i], i);
            }
        }
        Arrays.sort(keys, 0, size);
        double before = massBefore;
        long kept = Long.MIN_VALUE;
        for (int i = size - 1; i >= 0 && before <= limit; i--) {
            kept = keys[i];
            before += weights[idOf(kept)];
        }
        return kept;
    }

    private void dropAfter(long kept) {
        for (int i = 0; i < vocabSize; i++) {
            if (key(weights[i], i) < kept) {
                weights[i] = 0;
            }
        }
    }

    private static int classOf(float weight) {
        return Float.floatToRawIntBits(weight) >>> CLASS_SHIFT;
    }

    /// Orders by value, and among equal values the lower id higher. Adding zero makes the two zeros
    /// one.
    private static long key(float value, int id) {
        int bits = Float.floatToIntBits(value + 0f);
        int ordered = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
        return ((long) ordered << 32) | (Integer.MAX_VALUE - id);
    }

    private static int idOf(long key) {
        return Integer.MAX_VALUE - (int) key;
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

    private void siftUp(int from) {
        int at = from;
        while (at > 0 && keys[at] < keys[(at - 1) / 2]) {
            swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }

    private void siftDown(int size) {
        int at = 0;
        while (true) {
            int child = 2 * at + 1;
            if (child >= size) {
                return;
            }
            if (child + 1 < size && keys[child + 1] < keys[child]) {
                child++;
            }
            if (keys[at] <= keys[child]) {
                return;
            }
            swap(at, child);
            at = child;
        }
    }

    private void swap(int a, int b) {
        long key = keys[a];
        keys[a] = keys[b];
        keys[b] = key;
    }
}
