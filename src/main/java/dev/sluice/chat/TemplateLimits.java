package dev.sluice.chat;

/// What a template may spend, so that one that a client sends can't hold up or exhaust the server.
///
/// @param maxSourceChars chars of a template's source. Default 1 Mi
/// @param maxNesting parentheses, operators and blocks inside each other in the source. Default 100
/// @param maxSteps statements, loop rounds, calls and elements visited in one render. Default 5 M:
///   about half a second
/// @param maxProducedChars chars of all strings made in one render, the output among them, and
///   eight for each element of a new list. Default 64 Mi: at most 128 MiB of memory
/// @param maxCallDepth calls of macros and recursive loops inside each other. Default 100
public record TemplateLimits(
        int maxSourceChars,
        int maxNesting,
        long maxSteps,
        long maxProducedChars,
        int maxCallDepth) {
    /// The defaults.
    public static final TemplateLimits DEFAULT =
            new TemplateLimits(1 << 20, 100, 5_000_000, 64L << 20, 100);

    /// @throws IllegalArgumentException if a limit is not positive
    public TemplateLimits {
        if (Math.min(Math.min(maxSourceChars, maxNesting), maxCallDepth) <= 0
                || Math.min(maxSteps, maxProducedChars) <= 0) {
            throw new IllegalArgumentException("template limits must be positive");
        }
    }
}
