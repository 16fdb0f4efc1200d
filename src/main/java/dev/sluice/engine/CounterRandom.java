package dev.sluice.engine;

/// Random numbers that are a function of a seed and a position, with no state in between: a
/// sequence draws the same numbers whatever runs beside it and however often it is computed anew.
///
/// @see "SplitMix64: Steele, Lea and Flood 2014, Fast splittable pseudorandom number generators"
final class CounterRandom {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private CounterRandom() {}

    /// A number in `[0, 1)` with 53 random bits.
    ///
    /// @param position of the token that is drawn, counted from the first of the prompt
    static double uniform(long seed, long position) {
        // The seed is mixed before the position comes in: neighbouring seeds give unrelated
        // streams.
        long stream = mix(seed + GOLDEN_GAMMA);
        return (mix(stream + (position + 1) * GOLDEN_GAMMA) >>> 11) * 0x1.0p-53;
    }

    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
        return b ^ (b >>> 31);
    }
}
