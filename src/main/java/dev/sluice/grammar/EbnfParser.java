package dev.sluice.grammar;

import dev.sluice.grammar.RegexNode.Call;
import dev.sluice.grammar.RegexNode.Characters;
import dev.sluice.grammar.RegexNode.Choice;
import dev.sluice.grammar.RegexNode.Repetition;
import dev.sluice.grammar.RegexNode.Sequence;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Reads grammars in EBNF as llama.cpp and xgrammar write it (GBNF), and adds them to a builder.
///
/// @see "grammars/README.md of ggml-org/llama.cpp; the EBNF page of mlc-ai/xgrammar"
final class EbnfParser {
    private static final String ROOT = "root";
    private static final int MAX_COUNT = 100_000;
    private static final String FORM =
            "; a grammar has a line for each rule, for example: root ::= \"yes\" | \"no\"";

    private final GrammarBuilder builder;
    private final int[] text;
    private final Map<String, Integer> rules = new HashMap<>();
    private final Map<String, Integer> usedAt = new HashMap<>();
    private int at;
    private int depth;

    private EbnfParser(GrammarBuilder builder, String grammar) {
        this.builder = builder;
        this.text = grammar.codePoints().toArray();
    }

    /// Adds a grammar.
    ///
    /// @return its rule `root`
    static int parse(GrammarBuilder builder, String grammar) throws GrammarException {
        return new EbnfParser(builder, grammar).parse();
    }

    private int parse() throws GrammarException {
        Map<String, Boolean> defined = new HashMap<>();
        skipSpace();
        while (at < text.length) {
            int position = at;
            String name = name();
            if (name.isEmpty() || !takeDefinition()) {
                at = position;
                throw error("there is no rule here" + FORM);
            }
            if (defined.put(name, true) != null) {
                at = position;
                throw error("the rule '%s' is there twice".formatted(name));
            }
            int rule = number(name);
            RegexNode body = choice();
            new ExpressionWriter(builder, false).add(body, builder.start(rule), builder.end(rule));
            skipSpace();
            if (at < text.length && !isDefinition()) {
                throw error("there is a character too much");
            }
        }
        if (!defined.containsKey(ROOT)) {
            at = 0;
            throw error("the rule 'root' is missing" + FORM);
        }
        for (Map.Entry<String, Integer> use : usedAt.entrySet()) {
            if (!defined.containsKey(use.getKey())) {
                at = use.getValue();
                throw error("the rule '%s' is not defined".formatted(use.getKey()));
            }
        }
        return number(ROOT);
    }

    private int number(String name) throws GrammarException {
        Integer known = rules.get(name);
        if (known == null) {
            known = builder.rule();
            rules.put(name, known);
        }
        return known;
    }

    private GrammarException error(String why) {
        int line = 1;
        int column = 1;
        for (int i = 0; i < at && i < text.length; i++) {
            column = text[i] == '\n' ? 1 : column + 1;
            line += text[i] == '\n' ? 1 : 0;
        }
        return GrammarException.malformed(
                "the grammar is malformed at line %d, column %d: %s".formatted(line, column, why));
    }

    private void skipSpace() {
        while (at < text.length) {
            if (text[at] == '#') {
                while (at < text.length && text[at] != '\n') {
                    at++;
                }
            } else if (Character.isWhitespace(text[at])) {
                at++;
            } else {
                return;
            }
        }
    }

    private static boolean isNamePart(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '_'
                || c == '-';
    }

    /// A name; a dot belongs to it only between its other characters, for alone it stands for any
    /// character.
    private String name() {
        StringBuilder name = new StringBuilder();
        while (at < text.length) {
            boolean innerDot =
                    text[at] == '.'
                            && !name.isEmpty()
                            && at + 1 < text.length
                            && isNamePart(text[at + 1]);
            if (!isNamePart(text[at]) && !innerDot) {
                break;
            }
            name.appendCodePoint(text[at++]);
        }
        return name.toString();
    }

    private boolean takeDefinition() {
        skipSpace();
        if (isAt("::=")) {
            at += 3;
            return true;
        }
        return false;
    }

    private boolean isAt(String expected) {
        for (int i = 0; i < expected.length(); i++) {
            if (at + i >= text.length || text[at + i] != expected.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /// Whether the next rule begins here.
    private boolean isDefinition() {
        int before = at;
        boolean is = !name().isEmpty() && takeDefinition();
        at = before;
        return is;
    }

    private RegexNode choice() throws GrammarException {
        if (++depth > builder.limits().maxNesting()) {
            throw GrammarException.tooLarge(
                    "the grammar has more than %d nested groups"
                            .formatted(builder.limits().maxNesting()));
        }
        List<RegexNode> alternatives = new ArrayList<>();
        alternatives.add(sequence());
        skipSpace();
        while (isAt("|")) {
            at++;
            alternatives.add(sequence());
            skipSpace();
        }
        depth--;
        return alternatives.size() == 1
                ? alternatives.getFirst()
                : new Choice(List.copyOf(alternatives));
    }

    private RegexNode sequence() throws GrammarException {
        List<RegexNode> items = new ArrayList<>();
        while (true) {
            skipSpace();
            if (at >= text.length || text[at] == '|' || text[at] == ')' || isDefinition()) {
                return items.size() == 1 ? items.getFirst() : new Sequence(List.copyOf(items));
            }
            items.add(repeated(item()));
        }
    }

    private RegexNode item() throws GrammarException {
        int c = text[at++];
        return switch (c) {
            case '"' -> literal();
            case '[' -> new Characters(set());
            case '.' -> new Characters(CodePoints.ANY);
            case '(' -> group();
            default -> {
                at--;
                yield call(c);
            }
        };
    }

    private RegexNode group() throws GrammarException {
        RegexNode group = choice();
        skipSpace();
        if (!isAt(")")) {
            throw error("a '(' has no ')'");
        }
        at++;
        return group;
    }

    private RegexNode call(int first) throws GrammarException {
        int position = at;
        String name = name();
        if (name.isEmpty()) {
            throw error("'%c' can't stand here".formatted(first) + FORM);
        }
        usedAt.putIfAbsent(name, position);
        return new Call(number(name));
    }

    private RegexNode repeated(RegexNode item) throws GrammarException {
        RegexNode node = item;
        while (true) {
            int before = at;
            skipSpace();
            if (at >= text.length) {
                return node;
            }
            switch (text[at]) {
                case '*' -> node = new Repetition(node, 0, Repeat.UNBOUNDED);
                case '+' -> node = new Repetition(node, 1, Repeat.UNBOUNDED);
                case '?' -> node = new Repetition(node, 0, 1);
                case '{' -> {
                    at++;
                    node = counted(node);
                }
                default -> {
                    at = before;
                    return node;
                }
            }
            at++;
        }
    }

    private RegexNode counted(RegexNode item) throws GrammarException {
        int min = count();
        int max = min;
        skipSpace();
        if (isAt(",")) {
            at++;
            skipSpace();
            max = isAt("}") ? Repeat.UNBOUNDED : count();
        }
        skipSpace();
        if (!isAt("}")) {
            throw error("a '{' has no '}'");
        }
        if (max < min) {
            throw error("a repetition's greatest number is less than its least");
        }
        return max == 0 ? Sequence.EMPTY : new Repetition(item, min, max);
    }

    private int count() throws GrammarException {
        skipSpace();
        int digits = 0;
        long value = 0;
        while (at < text.length && text[at] >= '0' && text[at] <= '9') {
            value = Math.min(10L * MAX_COUNT, 10 * value + text[at++] - '0');
            digits++;
        }
        if (digits == 0) {
            throw error("a number is missing");
        }
        if (value > MAX_COUNT) {
            throw GrammarException.tooLarge(
                    "the grammar repeats something more than %,d times".formatted(MAX_COUNT));
        }
        return (int) value;
    }

    private int next() throws GrammarException {
        if (at >= text.length || text[at] == '\n') {
            throw error("a '\"' or ']' is missing");
        }
        return text[at++];
    }

    private RegexNode literal() throws GrammarException {
        List<RegexNode> characters = new ArrayList<>();
        while (true) {
            int c = next();
            if (c == '"') {
                return characters.size() == 1
                        ? characters.getFirst()
                        : new Sequence(List.copyOf(characters));
            }
            characters.add(new Characters(CodePoints.of(c == '\\' ? escape() : c)));
        }
    }

    private int escape() throws GrammarException {
        int c = next();
        return switch (c) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'a' -> 7;
            case 'v' -> 0xB;
            case '0' -> 0;
            case 'e' -> 0x1B;
            case 'x' -> hexadecimal(1, 2);
            case 'u' -> hexadecimal(4, 4);
            case 'U' -> hexadecimal(8, 8);
            case '"',
                    '\\',
                    '/',
                    '\'',
                    '[',
                    ']',
                    '-',
                    '^',
                    '?',
                    '.',
                    '|',
                    '(',
                    ')',
                    '{',
                    '}',
                    '+',
                    '*',
                    '$' ->
                    c;
            default -> {
                at--;
                throw error("\\%c is no escape".formatted(c));
            }
        };
    }

    private int hexadecimal(int least, int most) throws GrammarException {
        long value = 0;
        int digits = 0;
        while (digits < most && at < text.length && digit(text[at]) >= 0) {
            value = value << 4 | digit(text[at++]);
            digits++;
        }
        if (digits < least || value > Character.MAX_CODE_POINT) {
            throw error("there is no character of this number");
        }
        return (int) value;
    }

    private static int digit(int c) {
        return c < 128 ? Character.digit(c, 16) : -1;
    }

    private CodePoints set() throws GrammarException {
        boolean negated = isAt("^");
        at += negated ? 1 : 0;
        CodePoints set = CodePoints.NONE;
        while (!isAt("]")) {
            int first = member();
            boolean isRange = isAt("-") && at + 1 < text.length && text[at + 1] != ']';
            int last = first;
            if (isRange) {
                at++;
                last = member();
            }
            if (last < first) {
                throw error("a range of a class ends before it begins");
            }
            set = set.union(CodePoints.range(first, last));
        }
        at++;
        return negated ? set.complement() : set;
    }

    private int member() throws GrammarException {
        int c = next();
        return c == '\\' ? escape() : c;
    }
}
