package dev.sluice.openai;

import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/// Seeds for requests that bring none. With a seed for the process the same requests, one after the
/// other, draw the same tokens after each start. Safe for use by several threads.
public final class RequestSeeds {
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private final AtomicLong state;

    private RequestSeeds(long start) {
        this.state = new AtomicLong(start);
    }

    /// Seeds that follow from one.
    ///
    /// @param process seed of the process; empty for another one at each start
    public static RequestSeeds of(OptionalLong process) {
        return new RequestSeeds(process.orElseGet(() -> RandomGenerator.getDefault().nextLong()));
    }

    /// The next seed, by SplitMix64 (Steele, Lea, Flood, 2014).
    public long next() {
        long z = state.addAndGet(GOLDEN_GAMMA);
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
