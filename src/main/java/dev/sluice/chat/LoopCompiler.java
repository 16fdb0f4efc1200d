package dev.sluice.chat;

import java.util.Iterator;
import java.util.Optional;

/// Turns `for` loops into actions.
final class LoopCompiler {
    private final Stmt.For loop;
    private final Optional<Filter> filter;
    private final Optional<Integer> loopSlot;
    private final Action entry;
    private final Assignment target;
    private final Action body;
    private final Action otherwise;
    private final Symbols.Function function;
    private final Symbols.Function elseFunction;
    private final int nesting;

    private LoopCompiler(Stmt.For loop, Scope outer) {
        this.loop = loop;
        Scope inner = loop.recursive() ? outer.innerFunction() : outer.inner();
        Scope elseScope = loop.recursive() ? outer.innerFunction() : outer.inner();
        Symbols symbols = inner.symbols();
        boolean extended = loop.recursive() || !SpecialNames.readIn(loop.body(), "loop").isEmpty();
        loopSlot =
                extended ? Optional.of(symbols.declareParameter("loop").index()) : Optional.empty();
        symbols.declareTarget(loop.target());
        symbols.analyse(loop.body());
        elseScope.symbols().analyse(loop.otherwise());
        filter = loop.test().map(test -> Filter.compile(loop.target(), test, outer));
        entry = inner.entry();
        target = Assignment.to(loop.target(), inner);
        body = StatementCompiler.compileAll(loop.body(), inner.asLoop(true));
        otherwise =
                StatementCompiler.scope(
                        loop.otherwise(), elseScope.asLoop(!loop.recursive() && outer.inLoop()));
        function = symbols.function();
        elseFunction = elseScope.symbols().function();
        nesting = loop.recursive() ? loop.depth() : 1;
    }

    static Action compile(Stmt.For loop, Scope scope) {
        Code items = ExpressionCompiler.compile(loop.items(), scope);
        LoopCompiler compiled = new LoopCompiler(loop, scope);
        if (loop.recursive()) {
            return (frame, out) -> {
                frame.render().line(loop.line());
                out.append(compiled.recurse(frame, items.eval(frame), 0));
                return Action.Flow.NEXT;
            };
        }
        return (frame, out) -> {
            frame.render().line(loop.line());
            return compiled.run(frame, frame, items.eval(frame), 0, out);
        };
    }

    private String recurse(Frame outer, Object items, int depth) {
        Render render = outer.render();
        render.enterCall(nesting);
        Output out = new Output(render);
        run(new Frame(render, outer, function.size()), outer, items, depth, out);
        render.leaveCall(nesting);
        return out.toString();
    }

    /// @param frame of the loop's variables
    /// @param outer frame around the loop; the same unless it is recursive
    private Action.Flow run(Frame frame, Frame outer, Object items, int depth, Output out) {
        Render render = frame.render();
        Object filtered = filter.isPresent() ? filter.get().apply(outer, items) : items;
        Iterator<Object> iterator = Iteration.of(render, filtered);
        if (loopSlot.isPresent()) {
            LoopValue.Recursion recursion =
                    loop.recursive()
                            ? (more, level) -> recurse(outer, more, level)
                            : LoopValue.NOT_RECURSIVE;
            LoopValue value = new LoopValue(filtered, iterator, depth, recursion);
            frame.set(loopSlot.get(), value);
            iterator = value;
        }
        boolean none = true;
        while (iterator.hasNext()) {
            render.step();
            target.assign(frame, iterator.next());
            entry.run(frame, out);
            Action.Flow flow = body.run(frame, out);
            if (flow == Action.Flow.BREAK) {
                break;
            }
            // As in Jinja: a round that ended early doesn't count for `else`.
            none &= flow == Action.Flow.CONTINUE;
        }
        return none ? runElse(frame, outer, out) : Action.Flow.NEXT;
    }

    private Action.Flow runElse(Frame frame, Frame outer, Output out) {
        Frame inner =
                loop.recursive() ? new Frame(frame.render(), outer, elseFunction.size()) : frame;
        return otherwise.run(inner, out);
    }

    /// The `if` of a `for`: passes elements on as they are asked for.
    private record Filter(Symbols.Function function, Action entry, Assignment target, Code test) {
        static Filter compile(Expr target, Expr test, Scope outer) {
            Scope scope = outer.innerFunction();
            scope.symbols().declareTarget(target);
            scope.symbols().analyse(java.util.List.of(test));
            return new Filter(
                    scope.symbols().function(),
                    scope.entry(),
                    Assignment.to(target, scope),
                    ExpressionCompiler.compile(test, scope));
        }

        Object apply(Frame outer, Object items) {
            Render render = outer.render();
            Frame frame = new Frame(render, outer, function.size());
            Output none = new Output(render);
            Iterator<Object> source = Iteration.of(render, items);
            return LazyValue.generator(
                    new Lookahead() {
                        private boolean started;

                        @Override
                        Object advance() {
                            if (!started) {
                                started = true;
                                entry.run(frame, none);
                            }
                            while (source.hasNext()) {
                                Object item = source.next();
                                target.assign(frame, item);
                                if (Truth.of(test.eval(frame))) {
                                    return item;
                                }
                            }
                            return Missing.MISSING;
                        }
                    });
        }
    }
}
