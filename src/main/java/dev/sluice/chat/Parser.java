package dev.sluice.chat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Reads statements: the tags of a template and what is between them.
///
/// @see "jinja2 3.1.6, parser.py"
final class Parser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private final Deque<String> openTags = new ArrayDeque<>();

    private Parser(TokenStream tokens) {
        this.tokens = tokens;
        expressions = new ExpressionParser(tokens);
    }

    /// @throws TemplateException if the source is not a template or goes past a limit
    static List<Stmt> parse(String source, TemplateLimits limits) {
        if (source.length() > limits.maxSourceChars()) {
            throw Errors.limit("the source is longer than " + limits.maxSourceChars() + " chars");
        }
        Parser parser = new Parser(new TokenStream(Lexer.tokens(source), limits.maxNesting()));
        return parser.body();
    }

    /// Statements up to one of the ends, which is the next token then.
    private List<Stmt> body(String... ends) {
        tokens.enter();
        List<Stmt> body = new ArrayList<>();
        while (!tokens.at(Token.Type.END)) {
            Token token = tokens.take();
            switch (token.type()) {
                case DATA -> body.add(new Stmt.Data(token.text()));
                case VARIABLE_BEGIN -> {
                    Expr value = expressions.tupleOrExpression(true, "");
                    tokens.expect(Token.Type.VARIABLE_END);
                    body.add(new Stmt.Print(value, token.line()));
                }
                case BLOCK_BEGIN -> {
                    if (Arrays.stream(ends).anyMatch(tokens::atName)) {
                        tokens.leave();
                        return body;
                    }
                    statement(body, ends);
                    tokens.expect(Token.Type.BLOCK_END);
                }
                default -> throw new IllegalStateException("no token of a body: " + token);
            }
        }
        if (ends.length > 0) {
            throw tokens.fail(
                    "Unexpected end of template. Jinja was looking for the following tags: "
                            + names(ends)
                            + ". The innermost block that needs to be closed is '"
                            + openTags.peek()
                            + "'.");
        }
        tokens.leave();
        return body;
    }

    private static String names(String... ends) {
        return "'" + String.join("' or '", ends) + "'";
    }

    private List<Stmt> block(String... ends) {
        tokens.skipOperator(":");
        tokens.expect(Token.Type.BLOCK_END);
        return body(ends);
    }

    private List<Stmt> blockUpTo(String end) {
        List<Stmt> body = block(end);
        tokens.take();
        return body;
    }

    private void statement(List<Stmt> body, String... ends) {
        Token tag = tokens.current();
        if (tag.type() != Token.Type.NAME) {
            throw tokens.fail("tag name expected");
        }
        openTags.push(tag.text());
        tokens.take();
        switch (tag.text()) {
            case "if" -> body.add(ifStatement(tag.line()));
            case "for" -> body.add(forStatement(tag.line()));
            case "set" -> body.add(set(tag.line()));
            case "macro" -> body.add(macro(tag.line()));
            case "call" -> body.add(callBlock(tag.line()));
            case "filter" -> {
                Expr.Filter filter = expressions.inlineFilters();
                body.add(new Stmt.FilterBlock(blockUpTo("endfilter"), filter, tag.line()));
            }
            case "with" -> body.add(with(tag.line()));
            case "generation" ->
                    body.add(new Stmt.Generation(blockUpTo("endgeneration"), tag.line()));
            case "print" -> print(body, tag.line());
            case "break" -> body.add(new Stmt.Break(tag.line()));
            case "continue" -> body.add(new Stmt.Continue(tag.line()));
            case "include", "import", "from", "extends", "block", "autoescape" ->
                    throw Errors.syntax(
                            "'" + tag.text() + "' is not available in chat templates", tag.line());
            default -> throw unknownTag(tag, ends);
        }
        openTags.pop();
    }

    private TemplateException unknownTag(Token tag, String... ends) {
        String looking =
                ends.length == 0
                        ? ""
                        : " Jinja was looking for the following tags: " + names(ends) + ".";
        return Errors.syntax("Encountered unknown tag '" + tag.text() + "'." + looking, tag.line());
    }

    private Stmt.If ifStatement(int line) {
        Expr test = expressions.tupleOrExpression(false, "");
        List<Stmt> body = block("elif", "else", "endif");
        List<Stmt.If> elifs = new ArrayList<>();
        List<Stmt> otherwise = List.of();
        Token end = tokens.take();
        while (end.isName("elif")) {
            int elifLine = tokens.current().line();
            Expr elifTest = expressions.tupleOrExpression(false, "");
            List<Stmt> elifBody = block("elif", "else", "endif");
            elifs.add(new Stmt.If(elifTest, elifBody, List.of(), List.of(), elifLine));
            end = tokens.take();
        }
        if (end.isName("else")) {
            otherwise = blockUpTo("endif");
        }
        return new Stmt.If(test, body, elifs, otherwise, line);
    }

    private Stmt forStatement(int line) {
        Expr target = expressions.target(false, "in");
        tokens.expectName("in");
        Expr items = expressions.tupleOrExpression(false, "recursive");
        Optional<Expr> test =
                tokens.skipName("if") ? Optional.of(expressions.expression()) : Optional.empty();
        boolean recursive = tokens.skipName("recursive");
        List<Stmt> body = block("endfor", "else");
        List<Stmt> otherwise = tokens.take().isName("else") ? blockUpTo("endfor") : List.of();
        Stmt.For loop = new Stmt.For(target, items, body, otherwise, test, recursive, line);
        loop.walk(node -> {
            if (node instanceof Expr.Target(String name) && name.equals("loop")) {
                throw Errors.syntax(
                        "Can't assign to special loop variable in for-loop target", line);
            }
        });
        return loop;
    }

    private Stmt set(int line) {
        Expr target = expressions.target(true, "");
        if (tokens.skipOperator("=")) {
            return new Stmt.Assign(target, expressions.tupleOrExpression(true, ""), line);
        }
        Optional<Expr.Filter> filter = expressions.blockFilters();
        return new Stmt.AssignBlock(target, filter, blockUpTo("endset"), line);
    }

    private Stmt macro(int line) {
        String name = expressions.targetName();
        Stmt.Parameters parameters = parameters();
        return new Stmt.Macro(name, parameters, blockUpTo("endmacro"), line);
    }

    private Stmt callBlock(int line) {
        Stmt.Parameters parameters = tokens.atOperator("(") ? parameters() : Stmt.Parameters.NONE;
        Expr call = expressions.expression();
        if (!(call instanceof Expr.Call function)) {
            throw Errors.syntax("expected call", line);
        }
        return new Stmt.CallBlock(function, parameters, blockUpTo("endcall"), line);
    }

    private Stmt.Parameters parameters() {
        List<String> names = new ArrayList<>();
        List<Expr> defaults = new ArrayList<>();
        Set<String> seen = new HashSet<>();
        tokens.expectOperator("(");
        while (!tokens.atOperator(")")) {
            if (!names.isEmpty()) {
                tokens.expectOperator(",");
            }
            String name = expressions.targetName();
            if (!seen.add(name)) {
                throw tokens.fail("duplicate argument '" + name + "' in function definition");
            }
            names.add(name);
            if (tokens.skipOperator("=")) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw tokens.fail("non-default argument follows default argument");
            }
        }
        tokens.expectOperator(")");
        return new Stmt.Parameters(names, defaults);
    }

    private Stmt with(int line) {
        List<Expr> targets = new ArrayList<>();
        List<Expr> values = new ArrayList<>();
        while (!tokens.at(Token.Type.BLOCK_END) && !tokens.at(Token.Type.END)) {
            if (!targets.isEmpty()) {
                tokens.expectOperator(",");
            }
            targets.add(expressions.target(false, ""));
            tokens.expectOperator("=");
            values.add(expressions.expression());
        }
        return new Stmt.With(targets, values, blockUpTo("endwith"), line);
    }

    private void print(List<Stmt> body, int line) {
        boolean first = true;
        while (!tokens.at(Token.Type.BLOCK_END) && !tokens.at(Token.Type.END)) {
            if (!first) {
                tokens.expectOperator(",");
            }
            first = false;
            body.add(new Stmt.Print(expressions.expression(), line));
        }
    }
}
