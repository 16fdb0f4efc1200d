package dev.sluice.grammar;

import dev.sluice.grammar.RegexNode.Assertion;
import dev.sluice.grammar.RegexNode.Characters;
import dev.sluice.grammar.RegexNode.Choice;
import dev.sluice.grammar.RegexNode.LookAhead;
import dev.sluice.grammar.RegexNode.Place;
import dev.sluice.grammar.RegexNode.Repetition;
import dev.sluice.grammar.RegexNode.Sequence;

import java.util.ArrayList;
import java.util.List;

/// Reads regular expressions.
///
/// @see "ECMA-262, Patterns, with the parts of annex B that JSON Schemas in the wild rely on"
final class RegexParser {
    private static final int MAX_COUNT = 100_000;

    private final String pattern;
    private final int[] text;
    private final RegexDialect dialect;
    private final int maxNesting;
    private int at;
    private int depth;

    private RegexParser(String pattern, RegexDialect dialect, int maxNesting) {
        this.pattern = pattern;
        this.text = pattern.codePoints().toArray();
        this.dialect = dialect;
        this.maxNesting = maxNesting;
    }

    static RegexNode parse(String pattern, RegexDialect dialect, GrammarLimits limits)
            throws GrammarException {
        if (pattern.length() > limits.maxRegexLength()) {
            throw GrammarException.tooLarge(
                    "the regular expression is longer than %,d characters"
                            .formatted(limits.maxRegexLength()));
        }
        RegexParser parser = new RegexParser(pattern, dialect, limits.maxNesting());
        RegexNode node = parser.choice();
        if (parser.at < parser.text.length) {
            throw parser.malformed("there is a ')' without a '('");
        }
        return node;
    }

    private GrammarException malformed(String why) {
        return GrammarException.malformed(
                "the regular expression %s is malformed at character %d: %s"
                        .formatted(quoted(), at + 1, why));
    }

    private GrammarException unsupported(String what) {
        return GrammarException.unsupported(
                "the regular expression %s uses %s, which is not supported"
                        .formatted(quoted(), what));
    }

    private String quoted() {
        return '"' + (pattern.length() > 100 ? pattern.substring(0, 100) + "..." : pattern) + '"';
    }

    private boolean isAt(int c) {
        return at < text.length && text[at] == c;
    }

    private boolean isAt(String expected) {
        int[] points = expected.codePoints().toArray();
        for (int i = 0; i < points.length; i++) {
            if (at + i >= text.length || text[at + i] != points[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean take(String expected) {
        if (isAt(expected)) {
            at += expected.length();
            return true;
        }
        return false;
    }

    private int next() throws GrammarException {
        if (at >= text.length) {
            throw malformed("it ends too early");
        }
        return text[at++];
    }

    private RegexNode choice() throws GrammarException {
        if (++depth > maxNesting) {
            throw GrammarException.tooLarge(
                    "the regular expression %s has more than %d nested groups"
                            .formatted(quoted(), maxNesting));
        }
        List<RegexNode> alternatives = new ArrayList<>();
        alternatives.add(sequence());
        while (take("|")) {
            alternatives.add(sequence());
        }
        depth--;
        return alternatives.size() == 1
                ? alternatives.getFirst()
                : new Choice(List.copyOf(alternatives));
    }

    private RegexNode sequence() throws GrammarException {
        List<RegexNode> items = new ArrayList<>();
        while (at < text.length && text[at] != '|' && text[at] != ')') {
            boolean isGroup = isAt('(') && !isAt("(?=") && !isAt("(?!");
            RegexNode item = item();
            items.add(repeated(item, isGroup));
        }
        return items.size() == 1 ? items.getFirst() : new Sequence(List.copyOf(items));
    }

    private RegexNode repeated(RegexNode item, boolean isGroup) throws GrammarException {
        int min;
        int max;
        int before = at;
        if (take("*")) {
            min = 0;
            max = Repeat.UNBOUNDED;
        } else if (take("+")) {
            min = 1;
            max = Repeat.UNBOUNDED;
        } else if (take("?")) {
            min = 0;
            max = 1;
        } else if (isAt('{') && isCount()) {
            at++;
            min = number();
            max = min;
            if (take(",")) {
                max = isAt('}') ? Repeat.UNBOUNDED : number();
            }
            at++;
            if (max < min) {
                at = before;
                throw malformed("the repetition's greatest number is less than its least");
            }
        } else {
            return item;
        }
        boolean isPlace = item instanceof Assertion || item instanceof LookAhead;
        if (isPlace && !isGroup) {
            at = before;
            throw malformed("there is nothing to repeat");
        }
        // Lazy or not, the same texts match.
        take("?");
        if (isAt('*') || isAt('+') || isAt('?') || (isAt('{') && isCount())) {
            throw malformed("there are two repetitions in a row");
        }
        if (max == 0 || (isPlace && min == 0)) {
            return Sequence.EMPTY;
        }
        // Twice at the same place says nothing more.
        return isPlace ? item : new Repetition(item, min, max);
    }

    /// Whether a brace begins a repetition and is no character.
    private boolean isCount() {
        int i = at + 1;
        int digits = 0;
        while (i < text.length && text[i] >= '0' && text[i] <= '9') {
            i++;
            digits++;
        }
        if (digits > 0 && i < text.length && text[i] == ',') {
            i++;
            while (i < text.length && text[i] >= '0' && text[i] <= '9') {
                i++;
            }
        }
        return digits > 0 && i < text.length && text[i] == '}';
    }

    private int number() throws GrammarException {
        long value = 0;
        while (at < text.length && text[at] >= '0' && text[at] <= '9') {
            value = Math.min(10L * MAX_COUNT, value * 10 + (text[at++] - '0'));
        }
        if (value > MAX_COUNT) {
            throw GrammarException.tooLarge(
                    "the regular expression %s repeats something more than %,d times"
                            .formatted(quoted(), MAX_COUNT));
        }
        return (int) value;
    }

    private RegexNode item() throws GrammarException {
        int c = next();
        return switch (c) {
            case '.' ->
                    new Characters(
                            dialect == RegexDialect.GUIDED
                                    ? CodePoints.ANY
                                    : RegexClasses.LINE_END.complement());
            case '^' -> new Assertion(Place.START);
            case '$' -> new Assertion(Place.END);
            case '(' -> group();
            case '[' -> new Characters(set());
            case '\\' -> escape();
            case '*', '+', '?' -> {
                at--;
                throw malformed("there is nothing to repeat");
            }
            case '{' -> {
                at--;
                if (isCount()) {
                    throw malformed("there is nothing to repeat");
                }
                at++;
                yield new Characters(CodePoints.of(c));
            }
            default -> new Characters(CodePoints.of(c));
        };
    }

    private RegexNode group() throws GrammarException {
        RegexNode node;
        if (take("?:")) {
            node = choice();
        } else if (isAt("?=") || isAt("?!")) {
            if (dialect == RegexDialect.GUIDED) {
                throw unsupported("look-ahead");
            }
            boolean negative = isAt("?!");
            at += 2;
            node = new LookAhead(choice(), negative);
        } else if (isAt("?<=") || isAt("?<!")) {
            throw unsupported("look-behind");
        } else if (take("?P<") || take("?<")) {
            while (next() != '>') {
                // The name of a group changes nothing.
            }
            node = choice();
        } else if (isAt('?')) {
            throw unsupported("inline flags or another special group");
        } else {
            node = choice();
        }
        if (!take(")")) {
            throw malformed("a '(' has no ')'");
        }
        return node;
    }

    private RegexNode escape() throws GrammarException {
        int c = next();
        if (c == 'b' || c == 'B') {
            if (dialect == RegexDialect.GUIDED) {
                throw unsupported("word boundaries");
            }
            return new Assertion(c == 'b' ? Place.WORD_BOUNDARY : Place.NO_WORD_BOUNDARY);
        }
        if (c >= '1' && c <= '9') {
            throw unsupported("back-references");
        }
        if (c == 'k' && isAt('<')) {
            throw unsupported("back-references");
        }
        return new Characters(escapedSet(c));
    }

    /// What an escape stands for, in a class or outside.
    private CodePoints escapedSet(int c) throws GrammarException {
        return switch (c) {
            case 'd' -> RegexClasses.DIGIT;
            case 'D' -> RegexClasses.DIGIT.complement();
            case 'w' -> RegexClasses.WORD;
            case 'W' -> RegexClasses.WORD.complement();
            case 's' -> RegexClasses.SPACE;
            case 'S' -> RegexClasses.SPACE.complement();
            case 'p', 'P' -> property(c == 'P');
            default -> CodePoints.of(escapedCharacter(c));
        };
    }

    private CodePoints property(boolean negated) throws GrammarException {
        if (dialect == RegexDialect.GUIDED) {
            throw unsupported("character properties");
        }
        StringBuilder name = new StringBuilder();
        if (take("{")) {
            for (int c = next(); c != '}'; c = next()) {
                name.appendCodePoint(c);
            }
        } else {
            throw malformed("a property has no name in braces");
        }
        CodePoints set =
                RegexClasses.property(name.toString())
                        .orElseThrow(() -> unsupported("the character property " + name));
        return negated ? set.complement() : set;
    }

    private int escapedCharacter(int c) throws GrammarException {
        return switch (c) {
            case 'n' -> '\n';
            case 't' -> '\t';
            case 'r' -> '\r';
            case 'f' -> '\f';
            case 'v' -> 0xB;
            case 'a' -> dialect == RegexDialect.GUIDED ? 7 : 'a';
            case 'e' -> dialect == RegexDialect.GUIDED ? 0x1B : 'e';
            case '0' -> zero();
            case 'x' -> hex(2);
            case 'u' -> unicode();
            case 'c' -> control();
            default -> {
                if (dialect == RegexDialect.ECMA && c >= '1' && c <= '9') {
                    throw malformed("\\%c is no escape in a class".formatted(c));
                }
                if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
                    throw malformed("\\%c is no escape".formatted(c));
                }
                yield c;
            }
        };
    }

    private int zero() throws GrammarException {
        boolean more = at < text.length && text[at] >= '0' && text[at] <= '9';
        if (dialect == RegexDialect.ECMA && more) {
            throw malformed("a digit follows \\0");
        }
        return 0;
    }

    private int control() throws GrammarException {
        int c = next();
        boolean isLetter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (dialect == RegexDialect.ECMA && !isLetter) {
            throw malformed("no letter follows \\c");
        }
        return c & 31;
    }

    private int unicode() throws GrammarException {
        if (take("{")) {
            if (isAt('}')) {
                throw malformed("a hexadecimal digit is missing");
            }
            int value = 0;
            int c = next();
            while (c != '}') {
                value = value << 4 | digit(c);
                if (value > Character.MAX_CODE_POINT) {
                    throw malformed("there is no such character");
                }
                c = next();
            }
            return value;
        }
        int high = hex(4);
        if (Character.isHighSurrogate((char) high) && isAt("\\u")) {
            int before = at;
            at += 2;
            int low = hex(4);
            if (Character.isLowSurrogate((char) low)) {
                return Character.toCodePoint((char) high, (char) low);
            }
            at = before;
        }
        return high;
    }

    private int hex(int digits) throws GrammarException {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            value = value << 4 | digit(next());
        }
        return value;
    }

    private int digit(int c) throws GrammarException {
        int digit = c < 128 ? Character.digit(c, 16) : -1;
        if (digit < 0) {
            throw malformed("a hexadecimal digit is missing");
        }
        return digit;
    }

    private CodePoints set() throws GrammarException {
        boolean negated = take("^");
        CodePoints set = CodePoints.NONE;
        while (!isAt(']')) {
            CodePoints first = member();
            boolean isRange = isAt('-') && at + 1 < text.length && text[at + 1] != ']';
            if (!isRange || first.size() != 1) {
                set = set.union(first);
                continue;
            }
            at++;
            CodePoints last = member();
            if (last.size() != 1) {
                set = set.union(first).union(CodePoints.of('-')).union(last);
                continue;
            }
            int from = first.ranges()[0];
            int to = last.ranges()[0];
            if (from > to) {
                throw malformed("a range of a class ends before it begins");
            }
            set = set.union(CodePoints.range(from, to));
        }
        at++;
        return negated ? set.complement() : set;
    }

    private CodePoints member() throws GrammarException {
        int c = next();
        if (c != '\\') {
            return CodePoints.of(c);
        }
        int escaped = next();
        return escaped == 'b' ? CodePoints.of('\b') : escapedSet(escaped);
    }
}
