package dev.sluice.tokenizer;

import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Regular expressions that cut words.
final class Patterns {
    // As in Oniguruma: classes and case are Unicode's, lines end with \n only, ^ and $ are ends of
    // lines.
    private static final int FLAGS =
            Pattern.UNICODE_CHARACTER_CLASS
                    | Pattern.UNICODE_CASE
                    | Pattern.UNIX_LINES
                    | Pattern.MULTILINE;

    private Patterns() {}

    /// A pattern in Java's syntax.
    static Pattern compile(String pattern) {
        return Pattern.compile(pattern, FLAGS);
    }

    /// A pattern in Oniguruma's syntax.
    ///
    /// @throws TokenizerException if it is wrong or uses what Java's expressions lack
    static Pattern compileOniguruma(String pattern) {
        try {
            return compile(new OnigurumaSyntax(pattern).toJava());
        } catch (PatternSyntaxException e) {
            throw new TokenizerException(
                    "The tokenizer's expression '"
                            + pattern
                            + "' is not supported: "
                            + e.getDescription()
                            + ".",
                    e);
        }
    }
}
