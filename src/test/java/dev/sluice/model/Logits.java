package dev.sluice.model;

/// Logits of several positions, `[positions, vocabulary]`, row-major.
final class Logits {
    private final float[] values;
    private final int vocabulary;

    Logits(float[] values, int vocabulary) {
        this.values = values;
        this.vocabulary = vocabulary;
    }

    /// How far other logits are from reference ones.
    ///
    /// @param rms root mean square of the difference, over that of the reference
    /// @param max largest difference, over the root mean square of the reference
    record Distance(double rms, double max) {}

    /// The array itself, not a copy.
    float[] values() {
        return values;
    }

    /// The logits of the first tokens of a larger vocabulary.
    Logits ofFirst(int tokens) {
        int rows = values.length / vocabulary;
        float[] part = new float[rows * tokens];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(values, row * vocabulary, part, row * tokens, tokens);
        }
        return new Logits(part, tokens);
    }

    /// Tokens of the vocabulary.
    int vocabulary() {
        return vocabulary;
    }

    /// The index of the largest logit of a row, the lowest among equals.
    int argmax(int row) {
        int best = 0;
        for (int i = 1; i < vocabulary; i++) {
            if (values[row * vocabulary + i] > values[row * vocabulary + best]) {
                best = i;
            }
        }
        return best;
    }

    /// Distance of these logits from a reference; infinite where one is not a number.
    Distance from(Logits reference) {
        if (values.length != reference.values.length) {
            throw new IllegalArgumentException(values.length + " of " + reference.values.length);
        }
        double squares = 0;
        double errorSquares = 0;
        double largest = 0;
        for (int i = 0; i < values.length; i++) {
            double error = Math.abs((double) values[i] - reference.values[i]);
            error = Double.isNaN(error) ? Double.POSITIVE_INFINITY : error;
            squares += (double) reference.values[i] * reference.values[i];
            errorSquares += error * error;
            largest = Math.max(largest, error);
        }
        return new Distance(
                Math.sqrt(errorSquares / squares),
                largest / Math.sqrt(squares / reference.values.length));
    }
}
