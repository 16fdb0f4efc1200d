package dev.sluice.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/// Turns statements into actions.
///
/// @see "jinja2 3.1.6, compiler.py"
final class StatementCompiler {
    private StatementCompiler() {}

    /// A scope's statements, its variables set first.
    static Action scope(List<Stmt> body, Scope scope) {
        Action entry = scope.entry();
        Action statements = compileAll(body, scope);
        return (frame, out) -> {
            entry.run(frame, out);
            return statements.run(frame, out);
        };
    }

    static Action compileAll(List<Stmt> statements, Scope scope) {
        Action[] actions =
                statements.stream().map(each -> compile(each, scope)).toArray(Action[]::new);
        if (actions.length == 1) {
            return actions[0];
        }
        return (frame, out) -> {
            for (Action action : actions) {
                Action.Flow flow = action.run(frame, out);
                if (flow != Action.Flow.NEXT) {
                    return flow;
                }
            }
            return Action.Flow.NEXT;
        };
    }

    private static Action compile(Stmt statement, Scope scope) {
        return switch (statement) {
            case Stmt.Data(String text) -> {
                yield (_, out) -> {
                    out.append(text);
                    return Action.Flow.NEXT;
                };
            }
            case Stmt.Print print -> print(print, scope);
            case Stmt.If branches -> ifStatement(branches, scope.asConditional());
            case Stmt.For loop -> LoopCompiler.compile(loop, scope);
            case Stmt.Assign assign -> assign(assign, scope);
            case Stmt.AssignBlock assign -> assignBlock(assign, scope);
            case Stmt.Macro macro -> macro(macro, scope);
            case Stmt.CallBlock block -> callBlock(block, scope);
            case Stmt.FilterBlock block -> filterBlock(block, scope);
            case Stmt.With with -> with(with, scope);
            case Stmt.Generation generation -> generation(generation, scope);
            case Stmt.Break(int line) -> jump("break", Action.Flow.BREAK, line, scope);
            case Stmt.Continue(int line) -> jump("continue", Action.Flow.CONTINUE, line, scope);
        };
    }

    private static Action jump(String name, Action.Flow flow, int line, Scope scope) {
        if (!scope.inLoop()) {
            throw Errors.syntax("'" + name + "' outside loop", line);
        }
        return (_, _) -> flow;
    }

    private static Action print(Stmt.Print print, Scope scope) {
        Code value = ExpressionCompiler.compile(print.value(), scope);
        int line = print.line();
        return (frame, out) -> {
            Render render = frame.render();
            render.line(line);
            render.step();
            out.append(Representation.str(render, value.eval(frame)));
            return Action.Flow.NEXT;
        };
    }

    private static Action ifStatement(Stmt.If node, Scope scope) {
        Code test = ExpressionCompiler.compile(node.test(), scope);
        Branch first = new Branch(node.line(), test, compileAll(node.body(), scope));
        Action otherwise = compileAll(node.otherwise(), scope);
        if (node.elifs().isEmpty()) {
            return (frame, out) ->
                    first.applies(frame) ? first.body().run(frame, out) : otherwise.run(frame, out);
        }
        List<Branch> branches = new ArrayList<>(List.of(first));
        for (Stmt.If elif : node.elifs()) {
            Code elifTest = ExpressionCompiler.compile(elif.test(), scope);
            branches.add(new Branch(elif.line(), elifTest, compileAll(elif.body(), scope)));
        }
        return (frame, out) -> {
            for (Branch branch : branches) {
                if (branch.applies(frame)) {
                    return branch.body().run(frame, out);
                }
            }
            return otherwise.run(frame, out);
        };
    }

    /// `if test` or `elif test`, and what it guards.
    private record Branch(int line, Code test, Action body) {
        boolean applies(Frame frame) {
            Render render = frame.render();
            render.line(line);
            render.step();
            return Truth.of(test.eval(frame));
        }
    }

    private static Action assign(Stmt.Assign assign, Scope scope) {
        Code check = Assignment.namespaceCheck(assign.target(), scope);
        Code value = ExpressionCompiler.compile(assign.value(), scope);
        Assignment target = Assignment.to(assign.target(), scope);
        int line = assign.line();
        return (frame, _) -> {
            Render render = frame.render();
            render.line(line);
            render.step();
            check.eval(frame);
            target.assign(frame, value.eval(frame));
            return Action.Flow.NEXT;
        };
    }

    private static Action assignBlock(Stmt.AssignBlock assign, Scope scope) {
        Scope inner = scope.inner();
        inner.symbols().analyse(assign.body());
        assign.filter().ifPresent(filter -> inner.symbols().analyse(List.of(filter)));
        Action body = scope(assign.body(), inner);
        Assignment target = Assignment.to(assign.target(), scope);
        Code check = Assignment.namespaceCheck(assign.target(), scope);
        Optional<Captured> filter = assign.filter().map(each -> captured(each, inner));
        int line = assign.line();
        return (frame, _) -> {
            Output captured = new Output(frame.render());
            Action.Flow flow = body.run(frame, captured);
            if (flow != Action.Flow.NEXT) {
                return flow;
            }
            frame.render().line(line);
            String text = captured.toString();
            Object value = filter.isPresent() ? filter.get().apply(frame, text) : text;
            check.eval(frame);
            target.assign(frame, value);
            return Action.Flow.NEXT;
        };
    }

    /// A filter on what a block printed.
    private interface Captured {
        Object apply(Frame frame, String text);
    }

    private static Captured captured(Expr.Filter filter, Scope scope) {
        Symbols.Slot slot = scope.symbols().declareParameter(" captured");
        Code code =
                ExpressionCompiler.filter(
                        filter, scope, Optional.of(frame -> frame.get(slot.index())));
        return (frame, text) -> {
            frame.set(slot.index(), text);
            return code.eval(frame);
        };
    }

    private static Action macro(Stmt.Macro macro, Scope scope) {
        MacroCompiler compiled =
                MacroCompiler.compile(
                        Optional.of(macro.name()),
                        macro.parameters(),
                        macro.body(),
                        scope,
                        macro.line());
        Assignment target = Assignment.to(new Expr.Target(macro.name()), scope);
        return (frame, _) -> {
            target.assign(frame, compiled.define(frame));
            return Action.Flow.NEXT;
        };
    }

    private static Action callBlock(Stmt.CallBlock block, Scope scope) {
        MacroCompiler caller =
                MacroCompiler.compile(
                        Optional.empty(), block.parameters(), block.body(), scope, block.line());
        Code function = ExpressionCompiler.compile(block.call().function(), scope);
        ExpressionCompiler.ArgumentsCode arguments =
                ExpressionCompiler.arguments(block.call().arguments(), scope);
        return (frame, out) -> {
            Render render = frame.render();
            render.line(block.line());
            Object called = function.eval(frame);
            Arguments given = arguments.eval(frame);
            Object printed =
                    ExpressionCompiler.invoke(
                            render, called, given.with("caller", caller.define(frame)));
            out.append(Representation.str(render, printed));
            return Action.Flow.NEXT;
        };
    }

    private static Action filterBlock(Stmt.FilterBlock block, Scope scope) {
        Scope inner = scope.inner();
        inner.symbols().analyse(block.body());
        inner.symbols().analyse(List.of(block.filter()));
        Captured filter = captured(block.filter(), inner);
        Action body = scope(block.body(), inner);
        return (frame, out) -> {
            Output captured = new Output(frame.render());
            Action.Flow flow = body.run(frame, captured);
            if (flow != Action.Flow.NEXT) {
                return flow;
            }
            frame.render().line(block.line());
            Object value = filter.apply(frame, captured.toString());
            out.append(Representation.str(frame.render(), value));
            return Action.Flow.NEXT;
        };
    }

    private static Action with(Stmt.With with, Scope scope) {
        Scope inner = scope.inner();
        with.targets().forEach(inner.symbols()::declareTarget);
        inner.symbols().analyse(with.body());
        Action entry = inner.entry();
        Action body = compileAll(with.body(), inner);
        List<Code> values =
                with.values().stream()
                        .map(each -> ExpressionCompiler.compile(each, scope))
                        .toList();
        List<Assignment> targets =
                with.targets().stream().map(each -> Assignment.to(each, inner)).toList();
        return (frame, out) -> {
            frame.render().line(with.line());
            entry.run(frame, out);
            Iterator<Assignment> target = targets.iterator();
            for (Code value : values) {
                target.next().assign(frame, value.eval(frame));
            }
            return body.run(frame, out);
        };
    }

    private static Action generation(Stmt.Generation generation, Scope scope) {
        MacroCompiler body =
                MacroCompiler.compile(
                        Optional.empty(),
                        Stmt.Parameters.NONE,
                        generation.body(),
                        scope,
                        generation.line());
        return (frame, out) -> {
            Object printed = body.define(frame).call(frame.render(), Arguments.NONE);
            out.append(Representation.str(frame.render(), printed));
            return Action.Flow.NEXT;
        };
    }
}
