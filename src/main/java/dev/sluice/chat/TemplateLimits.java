package dev.sluice.chat;

import java.time.Duration;

/// What a template may spend, so that one that a client sends can't hold up or exhaust the server.
///
/// @param maxSourceChars chars of a template's source. Default 1 Mi
/// @param maxNesting parentheses, operators and blocks inside each other in the source, and links
///   of chains such as `a + b + c`. Default 200
/// @param maxSteps statements, loop rounds, calls and elements visited in one render. Default 5 M:
///   about half a second
/// @param maxProducedChars chars of all strings made in one render, the output among them, and
///   eight for each element of a new list. Default 64 Mi: mostly below 128 MiB of memory, some
///   hundred MiB when all of it is lists of very short strings
/// @param maxCallDepth calls of macros and recursive loops inside each other. Their bodies may nest
///   ten levels on average when all are used. Default 100
/// @param maxTime one render may take, whatever it does. Default 10 s
public record TemplateLimits(
        int maxSourceChars,
        int maxNesting,
        long maxSteps,
        long maxProducedChars,
        int maxCallDepth,
        Duration maxTime) {
    /// The defaults.
    public static final TemplateLimits DEFAULT =
            new TemplateLimits(1 << 20, 200, 5_000_000, 64L << 20, 100, Duration.ofSeconds(10));

    /// @throws IllegalArgumentException if a limit is not positive
    public TemplateLimits {
        if (Math.min(Math.min(maxSourceChars, maxNesting), maxCallDepth) <= 0
                || Math.min(maxSteps, maxProducedChars) <= 0
                || !maxTime.isPositive()) {
            throw new IllegalArgumentException("template limits must be positive");
        }
    }
}
