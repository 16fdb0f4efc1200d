package dev.sluice.compute.check;

import java.util.Arrays;
import java.util.stream.IntStream;

/// What must come out of an operation.
final class Expected {
    private final int[] at;
    private final double[] values;
    private final double[] scales;

    /// Some elements.
    ///
    /// @param at which elements are looked at
    /// @param values of these
    /// @param scales what an error of 1 is, for each
    Expected(int[] at, double[] values, double[] scales) {
        this.at = at.clone();
        this.values = values.clone();
        this.scales = scales.clone();
    }

    /// All elements; an error counts absolutely, and relatively for those above 1.
    static Expected of(float[] all) {
        double[] scales =
                IntStream.range(0, all.length)
                        .mapToDouble(i -> Math.max(1, Math.abs(all[i])))
                        .toArray();
        return all(all, scales);
    }

    /// All elements; an error counts in units of their root mean square.
    static Expected byRms(float[] all) {
        double squares = IntStream.range(0, all.length).mapToDouble(i -> all[i] * all[i]).sum();
        double[] scales = new double[all.length];
        Arrays.fill(scales, Math.sqrt(squares / all.length));
        return all(all, scales);
    }

    private static Expected all(float[] all, double[] scales) {
        int[] at = IntStream.range(0, all.length).toArray();
        return new Expected(at, Arrays.stream(at).mapToDouble(i -> all[i]).toArray(), scales);
    }

    /// The largest error; infinite where one is no number.
    double error(float[] actual) {
        double largest = 0;
        for (int i = 0; i < at.length; i++) {
            double error = Math.abs(actual[at[i]] - values[i]) / scales[i];
            largest = Math.max(largest, Double.isNaN(error) ? Double.POSITIVE_INFINITY : error);
        }
        return largest;
    }
}
