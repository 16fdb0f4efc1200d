package dev.sluice.tokenizer;

import java.util.regex.Pattern;

/// Regular expressions that cut words.
final class Patterns {
    private static final int FLAGS = Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE;

    private Patterns() {}

    /// A finder of a pattern in Java's syntax.
    static Splitter.Finder finder(String pattern) {
        return Splitter.regex(Pattern.compile(pattern, FLAGS));
    }
}
