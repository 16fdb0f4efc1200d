package dev.sluice.tokenizer;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Rewrites a regular expression of Oniguruma's (Ruby's) syntax, in which tokenizer.json files are
/// written, to Java's where the two differ.
///
/// @see "https://github.com/kkos/oniguruma/blob/master/doc/RE"
final class OnigurumaSyntax {
    private static final Pattern INTERVAL = Pattern.compile("\\{(\\d*)(,?)(\\d*)}");
    private static final Pattern NO_PROPERTY = Pattern.compile("\\\\[pP]\\{\\^?[ _-]*}");
    // Java counts the joiners among the characters of words, but not Latin-1's numbers. A literal
    // character beyond the first plane makes look-behind see whole ones.
    private static final String WORD =
            "[\\w\\xB2\\xB3\\xB9\\xBC-\\xBE\uD835\uDFFF&&[^\\u200C\\u200D]]";
    private static final String NO_WORD = "[\\W\\u200C\\u200D&&[^\\xB2\\xB3\\xB9\\xBC-\\xBE]]";
    private static final String BOUNDARY =
            "(?:(?<=" + WORD + ")(?!" + WORD + ")|(?<!" + WORD + ")(?=" + WORD + "))";
    private static final Map<String, String> POSIX =
            Map.ofEntries(
                    Map.entry("alnum", "\\p{IsAlphabetic}\\p{IsDigit}"),
                    Map.entry("alpha", "\\p{IsAlphabetic}"),
                    Map.entry("ascii", "\\x00-\\x7F"),
                    Map.entry("blank", "\\p{Blank}"),
                    Map.entry("cntrl", "\\p{Cntrl}"),
                    Map.entry("digit", "\\d"),
                    Map.entry("graph", "\\p{Graph}"),
                    Map.entry("lower", "\\p{IsLowercase}"),
                    Map.entry("print", "\\p{Print}"),
                    Map.entry("punct", "\\p{P}\\p{S}"),
                    Map.entry("space", "\\s"),
                    Map.entry("upper", "\\p{IsUppercase}"),
                    Map.entry("word", "\\w&&[^\\u200C\\u200D]"),
                    Map.entry("xdigit", "0-9A-Fa-f"));
    private static final Map<String, String> CATEGORIES =
            Map.ofEntries(
                    Map.entry("letter", "L"),
                    Map.entry("lowercaseletter", "Ll"),
                    Map.entry("uppercaseletter", "Lu"),
                    Map.entry("titlecaseletter", "Lt"),
                    Map.entry("modifierletter", "Lm"),
                    Map.entry("otherletter", "Lo"),
                    Map.entry("mark", "M"),
                    Map.entry("nonspacingmark", "Mn"),
                    Map.entry("spacingmark", "Mc"),
                    Map.entry("number", "N"),
                    Map.entry("decimalnumber", "Nd"),
                    Map.entry("letternumber", "Nl"),
                    Map.entry("othernumber", "No"),
                    Map.entry("punctuation", "P"),
                    Map.entry("symbol", "S"),
                    Map.entry("mathsymbol", "Sm"),
                    Map.entry("currencysymbol", "Sc"),
                    Map.entry("separator", "Z"),
                    Map.entry("spaceseparator", "Zs"),
                    Map.entry("control", "Cc"),
                    Map.entry("other", "C"));

    private final String source;
    private final StringBuilder out = new StringBuilder();
    private final Deque<Integer> groups = new ArrayDeque<>();
    private int at;
    private int atom;

    OnigurumaSyntax(String source) {
        this.source = source;
    }

    /// Whether a character is one of a word for these expressions.
    static boolean isWord(int c) {
        return c != 0x200C
                && c != 0x200D
                && (Characters.isWord(c) || (c < 0x100 && Characters.isNumber(c)));
    }

    /// The expression in Java's syntax; wrong ones are left for Java to refuse.
    String toJava() {
        while (at < source.length()) {
            char c = source.charAt(at);
            switch (c) {
                case '\\' -> escape(false);
                case '[' -> characterClass();
                case '(' -> openGroup();
                case ')' -> closeGroup();
                case '{' -> interval();
                case '*', '+', '?' -> copy(1);
                default -> literal();
            }
        }
        return out.toString();
    }

    private void copy(int length) {
        int end = Math.min(source.length(), at + length);
        out.append(source, at, end);
        at = end;
    }

    private void literal() {
        atom = out.length();
        copy(Character.charCount(source.codePointAt(at)));
    }

    private void escape(boolean inClass) {
        if (!inClass) {
            atom = out.length();
        }
        if (at + 1 == source.length()) {
            copy(1);
            return;
        }
        char c = source.charAt(at + 1);
        switch (c) {
            case 'h' -> replace(2, inClass ? "0-9A-Fa-f" : "[0-9A-Fa-f]");
            case 'H' -> replace(2, "[^0-9A-Fa-f]");
            case 'b' -> replace(2, inClass ? "\\x08" : BOUNDARY);
            case 'w' -> replace(2, WORD);
            case 'W' -> replace(2, NO_WORD);
            case 'p', 'P' -> property();
            default -> copy(1 + Character.charCount(source.codePointAt(at + 1)));
        }
    }

    private void replace(int length, String replacement) {
        out.append(replacement);
        at += length;
    }

    private void property() {
        int end = source.indexOf('}', at);
        if (at + 2 >= source.length() || source.charAt(at + 2) != '{' || end < 0) {
            copy(2);
            return;
        }
        if (NO_PROPERTY.matcher(source).region(at, end + 1).matches()) {
            copy(end + 1 - at);
            return;
        }
        boolean caret = source.charAt(at + 3) == '^';
        boolean negated = (source.charAt(at + 1) == 'P') != caret;
        String name = source.substring(at + (caret ? 4 : 3), end);
        at = end + 1;
        out.append(negated ? "\\P{" : "\\p{").append(javaName(name)).append('}');
    }

    private static String javaName(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
        if (plain.equals("l&")) {
            return "LC";
        }
        if (plain.length() <= 2) {
            return plain.substring(0, 1).toUpperCase(Locale.ROOT) + plain.substring(1);
        }
        if (CATEGORIES.containsKey(plain)) {
            return CATEGORIES.get(plain);
        }
        return switch (plain) {
            case "alnum", "blank", "cntrl", "digit", "graph", "print", "punct", "space" ->
                    Character.toUpperCase(plain.charAt(0)) + plain.substring(1);
            case "ascii" -> "ASCII";
            case "xdigit" -> "XDigit";
            case "alpha" -> "IsAlphabetic";
            case "lower" -> "IsLowercase";
            case "upper" -> "IsUppercase";
            case "word" -> "IsWord";
            default -> plain.startsWith("in") || plain.startsWith("is") ? name : "Is" + name;
        };
    }

    private void characterClass() {
        atom = out.length();
        int depth = 0;
        do {
            char c = source.charAt(at);
            if (c == '\\') {
                escape(true);
            } else if (c == '[') {
                depth += posixClass() ? 0 : openClass();
            } else {
                depth -= c == ']' ? 1 : 0;
                copy(Character.charCount(source.codePointAt(at)));
            }
        } while (depth > 0 && at < source.length());
    }

    private int openClass() {
        copy(source.startsWith("[^", at) ? 2 : 1);
        // The first of a class is no end.
        if (at < source.length() && source.charAt(at) == ']') {
            replace(1, "\\]");
        }
        return 1;
    }

    private boolean posixClass() {
        int end = source.indexOf(":]", at);
        if (!source.startsWith("[:", at) || end < 0) {
            return false;
        }
        boolean negated = source.startsWith("[:^", at);
        String members = POSIX.get(source.substring(at + (negated ? 3 : 2), end));
        if (members == null) {
            return false;
        }
        out.append(negated ? "[^" : "[").append(members).append(']');
        at = end + 2;
        return true;
    }

    private void openGroup() {
        groups.push(out.length());
        if (!source.startsWith("(?", at) || !isOptions()) {
            copy(1);
            return;
        }
        copy(2);
        while (at < source.length() && source.charAt(at) != ':' && source.charAt(at) != ')') {
            // What Ruby calls multi-line is Java's dot-all.
            out.append(source.charAt(at) == 'm' ? 's' : source.charAt(at));
            at++;
        }
        if (at < source.length() && source.charAt(at) == ':') {
            copy(1);
        }
    }

    private boolean isOptions() {
        for (int i = at + 2; i < source.length(); i++) {
            char c = source.charAt(i);
            if (c == ':' || c == ')') {
                return true;
            }
            if ("imx-".indexOf(c) < 0) {
                return false;
            }
        }
        return false;
    }

    private void closeGroup() {
        atom = groups.isEmpty() ? out.length() : groups.pop();
        copy(1);
    }

    private void interval() {
        Matcher matcher = INTERVAL.matcher(source).region(at, source.length());
        boolean counted =
                matcher.lookingAt() && !(matcher.group(1).isEmpty() && matcher.group(3).isEmpty());
        if (!counted) {
            atom = out.length();
            replace(1, "\\{");
            return;
        }
        String from = matcher.group(1).isEmpty() ? "0" : matcher.group(1);
        out.append('{').append(from).append(matcher.group(2)).append(matcher.group(3)).append('}');
        at = matcher.end();
        // A plus behind a count repeats the whole, it is not possessive.
        if (at < source.length() && source.charAt(at) == '+') {
            out.insert(atom, "(?:").append(')');
        }
    }
}
