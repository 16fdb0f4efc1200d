package dev.sluice.server;

import java.time.Duration;

/// How streams treat silence and slow readers. Immutable.
///
/// @param pingInterval a stream that was silent for so long gets a comment, so that nobody between
///   takes it for dead
/// @param maxUnsentChars text of one stream that may wait for a client that reads slowly; beyond it
///   the generation is cancelled
/// @param stallTimeout a client that takes nothing for so long, while there is something, is cut
///   off
public record StreamOptions(Duration pingInterval, int maxUnsentChars, Duration stallTimeout) {
    /// A comment after 10 s of silence, a mebi of unsent characters, cut off after a minute.
    public static final StreamOptions DEFAULT =
            new StreamOptions(Duration.ofSeconds(10), 1 << 20, Duration.ofMinutes(1));

    public StreamOptions {
        if (maxUnsentChars < 1) {
            throw new IllegalArgumentException("maxUnsentChars " + maxUnsentChars);
        }
    }
}
