package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// An expression as it was read. Children come in the order in which Jinja visits them, which
/// decides how names are bound.
sealed interface Expr extends Syntax {

    /// A name that is read.
    record Name(String name) implements Expr {}

    /// A name that is assigned to.
    record Target(String name) implements Expr {}

    /// `set name.attribute`: the only assignment to something inside a value.
    record NamespaceTarget(String name, String attribute) implements Expr {}

    /// A constant.
    record Literal(Object value) implements Expr {}

    /// `(a, b)`, read or assigned to.
    record TupleOf(List<Expr> items) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return items;
        }
    }

    /// `[a, b]`
    record ListOf(List<Expr> items) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return items;
        }
    }

    /// `{a: b}`; keys and values alternate.
    record DictOf(List<Expr> keysAndValues) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return keysAndValues;
        }
    }

    /// `then if test else otherwise`
    record Conditional(Expr test, Expr then, Optional<Expr> otherwise, int line) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return otherwise.isPresent()
                    ? List.of(test, then, otherwise.get())
                    : List.of(test, then);
        }
    }

    /// Arithmetic of two.
    record Binary(String operator, Expr left, Expr right) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return List.of(left, right);
        }
    }

    /// `left and right`
    record And(Expr left, Expr right) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return List.of(left, right);
        }
    }

    /// `left or right`
    record Or(Expr left, Expr right) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return List.of(left, right);
        }
    }

    /// `not operand`
    record Not(Expr operand) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return List.of(operand);
        }
    }

    /// `-operand` or `+operand`
    record Sign(boolean negative, Expr operand) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return List.of(operand);
        }
    }

    /// `a ~ b ~ c`
    record Concat(List<Expr> parts) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return parts;
        }
    }

    /// `a < b <= c`: operands are one more than operators.
    record Compare(List<String> operators, List<Expr> operands) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return operands;
        }
    }

    /// `owner.name`
    record Attribute(Expr owner, String name) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return List.of(owner);
        }
    }

    /// `owner[index]`
    record Item(Expr owner, Expr index) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return List.of(owner, index);
        }
    }

    /// `start:stop:step` in brackets
    record Slice(Optional<Expr> start, Optional<Expr> stop, Optional<Expr> step) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            List<Expr> bounds = new ArrayList<>(3);
            start.ifPresent(bounds::add);
            stop.ifPresent(bounds::add);
            step.ifPresent(bounds::add);
            return bounds;
        }
    }

    /// `function(arguments)`
    record Call(Expr function, CallArguments arguments) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return arguments.after(Optional.of(function));
        }
    }

    /// `input|name(arguments)`; without input in a `filter` block or after `set`.
    record Filter(Optional<Expr> input, String name, CallArguments arguments, int line)
            implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return arguments.after(input);
        }
    }

    /// `input is name(arguments)`
    record Test(Expr input, String name, CallArguments arguments, int line) implements Expr {
        @Override
        public List<? extends Syntax> children() {
            return arguments.after(Optional.of(input));
        }
    }

    /// What stands between the parentheses of a call.
    ///
    /// @param positional by position
    /// @param names of the named ones
    /// @param named values of those names
    /// @param starred `*list`
    /// @param doubleStarred `**dict`
    record CallArguments(
            List<Expr> positional,
            List<String> names,
            List<Expr> named,
            Optional<Expr> starred,
            Optional<Expr> doubleStarred) {
        static final CallArguments NONE =
                new CallArguments(
                        List.of(), List.of(), List.of(), Optional.empty(), Optional.empty());

        List<Expr> after(Optional<Expr> first) {
            List<Expr> all = new ArrayList<>();
            first.ifPresent(all::add);
            all.addAll(positional);
            all.addAll(named);
            starred.ifPresent(all::add);
            doubleStarred.ifPresent(all::add);
            return all;
        }
    }
}
