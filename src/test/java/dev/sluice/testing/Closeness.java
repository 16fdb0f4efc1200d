package dev.sluice.testing;

import org.assertj.core.api.Assertions;

/// Compares rows of numbers with what was computed in double precision.
public final class Closeness {
    private Closeness() {}

    /// Fails at the first element that is further from the expected one than allowed, or is NaN.
    ///
    /// @param what names the row
    /// @param absolute error that is always allowed
    /// @param relative error allowed in units of `scale[i]`
    public static void assertClose(
            String what,
            float[] actual,
            double[] expected,
            double absolute,
            double relative,
            double[] scale) {
        Assertions.assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            double allowed = absolute + relative * Math.abs(scale[i]);
            if (!(Math.abs(actual[i] - expected[i]) <= allowed)) {
                Assertions.fail(
                        "%s, element %d: %s is more than %s away from %s",
                        what, i, actual[i], allowed, expected[i]);
            }
        }
    }
}
