package dev.sluice.server;

import java.time.Duration;
import java.util.Optional;

/// How much is let in at once. Immutable.
///
/// @param maxConcurrency generations that may be under way or wait; one more is refused at once
/// @param maxActive generations that may be under way; further ones wait
/// @param maxWaiting how long they wait before they are refused; empty for as long as it takes
/// @param maxAnswerBytes memory, about, that all answers together may take that are not streamed,
///   while they grow; one that goes on beyond it is ended as overload
public record AdmissionOptions(
        int maxConcurrency, int maxActive, Optional<Duration> maxWaiting, long maxAnswerBytes) {
    private static final int ANSWERS_SHARE_OF_HEAP = 4;

    /// 512 under way, all at once; a quarter of the heap for their answers.
    public static final AdmissionOptions DEFAULT =
            new AdmissionOptions(
                    512,
                    1024,
                    Optional.empty(),
                    Runtime.getRuntime().maxMemory() / ANSWERS_SHARE_OF_HEAP);

    public AdmissionOptions {
        if (maxConcurrency < 1 || maxActive < 1 || maxAnswerBytes < 1) {
            throw new IllegalArgumentException(
                    "maxConcurrency %d, maxActive %d, maxAnswerBytes %d"
                            .formatted(maxConcurrency, maxActive, maxAnswerBytes));
        }
    }

    /// The same with other limits of what is under way.
    ///
    /// @param waiting as `maxWaiting`
    public AdmissionOptions withMaxActive(int generations, Optional<Duration> waiting) {
        return new AdmissionOptions(maxConcurrency, generations, waiting, maxAnswerBytes);
    }

    /// The same with another amount of memory for answers.
    public AdmissionOptions withMaxAnswerBytes(long bytes) {
        return new AdmissionOptions(maxConcurrency, maxActive, maxWaiting, bytes);
    }

    /// The same with another number that may be under way or wait.
    public AdmissionOptions withMaxConcurrency(int generations) {
        return new AdmissionOptions(generations, maxActive, maxWaiting, maxAnswerBytes);
    }
}
