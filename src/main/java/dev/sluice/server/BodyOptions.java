package dev.sluice.server;

/// How much of the bodies of requests is held in memory. Immutable.
///
/// @param maxBytes largest body that is taken
/// @param maxBytesInAll bytes of all bodies together that are held; one more byte is refused as
///   overload. At least `maxBytes`
public record BodyOptions(long maxBytes, long maxBytesInAll) {
    private static final long DEFAULT_MAX_BYTES = 32L << 20;

    /// While it is parsed and tokenized, a body takes some ten times its size.
    private static final int HEAP_SHARE = 16;

    /// Bodies up to 32 MiB, and in all a sixteenth of the heap.
    public static final BodyOptions DEFAULT = upTo(DEFAULT_MAX_BYTES);

    public BodyOptions {
        if (maxBytes < 1 || maxBytesInAll < maxBytes) {
            throw new IllegalArgumentException(
                    "maxBytes %d, maxBytesInAll %d".formatted(maxBytes, maxBytesInAll));
        }
    }

    /// Bodies up to a size, and in all a sixteenth of the heap, but room for one body at least.
    public static BodyOptions upTo(long maxBytes) {
        long share = Runtime.getRuntime().maxMemory() / HEAP_SHARE;
        return new BodyOptions(maxBytes, Math.max(maxBytes, share));
    }
}
