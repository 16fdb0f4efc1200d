package dev.sluice.engine;

import java.util.Arrays;

/// Drops the improbable tokens of a row of weights: top-p.
///
/// The row is never sorted: the nucleus ends in one of about a thousand classes of weights, and
/// only that one is. Among equal weights the lower id counts as the more likely one. Scratch memory
/// is sized once, 8 bytes an entry. Not for use by several threads.
final class Nucleus {
    /// Classes of weights: the exponent and three bits of the mantissa of numbers in `[0, 1]`.
    private static final int CLASS_SHIFT = 20;

    private static final int CLASSES = (Float.floatToRawIntBits(1f) >>> CLASS_SHIFT) + 1;

    private final long[] keys;
    private final double[] classSums = new double[CLASSES];

    Nucleus(int size) {
        this.keys = new long[size];
    }

    /// Keeps a token if the mass of the more likely ones is at most `topP` of all; the others
    /// become zero.
    ///
    /// @param weights in `[0, 1]`, as long as this is wide
    void keep(float[] weights, float topP) {
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
        long kept = lastKept(weights, last, before, limit);
        for (int i = 0; i < weights.length; i++) {
            if (RowKeys.key(weights[i], i) < kept) {
                weights[i] = 0;
            }
        }
    }

    /// The key of the least likely token of the nucleus, which lies in class `last`.
    private long lastKept(float[] weights, int last, double massBefore, double limit) {
        int size = 0;
        for (int i = 0; i < weights.length; i++) {
            if (classOf(weights[i]) == last && weights[i] > 0) {
                keys[size++] = RowKeys.key(weights[i], i);
            }
        }
        Arrays.sort(keys, 0, size);
        double before = massBefore;
        long kept = Long.MIN_VALUE;
        for (int i = size - 1; i >= 0 && before <= limit; i--) {
            kept = keys[i];
            before += weights[RowKeys.idOf(kept)];
        }
        return kept;
    }

    private static int classOf(float weight) {
        return Float.floatToRawIntBits(weight) >>> CLASS_SHIFT;
    }
}
