package dev.sluice.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Turns expressions into code.
final class ExpressionCompiler {
    private ExpressionCompiler() {}

    static Code compile(Expr expression, Scope scope) {
        return switch (expression) {
            case Expr.Name(String name) -> variable(name, scope);
            case Expr.Literal(Object value) -> _ -> value;
            case Expr.TupleOf(List<Expr> items) -> {
                Code[] codes = compileAll(items, scope);
                yield frame -> new TupleValue(evalAll(codes, frame));
            }
            case Expr.ListOf(List<Expr> items) -> {
                Code[] codes = compileAll(items, scope);
                yield frame -> new ListValue(evalAll(codes, frame));
            }
            case Expr.DictOf(List<Expr> items) -> dict(compileAll(items, scope));
            case Expr.Conditional conditional -> conditional(conditional, scope.asConditional());
            case Expr.Binary(String operator, Expr left, Expr right) ->
                    binary(operator, compile(left, scope), compile(right, scope));
            case Expr.And(Expr left, Expr right) ->
                    and(compile(left, scope), compile(right, scope));
            case Expr.Or(Expr left, Expr right) -> or(compile(left, scope), compile(right, scope));
            case Expr.Not(Expr operand) -> {
                Code code = compile(operand, scope);
                yield frame -> !Truth.of(code.eval(frame));
            }
            case Expr.Sign(boolean negative, Expr operand) -> {
                Code code = compile(operand, scope);
                yield frame -> Arithmetic.sign(negative, code.eval(frame));
            }
            case Expr.Concat(List<Expr> parts) -> concat(compileAll(parts, scope));
            case Expr.Compare(List<String> operators, List<Expr> operands) ->
                    compare(operators, compileAll(operands, scope));
            case Expr.Attribute(Expr owner, String name) -> {
                Code code = compile(owner, scope);
                yield frame -> Access.attribute(code.eval(frame), name);
            }
            case Expr.Item(Expr owner, Expr.Slice slice) ->
                    slice(compile(owner, scope), slice, scope);
            case Expr.Item(Expr owner, Expr index) -> {
                Code ownerCode = compile(owner, scope);
                Code indexCode = compile(index, scope);
                yield frame -> Access.item(ownerCode.eval(frame), indexCode.eval(frame));
            }
            case Expr.Slice _ ->
                    throw new TemplateException(
                            "TemplateSyntaxError", "a slice can't be one of several indexes");
            case Expr.Call(Expr function, Expr.CallArguments arguments) ->
                    call(compile(function, scope), arguments(arguments, scope));
            case Expr.Filter filter -> filter(filter, scope, Optional.empty());
            case Expr.Test test -> test(test, scope);
            case Expr.Target _, Expr.NamespaceTarget _ ->
                    throw new IllegalStateException("a target is not an expression");
        };
    }

    private static Code[] compileAll(List<Expr> expressions, Scope scope) {
        return expressions.stream().map(each -> compile(each, scope)).toArray(Code[]::new);
    }

    private static List<Object> evalAll(Code[] codes, Frame frame) {
        if (codes.length == 0) {
            return List.of();
        }
        frame.render().produceElements(codes.length);
        List<Object> values = new ArrayList<>(codes.length);
        for (Code code : codes) {
            values.add(code.eval(frame));
        }
        return values;
    }

    /// Reads a variable; nothing assigned makes an [Undefined].
    static Code variable(String name, Scope scope) {
        Symbols.Slot slot = scope.symbols().find(name).orElseThrow();
        int distance = scope.symbols().distance(slot);
        int index = slot.index();
        if (distance == 0) {
            return frame -> orUndefined(frame.get(index), name);
        }
        return frame -> orUndefined(frame.outer(distance).get(index), name);
    }

    private static Object orUndefined(Object value, String name) {
        return value == Missing.MISSING ? Undefined.variable(name) : value;
    }

    private static Code dict(Code[] keysAndValues) {
        return frame -> {
            frame.render().produceElements(keysAndValues.length);
            DictValue dict = new DictValue(keysAndValues.length / 2);
            for (int i = 0; i < keysAndValues.length; i += 2) {
                dict.put(keysAndValues[i].eval(frame), keysAndValues[i + 1].eval(frame));
            }
            return dict;
        };
    }

    private static Code conditional(Expr.Conditional expression, Scope scope) {
        Code test = compile(expression.test(), scope);
        Code then = compile(expression.then(), scope);
        String hint =
                "the inline if-expression on line "
                        + expression.line()
                        + " evaluated to false and no else section was defined.";
        Code otherwise =
                expression
                        .otherwise()
                        .map(each -> compile(each, scope))
                        .orElse(_ -> Undefined.because(hint));
        return frame -> Truth.of(test.eval(frame)) ? then.eval(frame) : otherwise.eval(frame);
    }

    private static Code binary(String operator, Code left, Code right) {
        return switch (operator) {
            case "+" ->
                    frame -> Arithmetic.add(frame.render(), left.eval(frame), right.eval(frame));
            case "-" -> frame -> Arithmetic.subtract(left.eval(frame), right.eval(frame));
            case "*" ->
                    frame ->
                            Arithmetic.multiply(
                                    frame.render(), left.eval(frame), right.eval(frame));
            case "/" -> frame -> Arithmetic.divide(left.eval(frame), right.eval(frame));
            case "//" -> frame -> Arithmetic.floorDivide(left.eval(frame), right.eval(frame));
            case "%" ->
                    frame -> Arithmetic.modulo(frame.render(), left.eval(frame), right.eval(frame));
            case "**" ->
                    frame -> Arithmetic.power(frame.render(), left.eval(frame), right.eval(frame));
            default -> throw new IllegalStateException("no operator " + operator);
        };
    }

    private static Code and(Code left, Code right) {
        return frame -> {
            Object value = left.eval(frame);
            return Truth.of(value) ? right.eval(frame) : value;
        };
    }

    private static Code or(Code left, Code right) {
        return frame -> {
            Object value = left.eval(frame);
            return Truth.of(value) ? value : right.eval(frame);
        };
    }

    private static Code concat(Code[] parts) {
        return frame -> {
            Render render = frame.render();
            render.steps(parts.length >> 3);
            StringBuilder joined = new StringBuilder();
            for (Code part : parts) {
                String piece = Representation.str(render, part.eval(frame));
                render.produce(piece.length());
                joined.append(piece);
            }
            return joined.toString();
        };
    }

    private static Code compare(List<String> operators, Code[] operands) {
        if (operators.size() == 1) {
            String operator = operators.getFirst();
            Code left = operands[0];
            Code right = operands[1];
            return frame ->
                    Comparison.test(frame.render(), operator, left.eval(frame), right.eval(frame));
        }
        return frame -> {
            Object left = operands[0].eval(frame);
            frame.render().steps(operators.size());
            for (int i = 0; i < operators.size(); i++) {
                Object right = operands[i + 1].eval(frame);
                if (!Comparison.test(frame.render(), operators.get(i), left, right)) {
                    return false;
                }
                left = right;
            }
            return true;
        };
    }

    private static Code slice(Code owner, Expr.Slice slice, Scope scope) {
        Code none = _ -> None.NONE;
        Code start = slice.start().map(each -> compile(each, scope)).orElse(none);
        Code stop = slice.stop().map(each -> compile(each, scope)).orElse(none);
        Code step = slice.step().map(each -> compile(each, scope)).orElse(none);
        return frame ->
                Slices.slice(
                        frame.render(),
                        owner.eval(frame),
                        start.eval(frame),
                        stop.eval(frame),
                        step.eval(frame));
    }

    /// Makes the arguments of a call when it runs.
    interface ArgumentsCode {
        Arguments eval(Frame frame);
    }

    static ArgumentsCode arguments(Expr.CallArguments arguments, Scope scope) {
        Code[] positional = compileAll(arguments.positional(), scope);
        Code[] named = compileAll(arguments.named(), scope);
        List<String> names = arguments.names();
        Optional<Code> starred = arguments.starred().map(each -> compile(each, scope));
        Optional<Code> doubleStarred = arguments.doubleStarred().map(each -> compile(each, scope));
        if (positional.length + named.length == 0 && starred.isEmpty() && doubleStarred.isEmpty()) {
            return _ -> Arguments.NONE;
        }
        if (named.length == 0 && starred.isEmpty() && doubleStarred.isEmpty()) {
            return frame -> new Arguments(evalAll(positional, frame), Map.of());
        }
        return frame -> {
            List<Object> values = new ArrayList<>(evalAll(positional, frame));
            Map<String, Object> byName = new LinkedHashMap<>();
            for (int i = 0; i < named.length; i++) {
                byName.put(names.get(i), named[i].eval(frame));
            }
            starred.ifPresent(code -> addStarred(frame.render(), code.eval(frame), values));
            doubleStarred.ifPresent(code -> addDoubleStarred(code.eval(frame), byName));
            return new Arguments(values, byName);
        };
    }

    private static void addStarred(Render render, Object value, List<Object> values) {
        Iteration.of(render, value).forEachRemaining(values::add);
        render.produceElements(values.size());
    }

    private static void addDoubleStarred(Object value, Map<String, Object> byName) {
        if (!(value instanceof DictValue dict)) {
            throw Errors.type("argument after ** must be a mapping, not " + Types.name(value));
        }
        for (Object key : dict.keys()) {
            if (!Types.isText(key)) {
                throw Errors.type("keywords must be strings");
            }
            String name = Types.text(key);
            if (byName.put(name, Access.item(dict, key)) != null) {
                throw Errors.type("got multiple values for keyword argument '" + name + "'");
            }
        }
    }

    private static Code call(Code function, ArgumentsCode arguments) {
        return frame -> invoke(frame.render(), function.eval(frame), arguments.eval(frame));
    }

    /// Calls a value.
    ///
    /// @throws TemplateException if it can't be called
    static Object invoke(Render render, Object function, Arguments arguments) {
        render.step();
        return switch (function) {
            case Callable callable -> callable.call(render, arguments);
            case Undefined undefined -> throw undefined.failure();
            default -> throw Errors.type("'" + Types.name(function) + "' object is not callable");
        };
    }

    /// @param block in a `filter` or `set` block, what its body printed
    static Code filter(Expr.Filter filter, Scope scope, Optional<Code> block) {
        Code input =
                filter.input()
                        .map(each ->
                                each instanceof Expr.Filter inner
                                        ? filter(inner, scope, block)
                                        : compile(each, scope))
                        .or(() -> block)
                        .orElseThrow();
        ArgumentsCode arguments = arguments(filter.arguments(), scope);
        Filters.Filter body =
                Filters.find(filter.name())
                        .orElseGet(() -> {
                            String reason = "No filter named '" + filter.name() + "'";
                            if (!scope.conditional()) {
                                throw unknown(reason, filter.line());
                            }
                            return (_, _, _) -> {
                                throw Errors.runtime(reason + " found.");
                            };
                        });
        return frame -> {
            frame.render().step();
            return body.apply(frame.render(), input.eval(frame), arguments.eval(frame));
        };
    }

    private static Code test(Expr.Test test, Scope scope) {
        Code input = compile(test.input(), scope);
        ArgumentsCode arguments = arguments(test.arguments(), scope);
        Tests.Test body =
                Tests.find(test.name())
                        .orElseGet(() -> {
                            String reason = "No test named '" + test.name() + "'";
                            if (!scope.conditional()) {
                                throw unknown(reason, test.line());
                            }
                            return (_, _, _) -> {
                                throw Errors.runtime(reason + " found.");
                            };
                        });
        return frame -> body.test(frame.render(), input.eval(frame), arguments.eval(frame));
    }

    private static TemplateException unknown(String reason, int line) {
        return new TemplateException("TemplateAssertionError", reason + ".").atLine(line);
    }
}
