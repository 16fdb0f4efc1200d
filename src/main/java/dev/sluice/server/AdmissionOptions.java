package dev.sluice.server;

import java.time.Duration;
import java.util.Optional;

/// How much is let in at once. Immutable.
///
/// @param maxConcurrency generations that may be under way or wait; one more is refused at once
/// @param maxActive generations that may be under way; further ones wait
/// @param maxWaiting how long they wait before they are refused; empty for as long as it takes
public record AdmissionOptions(int maxConcurrency, int maxActive, Optional<Duration> maxWaiting) {
    /// 512 under way, all at once.
    public static final AdmissionOptions DEFAULT =
            new AdmissionOptions(512, 1024, Optional.empty());

    public AdmissionOptions {
        if (maxConcurrency < 1 || maxActive < 1) {
            throw new IllegalArgumentException(
                    "maxConcurrency %d, maxActive %d".formatted(maxConcurrency, maxActive));
        }
    }

    /// The same with another number that may be under way or wait.
    public AdmissionOptions withMaxConcurrency(int generations) {
        return new AdmissionOptions(generations, maxActive, maxWaiting);
    }
}
