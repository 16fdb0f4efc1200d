package dev.sluice.testing;

/// What the operations of a device mean, written as plainly as possible, in double precision.
public final class Oracle {
    private Oracle() {}

    /// `x W^T`.
    public static double[][] linear(float[][] x, float[][] w) {
        double[][] out = new double[x.length][w.length];
        for (int r = 0; r < x.length; r++) {
            for (int n = 0; n < w.length; n++) {
                for (int k = 0; k < x[r].length; k++) {
                    out[r][n] += (double) x[r][k] * w[n][k];
                }
            }
        }
        return out;
    }

    /// `|x| |W|^T`: the scale of the rounding errors of a product.
    public static double[][] magnitude(float[][] x, float[][] w) {
        return linear(absolute(x), absolute(w));
    }

    private static float[][] absolute(float[][] x) {
        float[][] out = new float[x.length][x[0].length];
        for (int r = 0; r < x.length; r++) {
            for (int c = 0; c < x[r].length; c++) {
                out[r][c] = Math.abs(x[r][c]);
            }
        }
        return out;
    }

    /// Root mean square norm of each group of `weight.length` columns.
    public static double[] rmsNorm(float[] x, float[] weight, double eps) {
        double[] out = new double[x.length];
        for (int first = 0; first < x.length; first += weight.length) {
            double squares = 0;
            for (int i = 0; i < weight.length; i++) {
                squares += (double) x[first + i] * x[first + i];
            }
            double rms = Math.sqrt(squares / weight.length + eps);
            for (int i = 0; i < weight.length; i++) {
                out[first + i] = x[first + i] / rms * weight[i];
            }
        }
        return out;
    }

    public static double silu(double x) {
        return x / (1 + Math.exp(-x));
    }

    public static double geluTanh(double x) {
        return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
    }

    /// Rotates the heads of one token.
    ///
    /// @param x `[numHeads * headDim]`
    public static double[] rotate(
            float[] x,
            int headDim,
            int rotaryDim,
            boolean interleaved,
            int position,
            float[] frequencies) {
        double[] out = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            out[i] = x[i];
        }
        for (int head = 0; head < x.length; head += headDim) {
            for (int i = 0; i < rotaryDim / 2; i++) {
                double angle = (float) position * frequencies[i];
                int a = head + (interleaved ? 2 * i : i);
                int b = interleaved ? a + 1 : a + rotaryDim / 2;
                out[a] = x[a] * Math.cos(angle) - x[b] * Math.sin(angle);
                out[b] = x[b] * Math.cos(angle) + x[a] * Math.sin(angle);
            }
        }
        return out;
    }

    /// Attention of one query over the keys that it sees.
    ///
    /// @param query `[headDim]`
    /// @param keys `[positions][headDim]`
    /// @param values `[positions][headDim]`
    /// @param from first position that is seen
    /// @param to one past the last
    public static double[] attention(
            double[] query, double[][] keys, double[][] values, double scale, int from, int to) {
        double[] weights = new double[to];
        double largest = Double.NEGATIVE_INFINITY;
        for (int t = from; t < to; t++) {
            for (int d = 0; d < query.length; d++) {
                weights[t] += query[d] * keys[t][d];
            }
            weights[t] *= scale;
            largest = Math.max(largest, weights[t]);
        }
        double sum = 0;
        for (int t = from; t < to; t++) {
            weights[t] = Math.exp(weights[t] - largest);
            sum += weights[t];
        }
        double[] out = new double[query.length];
        for (int t = from; t < to; t++) {
            for (int d = 0; d < query.length; d++) {
                out[d] += weights[t] / sum * values[t][d];
            }
        }
        return out;
    }
}
