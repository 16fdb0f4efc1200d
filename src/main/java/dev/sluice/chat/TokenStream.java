package dev.sluice.chat;

import java.util.List;

/// Tokens, read from the first to the last.
final class TokenStream {
    private final List<Token> tokens;
    private final int maxNesting;
    private int next;
    private int nesting;

    TokenStream(List<Token> tokens, int maxNesting) {
        this.tokens = tokens;
        this.maxNesting = maxNesting;
    }

    /// The token to be taken next; at the end again and again the last one.
    Token current() {
        return tokens.get(next);
    }

    Token following() {
        return tokens.get(Math.min(next + 1, tokens.size() - 1));
    }

    Token take() {
        Token token = current();
        if (next < tokens.size() - 1) {
            next++;
        }
        return token;
    }

    boolean at(Token.Type type) {
        return current().type() == type;
    }

    boolean atName(String name) {
        return current().isName(name);
    }

    boolean atOperator(String operator) {
        return current().isOperator(operator);
    }

    boolean skipName(String name) {
        return skipIf(atName(name));
    }

    boolean skipOperator(String operator) {
        return skipIf(atOperator(operator));
    }

    private boolean skipIf(boolean matches) {
        if (matches) {
            take();
        }
        return matches;
    }

    Token expect(Token.Type type) {
        return expected(at(type), type.description());
    }

    Token expectName(String name) {
        return expected(atName(name), name);
    }

    Token expectOperator(String operator) {
        return expected(atOperator(operator), operator);
    }

    private Token expected(boolean matches, String what) {
        if (matches) {
            return take();
        }
        Token token = current();
        throw fail(
                token.type() == Token.Type.END
                        ? "unexpected end of template, expected '" + what + "'."
                        : "expected token '" + what + "', got '" + token.description() + "'");
    }

    TemplateException fail(String reason) {
        return Errors.syntax(reason, current().line());
    }

    /// Goes one level deeper into the grammar; the stack of the reader is not endless.
    void enter() {
        if (++nesting > maxNesting) {
            throw Errors.limit("the source nests more than " + maxNesting + " levels");
        }
    }

    void leave() {
        nesting--;
    }

    int level() {
        return nesting;
    }

    /// Leaves all levels below one: those of a chain, each link of which holds what is before it.
    void leaveTo(int level) {
        nesting = level;
    }
}
