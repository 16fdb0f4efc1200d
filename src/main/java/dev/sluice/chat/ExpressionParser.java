package dev.sluice.chat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;

/// Reads expressions: from the loosest operator to the tightest, one method each.
///
/// @see "jinja2 3.1.6, parser.py"
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> NO_TEST_ARGUMENT = Set.of("else", "or", "and");

    private final TokenStream tokens;

    ExpressionParser(TokenStream tokens) {
        this.tokens = tokens;
    }

    /// One expression, or several with commas between them.
    Expr tupleOrExpression(boolean withConditional, String endName) {
        return tuple(withConditional, endName, false);
    }

    private Expr tuple(boolean withConditional, String endName, boolean inParentheses) {
        List<Expr> items = new ArrayList<>();
        boolean isTuple = false;
        while (true) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
            }
            if (atTupleEnd(endName)) {
                break;
            }
            items.add(withConditional ? expression() : or());
            if (!tokens.atOperator(",")) {
                break;
            }
            isTuple = true;
        }
        if (!isTuple && !items.isEmpty()) {
            return items.getFirst();
        }
        if (!isTuple && !inParentheses) {
            throw tokens.fail(
                    "Expected an expression, got '" + tokens.current().description() + "'");
        }
        return new Expr.TupleOf(items);
    }

    private boolean atTupleEnd(String endName) {
        return tokens.at(Token.Type.VARIABLE_END)
                || tokens.at(Token.Type.BLOCK_END)
                || tokens.atOperator(")")
                || (!endName.isEmpty() && tokens.atName(endName));
    }

    /// A name, an attribute of a namespace, or a tuple of these, to be assigned to.
    Expr target(boolean withNamespace, String endName) {
        List<Expr> items = new ArrayList<>();
        boolean isTuple = false;
        while (true) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
            }
            if (atTupleEnd(endName)) {
                break;
            }
            items.add(targetItem(withNamespace));
            if (!tokens.atOperator(",")) {
                break;
            }
            isTuple = true;
        }
        if (!isTuple && items.isEmpty()) {
            throw tokens.fail(
                    "Expected an expression, got '" + tokens.current().description() + "'");
        }
        return isTuple ? new Expr.TupleOf(items) : items.getFirst();
    }

    private Expr targetItem(boolean withNamespace) {
        if (withNamespace
                && tokens.at(Token.Type.NAME)
                && tokens.following().isOperator(".")
                && !isConstantName(tokens.current().text())) {
            String name = tokens.take().text();
            tokens.take();
            return new Expr.NamespaceTarget(name, tokens.expect(Token.Type.NAME).text());
        }
        return asTarget(primary());
    }

    private Expr asTarget(Expr expression) {
        return switch (expression) {
            case Expr.Name(String name) -> new Expr.Target(name);
            case Expr.TupleOf(List<Expr> items) ->
                    new Expr.TupleOf(items.stream().map(this::asTarget).toList());
            default -> throw tokens.fail("can't assign to this");
        };
    }

    /// A single name to be assigned to.
    String targetName() {
        Token token = tokens.expect(Token.Type.NAME);
        if (isConstantName(token.text())) {
            throw Errors.syntax("can't assign to 'const'", token.line());
        }
        return token.text();
    }

    private static boolean isConstantName(String name) {
        return switch (name) {
            case "true", "false", "none", "True", "False", "None" -> true;
            default -> false;
        };
    }

    /// An expression, conditional or not.
    Expr expression() {
        int level = tokens.level();
        tokens.enter();
        int line = tokens.current().line();
        Expr result = or();
        while (tokens.skipName("if")) {
            tokens.enter();
            Expr test = or();
            Optional<Expr> otherwise =
                    tokens.skipName("else") ? Optional.of(expression()) : Optional.empty();
            result = new Expr.Conditional(test, result, otherwise, line);
            line = tokens.current().line();
        }
        tokens.leaveTo(level);
        return result;
    }

    private Expr or() {
        return joined("or", this::and, Expr.Or::new);
    }

    private Expr and() {
        return joined("and", this::not, Expr.And::new);
    }

    private Expr joined(String name, Supplier<Expr> operand, BinaryOperator<Expr> join) {
        Expr left = operand.get();
        int level = tokens.level();
        while (tokens.skipName(name)) {
            tokens.enter();
            left = join.apply(left, operand.get());
        }
        tokens.leaveTo(level);
        return left;
    }

    private Expr not() {
        if (!tokens.skipName("not")) {
            return compare();
        }
        tokens.enter();
        Expr operand = not();
        tokens.leave();
        return new Expr.Not(operand);
    }

    private Expr compare() {
        Expr first = sum();
        List<String> operators = new ArrayList<>();
        List<Expr> operands = new ArrayList<>();
        operands.add(first);
        while (true) {
            Token token = tokens.current();
            if (token.type() == Token.Type.OPERATOR && COMPARISONS.contains(token.text())) {
                operators.add(tokens.take().text());
            } else if (tokens.skipName("in")) {
                operators.add("in");
            } else if (tokens.atName("not") && tokens.following().isName("in")) {
                tokens.take();
                tokens.take();
                operators.add("not in");
            } else {
                return operators.isEmpty() ? first : new Expr.Compare(operators, operands);
            }
            operands.add(sum());
        }
    }

    private Expr sum() {
        return binary(this::concat, "+", "-");
    }

    /// From left to right.
    private Expr binary(Supplier<Expr> operand, String... operators) {
        Expr left = operand.get();
        int level = tokens.level();
        while (Arrays.stream(operators).anyMatch(tokens::atOperator)) {
            tokens.enter();
            left = new Expr.Binary(tokens.take().text(), left, operand.get());
        }
        tokens.leaveTo(level);
        return left;
    }

    private Expr concat() {
        Expr first = product();
        if (!tokens.atOperator("~")) {
            return first;
        }
        List<Expr> parts = new ArrayList<>();
        parts.add(first);
        while (tokens.skipOperator("~")) {
            parts.add(product());
        }
        return new Expr.Concat(parts);
    }

    private Expr product() {
        return binary(this::power, "*", "/", "//", "%");
    }

    /// From left to right, unlike Python.
    private Expr power() {
        return binary(() -> unary(true), "**");
    }

    private Expr unary(boolean withFilter) {
        Expr result;
        if (tokens.atOperator("-") || tokens.atOperator("+")) {
            boolean negative = tokens.take().text().equals("-");
            tokens.enter();
            result = new Expr.Sign(negative, unary(false));
            tokens.leave();
        } else {
            result = primary();
        }
        result = postfix(result);
        return withFilter ? filters(result) : result;
    }

    private Expr primary() {
        Token token = tokens.current();
        return switch (token.type()) {
            case NAME -> name(tokens.take().text());
            case STRING -> strings();
            case INTEGER, FLOAT -> new Expr.Literal(tokens.take().value());
            case OPERATOR -> bracketed(token);
            default -> throw tokens.fail("unexpected '" + token.description() + "'");
        };
    }

    private static Expr name(String name) {
        return switch (name) {
            case "true", "True" -> new Expr.Literal(true);
            case "false", "False" -> new Expr.Literal(false);
            case "none", "None" -> new Expr.Literal(None.NONE);
            default -> new Expr.Name(name);
        };
    }

    private Expr strings() {
        StringBuilder joined = new StringBuilder();
        while (tokens.at(Token.Type.STRING)) {
            joined.append((String) tokens.take().value());
        }
        return new Expr.Literal(joined.toString());
    }

    private Expr bracketed(Token token) {
        tokens.enter();
        Expr result =
                switch (token.text()) {
                    case "(" -> parenthesised();
                    case "[" -> new Expr.ListOf(bracketedItems());
                    case "{" -> dict();
                    default -> throw tokens.fail("unexpected '" + token.description() + "'");
                };
        tokens.leave();
        return result;
    }

    private Expr parenthesised() {
        tokens.take();
        Expr inside = tuple(true, "", true);
        tokens.expectOperator(")");
        return inside;
    }

    private List<Expr> bracketedItems() {
        tokens.take();
        List<Expr> items = new ArrayList<>();
        while (!tokens.atOperator("]")) {
            if (!items.isEmpty()) {
                tokens.expectOperator(",");
            }
            if (tokens.atOperator("]")) {
                break;
            }
            items.add(expression());
        }
        tokens.expectOperator("]");
        return items;
    }

    private Expr dict() {
        tokens.take();
        List<Expr> keysAndValues = new ArrayList<>();
        while (!tokens.atOperator("}")) {
            if (!keysAndValues.isEmpty()) {
                tokens.expectOperator(",");
            }
            if (tokens.atOperator("}")) {
                break;
            }
            keysAndValues.add(expression());
            tokens.expectOperator(":");
            keysAndValues.add(expression());
        }
        tokens.expectOperator("}");
        return new Expr.DictOf(keysAndValues);
    }

    private Expr postfix(Expr start) {
        Expr result = start;
        int level = tokens.level();
        while (true) {
            tokens.enter();
            if (tokens.atOperator(".")) {
                result = attribute(result);
            } else if (tokens.atOperator("[")) {
                result = subscript(result);
            } else if (tokens.atOperator("(")) {
                result = new Expr.Call(result, callArguments());
            } else {
                tokens.leaveTo(level);
                return result;
            }
        }
    }

    private Expr attribute(Expr owner) {
        tokens.take();
        Token token = tokens.take();
        return switch (token.type()) {
            case NAME -> new Expr.Attribute(owner, token.text());
            case INTEGER -> new Expr.Item(owner, new Expr.Literal(token.value()));
            default -> throw Errors.syntax("expected name or number", token.line());
        };
    }

    private Expr subscript(Expr owner) {
        tokens.take();
        tokens.enter();
        List<Expr> parts = new ArrayList<>();
        while (!tokens.atOperator("]")) {
            if (!parts.isEmpty()) {
                tokens.expectOperator(",");
            }
            parts.add(indexOrSlice());
        }
        tokens.expectOperator("]");
        tokens.leave();
        return new Expr.Item(owner, parts.size() == 1 ? parts.getFirst() : new Expr.TupleOf(parts));
    }

    private Expr indexOrSlice() {
        Optional<Expr> start = Optional.empty();
        if (!tokens.atOperator(":")) {
            Expr index = expression();
            if (!tokens.atOperator(":")) {
                return index;
            }
            start = Optional.of(index);
        }
        tokens.take();
        Optional<Expr> stop = tokens.atOperator(":") ? Optional.empty() : bound();
        Optional<Expr> step = tokens.skipOperator(":") ? bound() : Optional.empty();
        return new Expr.Slice(start, stop, step);
    }

    private Optional<Expr> bound() {
        return tokens.atOperator("]") || tokens.atOperator(",")
                ? Optional.empty()
                : Optional.of(expression());
    }

    private Expr filters(Expr start) {
        Expr result = start;
        int level = tokens.level();
        while (true) {
            tokens.enter();
            if (tokens.atOperator("|")) {
                tokens.take();
                result = filter(Optional.of(result));
            } else if (tokens.atName("is")) {
                result = test(result);
            } else if (tokens.atOperator("(")) {
                result = new Expr.Call(result, callArguments());
            } else {
                tokens.leaveTo(level);
                return result;
            }
        }
    }

    /// The filters of a `set` block: `| name | name`.
    Optional<Expr.Filter> blockFilters() {
        Optional<Expr.Filter> result = Optional.empty();
        int level = tokens.level();
        while (tokens.skipOperator("|")) {
            tokens.enter();
            result = Optional.of(filter(result.map(Expr.class::cast)));
        }
        tokens.leaveTo(level);
        return result;
    }

    /// The filters of a `filter` block: `name | name`.
    Expr.Filter inlineFilters() {
        Expr.Filter result = filter(Optional.empty());
        int level = tokens.level();
        while (tokens.skipOperator("|")) {
            tokens.enter();
            result = filter(Optional.of(result));
        }
        tokens.leaveTo(level);
        return result;
    }

    private Expr.Filter filter(Optional<Expr> input) {
        int line = tokens.current().line();
        String name = dottedName();
        Expr.CallArguments arguments =
                tokens.atOperator("(") ? callArguments() : Expr.CallArguments.NONE;
        return new Expr.Filter(input, name, arguments, line);
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(tokens.expect(Token.Type.NAME).text());
        while (tokens.skipOperator(".")) {
            name.append('.').append(tokens.expect(Token.Type.NAME).text());
        }
        return name.toString();
    }

    private Expr test(Expr input) {
        int line = tokens.take().line();
        boolean negated = tokens.skipName("not");
        String name = dottedName();
        Expr.CallArguments arguments = Expr.CallArguments.NONE;
        if (tokens.atOperator("(")) {
            arguments = callArguments();
        } else if (atTestArgument()) {
            if (tokens.atName("is")) {
                throw tokens.fail("You cannot chain multiple tests with is");
            }
            Expr argument = postfix(primary());
            arguments =
                    new Expr.CallArguments(
                            List.of(argument),
                            List.of(),
                            List.of(),
                            Optional.empty(),
                            Optional.empty());
        }
        Expr test = new Expr.Test(input, name, arguments, line);
        return negated ? new Expr.Not(test) : test;
    }

    private boolean atTestArgument() {
        Token token = tokens.current();
        return switch (token.type()) {
            case NAME -> !NO_TEST_ARGUMENT.contains(token.text());
            case STRING, INTEGER, FLOAT -> true;
            case OPERATOR -> token.text().equals("[") || token.text().equals("{");
            default -> false;
        };
    }

    private Expr.CallArguments callArguments() {
        Token opening = tokens.take();
        tokens.enter();
        ArgumentList list = new ArgumentList(opening.line());
        boolean first = true;
        while (!tokens.atOperator(")")) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.atOperator(")")) {
                    break;
                }
            }
            first = false;
            if (tokens.skipOperator("*")) {
                list.star(expression());
            } else if (tokens.skipOperator("**")) {
                list.doubleStar(expression());
            } else if (tokens.at(Token.Type.NAME) && tokens.following().isOperator("=")) {
                String name = tokens.take().text();
                tokens.take();
                list.named(name, expression());
            } else {
                list.positional(expression());
            }
        }
        tokens.expectOperator(")");
        tokens.leave();
        return list.finished();
    }
}
