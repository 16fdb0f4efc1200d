package dev.sluice.tokenizer;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Regular expressions that cut words. Those that are widely used or would take quadratic time are
/// found by scanners, which give the same matches.
final class Patterns {
    static final String GPT2 =
            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
    static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    static final String WORD = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
    static final String SYMBOLS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*";
    static final String SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    static final String CL100K =
            CONTRACTION + "|" + WORD + "|\\p{N}{1,3}|" + SYMBOLS + "|" + SPACES;
    static final String QWEN2 = CONTRACTION + "|" + WORD + "|\\p{N}|" + SYMBOLS + "|" + SPACES;
    static final String QWEN35 =
            CONTRACTION
                    + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
                    + "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
                    + SPACES;
    static final String O200K = mixedCase(CONTRACTION + "?", "\\p{N}{1,3}");
    static final String TRAILING_SPACES = "\\s+$";
    static final String DIGIT_GROUPS = "\\d{1,3}(?=(?:\\d{3})*\\b)";
    static final String BETWEEN_DIGIT_GROUPS = "(?=(\\d{3})+(?!\\d))";

    // As in Oniguruma: classes and case are Unicode's, lines end with \n only, ^ and $ are ends of
    // lines.
    private static final int FLAGS =
            Pattern.UNICODE_CHARACTER_CLASS
                    | Pattern.UNICODE_CASE
                    | Pattern.UNIX_LINES
                    | Pattern.MULTILINE;

    private Patterns() {}

    /// The pattern of o200k and its kin.
    ///
    /// @param ending what a word may end with
    /// @param digits pattern of numbers
    static String mixedCase(String ending, String digits) {
        String start = "[^\\r\\n\\p{L}\\p{N}]?";
        String upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
        String lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
        return String.join(
                "|",
                start + upper + "*" + lower + "+" + ending,
                start + upper + "+" + lower + "*" + ending,
                digits,
                " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*",
                SPACES);
    }

    /// Finds the matches of a pattern in Oniguruma's syntax.
    static Splitter.Finder finder(String pattern) {
        if (pattern.equals(O200K)) {
            return new WordScanner(WordScanner.Style.O200K, 3);
        }
        return switch (pattern) {
            case GPT2 -> new WordScanner(WordScanner.Style.GPT2, Integer.MAX_VALUE);
            case CL100K -> new WordScanner(WordScanner.Style.CL100K, 3);
            case QWEN2 -> new WordScanner(WordScanner.Style.CL100K, 1);
            case QWEN35 -> new WordScanner(WordScanner.Style.CL100K_MARKS, 1);
            case TRAILING_SPACES -> Patterns::findTrailingSpaces;
            case DIGIT_GROUPS -> new DigitGroups(true);
            case BETWEEN_DIGIT_GROUPS -> new DigitGroups(false);
            default -> regex(compileOniguruma(pattern));
        };
    }

    /// Finds the matches of an expression.
    static Splitter.Finder regex(Pattern pattern) {
        return (text, from, to, receiver) -> {
            try {
                find(pattern.matcher(text).region(from, to), text, receiver);
            } catch (StackOverflowError e) {
                throw tooLong(pattern, e);
            }
        };
    }

    /// Replaces the matches of an expression.
    static TextNormalizer replacer(Pattern pattern, String replacement) {
        String quoted = Matcher.quoteReplacement(replacement);
        return text -> {
            try {
                return pattern.matcher(text).replaceAll(quoted);
            } catch (StackOverflowError e) {
                throw tooLong(pattern, e);
            }
        };
    }

    private static TextTooLongException tooLong(Pattern pattern, StackOverflowError cause) {
        return new TextTooLongException(
                "Input text is too long for the tokenizer's expression '" + pattern + "'.", cause);
    }

    private static void find(Matcher matcher, String text, Splitter.Receiver receiver) {
        int last = -1;
        while (matcher.find()) {
            int start = matcher.start();
            boolean empty = start == matcher.end();
            // Java looks for empty matches between the halves of a surrogate pair, too.
            if (!empty || (start != last && !splitsPair(text, start, matcher.regionStart()))) {
                receiver.match(start, matcher.end());
            }
            last = matcher.end();
        }
    }

    private static boolean splitsPair(String text, int at, int from) {
        return at > from
                && at < text.length()
                && Character.isSurrogatePair(text.charAt(at - 1), text.charAt(at));
    }

    /// Spaces that end a text or, as far as possible, a line.
    private static void findTrailingSpaces(
            String text, int from, int to, Splitter.Receiver receiver) {
        for (int start = from; start < to; ) {
            int end = start;
            while (end < to && Characters.isSpace(text.charAt(end))) {
                end++;
            }
            int cut = end;
            while (end < to && cut > start && text.charAt(cut) != '\n') {
                cut--;
            }
            if (cut > start) {
                receiver.match(start, cut);
            }
            start = end + 1;
        }
    }

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
