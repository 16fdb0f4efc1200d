package dev.sluice.engine;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/// Says how many tokens of prompts fit into a step while others wait for their next token, from
/// what earlier steps took. Each prompt that waits brings its own time: one long prompt disturbs
/// running streams little, and of many short ones none waits for ages.
///
/// A token of a prompt costs the more the more tokens come before it: `base * (1 + growth *
/// position)`. The growth belongs to the model and is a regression over many steps with prompts, in
/// which older ones fade slowly; the base belongs to the moment and is the mean of the last few.
/// What a step takes without prompts is learned by the number of decoding sequences, in powers of
/// two, and subtracted; what is disturbed there would make prompts look cheap, so that it follows
/// shorter times at once and longer ones slowly. A step that took much more or less than was to be
/// expected counts as a little more or less only, for then the processor was somewhere else.
///
/// Times come in with [#measured]; the class has no clock. Call only on the engine thread.
final class PrefillPace {
    /// Tokens of a prompt that a step takes whatever they cost.
    static final int LEAST = 8;

    /// What an observation of the step before counts still.
    private static final double MEMORY = 0.8;

    /// What it counts for the growth.
    private static final double LONG_MEMORY = 0.98;

    /// How many times the expected time a step may seem to take, and how small a part.
    private static final double SURPRISE = 1.5;

    /// How fast the time without prompts follows shorter times, and longer ones.
    private static final double DOWN = 0.5;

    private static final double UP = 0.25;

    /// Fewer tokens tell less of the time of one.
    private static final double TELLING = 32;

    /// Positions further apart than this tell the growth.
    private static final double APART = 64;

    /// After so many tokens one costs twice as much, at the earliest.
    private static final double FASTEST_GROWTH = 1 / 64.0;

    /// Part of a step with prompts that these cost at least.
    private static final double SHARE = 0.05;

    private final double limitOfOne;
    private final double[] decodeSeconds = new double[Integer.SIZE + 1];
    private double limit;
    private int numDecoding;
    private int numTokens;
    private double positions;
    private double spent;

    private double recentWeights;
    private double recentBases;
    private double weights;
    private double sumX;
    private double sumY;
    private double sumXx;
    private double sumXy;
    private double base;
    private double growth;

    /// @param limit time for each prompt in a step in which others decode; empty for any
    PrefillPace(Optional<Duration> limit) {
        this.limitOfOne = limit.map(l -> l.toNanos() * 1e-9).orElse(Double.POSITIVE_INFINITY);
        this.limit = limitOfOne;
        Arrays.fill(decodeSeconds, Double.NaN);
    }

    /// Begins a step.
    ///
    /// @param decoding sequences that wait for their next token
    /// @param prompts that could be computed
    void begin(int decoding, int prompts) {
        numDecoding = decoding;
        limit = limitOfOne * Math.max(1, prompts);
        numTokens = 0;
        positions = 0;
        spent = 0;
    }

    /// Whether this step has time for the beginning of one more prompt.
    boolean hasTime() {
        return isUnbounded() || numTokens == 0 || seconds(0, LEAST) <= limit - spent;
    }

    /// How many tokens from a position on this step has time for: all that are wanted, fewer, or
    /// none. The first prompt of a step gets some in any case.
    int fitting(int from, int wanted) {
        if (isUnbounded() || spent + seconds(from, wanted) <= limit) {
            return wanted;
        }
        int least = numTokens == 0 ? Math.min(wanted, LEAST) : 0;
        double slope = base * growth;
        double atFrom = base + slope * from;
        double left = Math.max(0, limit - spent);
        // n tokens take n * atFrom + slope * n * n / 2.
        double root = Math.sqrt(atFrom * atFrom + 2 * slope * left);
        double most = weights == 0 ? 0 : 2 * left / (atFrom + root);
        return Math.clamp((long) most, least, wanted);
    }

    private boolean isUnbounded() {
        return limit == Double.POSITIVE_INFINITY || numDecoding == 0;
    }

    private double seconds(int from, int count) {
        return weights == 0 ? Double.POSITIVE_INFINITY : count * tokenSeconds(from + count / 2.0);
    }

    private double tokenSeconds(double position) {
        return base * (1 + growth * position);
    }

    /// Notes that tokens from a position on are part of this step.
    void take(int from, int count) {
        numTokens += count;
        positions += count * (from + count / 2.0);
        spent += weights == 0 ? limit : seconds(from, count);
    }

    /// Learns from how long the step took.
    void measured(long nanos) {
        double seconds = nanos * 1e-9;
        if (numTokens == 0) {
            learnDecode(seconds);
        } else {
            double others = decodeSeconds(numDecoding);
            double prompts = Math.max(seconds - others, SHARE * seconds);
            learnPrompt(positions / numTokens, prompts / numTokens);
        }
    }

    private void learnDecode(double seconds) {
        int bucket = bucket(numDecoding);
        double known = decodeSeconds[bucket];
        if (Double.isNaN(known)) {
            decodeSeconds[bucket] = seconds;
        } else {
            double change = Math.min(seconds, SURPRISE * known) - known;
            decodeSeconds[bucket] = known + change * (change < 0 ? DOWN : UP);
        }
    }

    /// What so many decoding sequences take alone, as far as that is known.
    private double decodeSeconds(int decoding) {
        for (int bucket = bucket(decoding); bucket > 0; bucket--) {
            if (!Double.isNaN(decodeSeconds[bucket])) {
                return decodeSeconds[bucket];
            }
        }
        return 0;
    }

    private static int bucket(int decoding) {
        return Integer.SIZE - Integer.numberOfLeadingZeros(decoding);
    }

    /// @param x mean position of the tokens
    /// @param measured seconds for each
    private void learnPrompt(double x, double measured) {
        double expected = tokenSeconds(x);
        double y =
                expected > 0
                        ? Math.clamp(measured, expected / SURPRISE, SURPRISE * expected)
                        : measured;
        double weight = Math.min(1, numTokens / TELLING);
        weights = LONG_MEMORY * weights + weight;
        sumX = LONG_MEMORY * sumX + weight * x;
        sumY = LONG_MEMORY * sumY + weight * y;
        sumXx = LONG_MEMORY * sumXx + weight * x * x;
        sumXy = LONG_MEMORY * sumXy + weight * x * y;
        double spread = weights * sumXx - sumX * sumX;
        if (spread > weights * weights * APART * APART) {
            double slope = Math.max(0, (weights * sumXy - sumX * sumY) / spread);
            double atZero = (sumY - slope * sumX) / weights;
            growth = atZero > 0 ? Math.min(slope / atZero, FASTEST_GROWTH) : FASTEST_GROWTH;
        }
        recentWeights = MEMORY * recentWeights + weight;
        recentBases = MEMORY * recentBases + weight * y / (1 + growth * x);
        base = recentBases / recentWeights;
    }
}
