package dev.sluice.engine;

/// How long steps take that compute no prompts, by their number of tokens, as measured.
///
/// What was not measured lately is read between or beyond what was. Not for use by several threads.
final class StepCosts {
    private static final double NEWEST = 0.1;
    private static final int MOST_TOKENS = 512;

    /// Longer than this the machine did something else.
    private static final double OUTLIER = 3;

    /// Steps after which a measure no longer counts.
    private static final long LATELY = 1000;

    /// Cost of one more token, in tokens of the only step that is known.
    private static final double FIRST_SLOPE = 0.25;

    private final double[] nanos = new double[MOST_TOKENS + 1];
    private final long[] measuredAt = new long[MOST_TOKENS + 1];
    private final double unknown;
    private long now = LATELY;

    /// @param unknown the cost of a step while none was measured
    StepCosts(double unknown) {
        this.unknown = unknown;
    }

    /// Notes that a step was made, measured or not: older measures age.
    void stepped() {
        now++;
    }

    /// Notes what a step took.
    void add(int tokens, long duration) {
        if (tokens > MOST_TOKENS || duration <= 0) {
            return;
        }
        double measured = (double) duration;
        if (isKnown(tokens)) {
            double usual = nanos[tokens];
            nanos[tokens] = usual + NEWEST * (Math.min(measured, OUTLIER * usual) - usual);
        } else {
            nanos[tokens] = measured;
        }
        measuredAt[tokens] = now;
    }

    private boolean isKnown(int tokens) {
        return nanos[tokens] > 0 && now - measuredAt[tokens] < LATELY;
    }

    /// What a step of so many tokens would take.
    double of(int tokens) {
        int at = Math.min(tokens, MOST_TOKENS);
        int low = knownFrom(at, -1);
        int high = knownFrom(at, 1);
        if (isKnown(low)) {
            return low == at || !isKnown(high)
                    ? nanos[low] + slope(knownFrom(low - 1, -1), low) * (at - low)
                    : nanos[low] + slope(low, high) * (at - low);
        }
        if (!isKnown(high)) {
            return unknown;
        }
        int next = knownFrom(Math.min(MOST_TOKENS, high + 1), 1);
        double fewer = nanos[high] - slope(high, next) * (high - at);
        return Math.max(fewer, nanos[high] * at / high);
    }

    /// The next number of tokens that is known, or where the search ends.
    private int knownFrom(int start, int direction) {
        int at = start;
        while (at > 0 && at < MOST_TOKENS && !isKnown(at)) {
            at += direction;
        }
        return at;
    }

    private double slope(int from, int to) {
        if (from < to && isKnown(from) && isKnown(to)) {
            return Math.max(0, nanos[to] - nanos[from]) / (to - from);
        }
        int known = isKnown(to) ? to : from;
        return FIRST_SLOPE * nanos[known] / known;
    }
}
