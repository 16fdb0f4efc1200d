package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A statement as it was read. Children come in the order in which Jinja visits them.
sealed interface Stmt extends Syntax {

    /// Text outside of tags.
    record Data(String text) implements Stmt {}

    /// `{{ value }}`
    record Print(Expr value, int line) implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return List.of(value);
        }
    }

    /// `if`, with `elif` as an `If` of its own in `otherwise`.
    record If(Expr test, List<Stmt> body, List<If> elifs, List<Stmt> otherwise, int line)
            implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return flat(List.of(test), body, elifs, otherwise);
        }
    }

    /// `for target in items if test recursive`
    record For(
            Expr target,
            Expr items,
            List<Stmt> body,
            List<Stmt> otherwise,
            Optional<Expr> test,
            boolean recursive,
            int line)
            implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return flat(
                    List.of(target, items), body, otherwise, test.map(List::of).orElse(List.of()));
        }
    }

    /// `set target = value`
    record Assign(Expr target, Expr value, int line) implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return List.of(target, value);
        }
    }

    /// `set target | filter`, body, `endset`
    record AssignBlock(Expr target, Optional<Expr.Filter> filter, List<Stmt> body, int line)
            implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return flat(List.of(target), filter.map(List::of).orElse(List.of()), body);
        }
    }

    /// Names of parameters, and defaults of the last ones.
    record Parameters(List<String> names, List<Expr> defaults) {
        static final Parameters NONE = new Parameters(List.of(), List.of());

        /// Index of a parameter's default; negative when it has none.
        int defaultIndex(int parameter) {
            return parameter - (names.size() - defaults.size());
        }
    }

    /// `macro name(parameters)`
    record Macro(String name, Parameters parameters, List<Stmt> body, int line) implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return flat(parameters.defaults(), body);
        }
    }

    /// `call(parameters) call`
    record CallBlock(Expr.Call call, Parameters parameters, List<Stmt> body, int line)
            implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return flat(List.of(call), parameters.defaults(), body);
        }
    }

    /// `filter name`
    record FilterBlock(List<Stmt> body, Expr.Filter filter, int line) implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return flat(body, List.of(filter));
        }
    }

    /// `with targets = values`
    record With(List<Expr> targets, List<Expr> values, List<Stmt> body, int line) implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return flat(targets, values, body);
        }
    }

    /// `generation`: marks what the assistant said; a scope of its own, else without effect.
    record Generation(List<Stmt> body, int line) implements Stmt {
        @Override
        public List<? extends Syntax> children() {
            return body;
        }
    }

    /// `break`
    record Break(int line) implements Stmt {}

    /// `continue`
    record Continue(int line) implements Stmt {}

    @SafeVarargs
    private static List<Syntax> flat(List<? extends Syntax>... lists) {
        List<Syntax> all = new ArrayList<>();
        for (List<? extends Syntax> list : lists) {
            all.addAll(list);
        }
        return all;
    }
}
