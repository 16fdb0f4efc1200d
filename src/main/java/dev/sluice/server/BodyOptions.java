package dev.sluice.server;

import java.time.Duration;

/// How much of the bodies of requests is held in memory, and for how long. Immutable.
///
/// @param maxBytes largest body that is taken
/// @param maxBytesInAll bytes of all bodies together that are held; one more byte is refused as
///   overload. At least `maxBytes`
/// @param patience a body of which nothing comes for so long is given up
public record BodyOptions(long maxBytes, long maxBytesInAll, Duration patience) {
    private static final long DEFAULT_MAX_BYTES = 8L << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /// While it is parsed and tokenized, a body takes some ten times its size.
    private static final int HEAP_SHARE = 16;

    /// Bodies up to 8 MiB, in all a sixteenth of the heap, given up after 30 s without a byte.
    public static final BodyOptions DEFAULT = upTo(DEFAULT_MAX_BYTES);

    public BodyOptions {
        if (maxBytes < 1 || maxBytesInAll < maxBytes) {
            throw new IllegalArgumentException(
                    "maxBytes %d, maxBytesInAll %d".formatted(maxBytes, maxBytesInAll));
        }
    }

    /// Bodies up to a size, and in all a sixteenth of the heap, but room for one body at least;
    /// given up after 30 s without a byte.
    public static BodyOptions upTo(long maxBytes) {
        long share = Runtime.getRuntime().maxMemory() / HEAP_SHARE;
        return new BodyOptions(maxBytes, Math.max(maxBytes, share), PATIENCE);
    }
}
