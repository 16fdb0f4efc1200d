package dev.sluice.engine;

/// What guesses cost, as measured: the steps that compute them, the passes of a proposer that make
/// them, and the text that it has to read before. Not for use by several threads.
final class DraftCosts {
    /// A pass in steps of one token while none was measured, and in the unit of [#step] while no
    /// step was.
    private static final double PASS_OF_STEP = 0.2;

    private static final double FIRST_PASS = 0.01;

    /// A token that is read in passes while none was measured.
    private static final double READ_OF_PASS = 0.25;

    private static final double NEWEST = 0.25;

    /// Longer than this the machine did something else.
    private static final double OUTLIER = 3;

    /// Part of the time that is the reading's at least.
    private static final double LEAST_SHARE = 0.1;

    /// Steps after which what reading takes is no longer known.
    private static final int LATELY = 1000;

    private final StepCosts steps = new StepCosts(Double.NaN);
    private final StepCosts passes = new StepCosts(Double.NaN);
    private double nanosOfRead = Double.NaN;
    private int sinceRead;

    /// Notes that a step was made, measured or not: older measures age.
    void stepped() {
        steps.stepped();
        passes.stepped();
        if (sinceRead++ == LATELY) {
            nanosOfRead = Double.NaN;
        }
    }

    /// Notes what a step took that computed so many tokens and no prompt.
    void computed(int tokens, long nanos) {
        steps.add(tokens, nanos);
    }

    /// Notes what guesses took.
    ///
    /// @param numPasses forward passes, each for all sequences
    /// @param read tokens that the first of them, or one of its own, read for later guesses
    void proposed(int numPasses, int sequences, int read, long nanos) {
        if (read > 0) {
            double guesses = numPasses == 0 ? 0 : numPasses * pass(sequences);
            noteRead(Math.max((double) nanos - guesses, LEAST_SHARE * nanos) / read);
        } else if (numPasses > 0) {
            passes.add(sequences, nanos / numPasses);
        }
    }

    private void noteRead(double nanos) {
        if (nanosOfRead > 0) {
            nanosOfRead += NEWEST * (Math.min(nanos, OUTLIER * nanosOfRead) - nanosOfRead);
        } else {
            nanosOfRead = nanos;
        }
        sinceRead = 0;
    }

    /// What a step of so many tokens takes; 1 while nothing is known.
    double step(int tokens) {
        double known = steps.of(tokens);
        return Double.isNaN(known) ? 1 : known;
    }

    /// What a pass for so many sequences takes.
    double pass(int sequences) {
        double known = passes.of(sequences);
        if (!Double.isNaN(known)) {
            return known;
        }
        double step = steps.of(1);
        return Double.isNaN(step) ? FIRST_PASS : PASS_OF_STEP * step;
    }

    /// What reading so many tokens takes.
    double reading(int tokens) {
        return tokens * (knowsReading() ? nanosOfRead : READ_OF_PASS * pass(1));
    }

    /// Whether that was measured lately.
    boolean knowsReading() {
        return !Double.isNaN(nanosOfRead);
    }
}
