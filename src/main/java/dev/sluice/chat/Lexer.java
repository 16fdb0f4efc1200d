package dev.sluice.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Cuts a template's source into tokens, with Jinja's treatment of white space under `trim_blocks`
/// and `lstrip_blocks`: a tag's end eats what it may before the next text is looked at.
///
/// @see "jinja2 3.1.6, lexer.py"
final class Lexer {
    private static final String[] OPERATORS = {
        "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
        "}", ">", "<", "=", ".", ":", "|", ",", ";"
    };

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private final Deque<Character> open = new ArrayDeque<>();
    private int position;
    private int line = 1;
    private int counted;

    private Lexer(String source) {
        this.source = source;
    }

    /// @throws TemplateException if the source isn't a sequence of tokens
    static List<Token> tokens(String source) {
        String normalised = Text.normaliseNewlines(source);
        if (normalised.endsWith("\n")) {
            normalised = normalised.substring(0, normalised.length() - 1);
        }
        Lexer lexer = new Lexer(normalised);
        lexer.run();
        return lexer.tokens;
    }

    private void run() {
        while (position < source.length()) {
            int tag = nextTag(position);
            if (tag < 0) {
                data(source.substring(position), position);
                position = source.length();
                break;
            }
            tag(tag);
        }
        add(Token.Type.END, "", source.length());
    }

    private int nextTag(int from) {
        for (int i = source.indexOf('{', from); i >= 0; i = source.indexOf('{', i + 1)) {
            if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private void tag(int start) {
        char kind = source.charAt(start + 1);
        int afterSign = start + 2;
        char sign = 0;
        if (afterSign < source.length() && "-+".indexOf(source.charAt(afterSign)) >= 0) {
            sign = source.charAt(afterSign++);
        }
        data(textBefore(position, start, sign, kind != '{'), position);
        if (kind == '#') {
            comment(afterSign, start);
            return;
        }
        int raw = kind == '%' ? endOfRawTag(afterSign) : -1;
        if (raw >= 0) {
            raw(raw, start);
            return;
        }
        boolean block = kind == '%';
        add(block ? Token.Type.BLOCK_BEGIN : Token.Type.VARIABLE_BEGIN, "", start);
        position = afterSign;
        expression(block);
    }

    /// The text from a position to a tag, less what the tag's sign or `lstrip_blocks` takes.
    private String textBefore(int from, int tag, char sign, boolean statement) {
        if (sign == '-') {
            int end = tag;
            while (end > from && Text.isSpace(source.charAt(end - 1))) {
                end--;
            }
            return source.substring(from, end);
        }
        if (sign == 0 && statement) {
            int cut = tag;
            while (cut > from
                    && source.charAt(cut - 1) != '\n'
                    && Text.isSpace(source.charAt(cut - 1))) {
                cut--;
            }
            if (cut == 0 || source.charAt(cut - 1) == '\n') {
                return source.substring(from, cut);
            }
        }
        return source.substring(from, tag);
    }

    private void comment(int from, int start) {
        int end = source.indexOf("#}", from);
        if (end < 0) {
            throw Errors.syntax("Missing end of comment tag", lineAt(start));
        }
        char sign = end > from ? source.charAt(end - 1) : 0;
        position = end + 2;
        skipAfterTag(sign);
    }

    private void skipAfterTag(char sign) {
        if (sign == '-') {
            position = Text.skipSpace(source, position);
        } else if (sign != '+' && source.startsWith("\n", position)) {
            position++;
        }
    }

    /// The end of a `raw` tag whose inside begins at a position; -1 if it is another tag.
    private int endOfRawTag(int from) {
        int at = Text.skipSpace(source, from);
        if (!source.startsWith("raw", at)) {
            return -1;
        }
        at = Text.skipSpace(source, at + 3);
        if (source.startsWith("-%}", at)) {
            return Text.skipSpace(source, at + 3);
        }
        return source.startsWith("%}", at) ? at + 2 : -1;
    }

    private void raw(int from, int start) {
        for (int tag = source.indexOf("{%", from); tag >= 0; tag = source.indexOf("{%", tag + 1)) {
            int at = tag + 2;
            char sign = 0;
            if (at < source.length() && "-+".indexOf(source.charAt(at)) >= 0) {
                sign = source.charAt(at++);
            }
            at = Text.skipSpace(source, at);
            if (!source.startsWith("endraw", at)) {
                continue;
            }
            at = Text.skipSpace(source, at + 6);
            char endSign = at < source.length() ? source.charAt(at) : 0;
            at += endSign == '-' || endSign == '+' ? 1 : 0;
            if (source.startsWith("%}", at)) {
                data(textBefore(from, tag, sign, true), from);
                position = at + 2;
                skipAfterTag(endSign);
                return;
            }
        }
        throw Errors.syntax("Missing end of raw directive", lineAt(start));
    }

    private void expression(boolean block) {
        open.clear();
        while (position < source.length()) {
            if (open.isEmpty() && tagEnd(block)) {
                return;
            }
            char c = source.charAt(position);
            if (Text.isSpace(c)) {
                position++;
            } else if (c == '"' || c == '\'') {
                string(c);
            } else if (c >= '0' && c <= '9') {
                number();
            } else if (isNamePart(source.codePointAt(position))) {
                name();
            } else {
                operator();
            }
        }
    }

    private boolean tagEnd(boolean block) {
        String end = block ? "%}" : "}}";
        char sign = source.charAt(position);
        boolean signed = sign == '-' || (block && sign == '+');
        int at = signed ? position + 1 : position;
        if (!source.startsWith(end, at)) {
            return false;
        }
        add(block ? Token.Type.BLOCK_END : Token.Type.VARIABLE_END, "", position);
        position = at + 2;
        if (block) {
            skipAfterTag(sign);
        } else if (sign == '-') {
            position = Text.skipSpace(source, position);
        }
        return true;
    }

    private void string(char quote) {
        int start = position;
        int end = start + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw Errors.syntax(
                    "unexpected char " + Representation.repr("" + quote), lineAt(start));
        }
        String body = source.substring(start + 1, end);
        String value = body.indexOf('\\') < 0 ? body : StringEscapes.resolve(body, lineAt(start));
        tokens.add(new Token(Token.Type.STRING, body, value, lineAt(start)));
        position = end + 1;
    }

    private void number() {
        NumberLiteral literal = NumberLiteral.at(source, position);
        Token.Type type = literal.value() instanceof Double ? Token.Type.FLOAT : Token.Type.INTEGER;
        String text = source.substring(position, literal.end());
        tokens.add(new Token(type, text, literal.value(), lineAt(position)));
        position = literal.end();
    }

    private static boolean isNamePart(int c) {
        return c == '_'
                || (Character.isUnicodeIdentifierPart(c) && !Character.isIdentifierIgnorable(c));
    }

    private void name() {
        int start = position;
        while (position < source.length() && isNamePart(source.codePointAt(position))) {
            position += Character.charCount(source.codePointAt(position));
        }
        int first = source.codePointAt(start);
        if (first != '_' && !Character.isUnicodeIdentifierStart(first)) {
            throw Errors.syntax("Invalid character in identifier", lineAt(start));
        }
        add(Token.Type.NAME, source.substring(start, position), start);
    }

    private void operator() {
        for (String operator : OPERATORS) {
            if (source.startsWith(operator, position)) {
                balance(operator.charAt(0));
                add(Token.Type.OPERATOR, operator, position);
                position += operator.length();
                return;
            }
        }
        String character = Character.toString(source.codePointAt(position));
        throw Errors.syntax(
                "unexpected char " + Representation.repr(character) + " at " + position,
                lineAt(position));
    }

    private void balance(char bracket) {
        switch (bracket) {
            case '(' -> open.push(')');
            case '[' -> open.push(']');
            case '{' -> open.push('}');
            case ')', ']', '}' -> {
                if (open.isEmpty()) {
                    throw Errors.syntax("unexpected '" + bracket + "'", lineAt(position));
                }
                char expected = open.pop();
                if (expected != bracket) {
                    throw Errors.syntax(
                            "unexpected '" + bracket + "', expected '" + expected + "'",
                            lineAt(position));
                }
            }
            default -> {}
        }
    }

    private void data(String text, int start) {
        if (!text.isEmpty()) {
            add(Token.Type.DATA, text, start);
        }
    }

    private void add(Token.Type type, String text, int start) {
        tokens.add(new Token(type, text, None.NONE, lineAt(start)));
    }

    /// Positions come in order, so the newlines are counted once.
    private int lineAt(int at) {
        for (; counted < at; counted++) {
            if (source.charAt(counted) == '\n') {
                line++;
            }
        }
        return line;
    }
}
