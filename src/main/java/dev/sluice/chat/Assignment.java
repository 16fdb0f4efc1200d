package dev.sluice.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// Puts a value where a target says.
interface Assignment {
    void assign(Frame frame, Object value);

    static Assignment to(Expr target, Scope scope) {
        return switch (target) {
            case Expr.Target(String name) -> {
                Symbols.Slot slot = scope.symbols().find(name).orElseThrow();
                int distance = scope.symbols().distance(slot);
                yield (frame, value) -> frame.outer(distance).set(slot.index(), value);
            }
            case Expr.NamespaceTarget(String name, String attribute) -> {
                Code namespace = ExpressionCompiler.variable(name, scope);
                yield (frame, value) -> {
                    if (namespace.eval(frame) instanceof NamespaceValue found) {
                        frame.render().produceElements(1);
                        found.attributes().put(attribute, value);
                    }
                };
            }
            case Expr.TupleOf(List<Expr> items) ->
                    unpack(items.stream().map(item -> to(item, scope)).toList());
            default -> throw new IllegalStateException("not a target: " + target);
        };
    }

    private static Assignment unpack(List<Assignment> targets) {
        return (frame, value) -> {
            List<Object> items = unpacked(frame.render(), value, targets.size());
            for (int i = 0; i < targets.size(); i++) {
                targets.get(i).assign(frame, items.get(i));
            }
        };
    }

    private static List<Object> unpacked(Render render, Object value, int count) {
        if (!Iteration.isIterable(value)) {
            throw Errors.type("cannot unpack non-iterable " + Types.name(value) + " object");
        }
        List<Object> items = new ArrayList<>(count);
        Iterator<Object> iterator = Iteration.of(render, value);
        while (items.size() < count && iterator.hasNext()) {
            items.add(iterator.next());
        }
        if (items.size() < count) {
            throw Errors.value(
                    "not enough values to unpack (expected "
                            + count
                            + ", got "
                            + items.size()
                            + ")");
        }
        if (iterator.hasNext()) {
            throw Errors.value("too many values to unpack (expected " + count + ")");
        }
        return items;
    }

    /// Code that fails unless all `name.attribute` in a target belong to namespaces.
    static Code namespaceCheck(Expr target, Scope scope) {
        List<Code> namespaces = new ArrayList<>();
        target.walk(node -> {
            if (node instanceof Expr.NamespaceTarget(String name, String _)) {
                namespaces.add(ExpressionCompiler.variable(name, scope));
            }
        });
        return frame -> {
            for (Code namespace : namespaces) {
                if (!(namespace.eval(frame) instanceof NamespaceValue)) {
                    throw Errors.runtime("cannot assign attribute on non-namespace object");
                }
            }
            return None.NONE;
        };
    }
}
