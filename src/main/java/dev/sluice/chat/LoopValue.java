package dev.sluice.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// The `loop` variable: where a loop is, and what comes before and after. It looks ahead only when
/// asked to.
///
/// @see "jinja2 3.1.6, runtime.py, LoopContext"
final class LoopValue implements Iterator<Object>, Callable {
    /// Runs a recursive loop one level deeper.
    interface Recursion {
        String run(Object items, int depth);
    }

    static final Recursion NOT_RECURSIVE =
            (_, _) -> {
                throw Errors.type(
                        "The loop must have the 'recursive' marker to be called recursively.");
            };

    private final Object items;
    private final int depth;
    private final Recursion recursion;
    private Iterator<Object> rest;
    private long index0 = -1;
    private long length = -1;
    private Object before = Missing.MISSING;
    private Object current = Missing.MISSING;
    private Object after = Missing.MISSING;
    private Object lastChanged = Missing.MISSING;

    LoopValue(Object items, Iterator<Object> rest, int depth, Recursion recursion) {
        this.items = items;
        this.rest = rest;
        this.depth = depth;
        this.recursion = recursion;
    }

    @Override
    public boolean hasNext() {
        return after != Missing.MISSING || rest.hasNext();
    }

    @Override
    public Object next() {
        Object result = after != Missing.MISSING ? after : rest.next();
        after = Missing.MISSING;
        index0++;
        before = current;
        current = result;
        return result;
    }

    @Override
    public Object call(Render render, Arguments arguments) {
        Object more = Signature.of("loop", 1, "iterable").bind(arguments).get(0);
        return recursion.run(more, depth + 1);
    }

    /// An attribute; [Missing] when there is none of that name.
    Object attribute(String name) {
        return switch (name) {
            case "index" -> index0 + 1;
            case "index0" -> index0;
            case "first" -> index0 == 0;
            case "last" -> peek() == Missing.MISSING;
            case "length" -> length();
            case "revindex" -> length() - index0;
            case "revindex0" -> length() - index0 - 1;
            case "depth" -> (long) depth + 1;
            case "depth0" -> (long) depth;
            case "previtem" ->
                    index0 == 0 ? Undefined.because("there is no previous item") : before;
            case "nextitem" -> {
                Object next = peek();
                yield next == Missing.MISSING ? Undefined.because("there is no next item") : next;
            }
            case "cycle" -> BuiltinFunction.method("cycle", (_, given) -> cycle(given));
            case "changed" -> BuiltinFunction.method("changed", this::changed);
            default -> Missing.MISSING;
        };
    }

    long length() {
        if (length < 0) {
            length = Iteration.length(items).orElseGet(this::countRest);
        }
        return length;
    }

    private long countRest() {
        List<Object> all = new ArrayList<>();
        rest.forEachRemaining(all::add);
        rest = all.iterator();
        return all.size() + index0 + 1 + (after == Missing.MISSING ? 0 : 1);
    }

    private Object peek() {
        if (after == Missing.MISSING && rest.hasNext()) {
            after = rest.next();
        }
        return after;
    }

    private Object cycle(Arguments arguments) {
        List<Object> choices = arguments.positional();
        if (choices.isEmpty()) {
            throw Errors.type("no items for cycling given");
        }
        return choices.get((int) (index0 % choices.size()));
    }

    private Object changed(Render render, Arguments arguments) {
        TupleValue value = new TupleValue(arguments.positional());
        if (lastChanged != Missing.MISSING && Comparison.equal(render, lastChanged, value)) {
            return false;
        }
        lastChanged = value;
        return true;
    }

    /// For printing.
    String representation() {
        return "<LoopContext " + (index0 + 1) + "/" + length() + ">";
    }
}
