package dev.sluice.chat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalLong;

/// Python's iteration and length.
final class Iteration {
    private Iteration() {}

    static boolean isIterable(Object value) {
        return switch (value) {
            case ListValue _, TupleValue _, DictValue _, String _, Markup _ -> true;
            case RangeValue _, DictView _, LazyValue _, Undefined _, LoopValue _ -> true;
            default -> false;
        };
    }

    /// The elements of a value, one after the other; counts a step for each where there is a
    /// number.
    ///
    /// @throws TemplateException if the value has none
    static Iterator<Object> of(Render render, Object value) {
        length(value).ifPresent(render::steps);
        return switch (value) {
            case ListValue(List<Object> items) -> items.iterator();
            case TupleValue tuple -> tuple.items().iterator();
            case DictValue dict -> dict.keys().iterator();
            case String text -> characters(text);
            case Markup(String text) -> characters(text);
            case DictView view -> view.items().iterator();
            case LazyValue lazy -> lazy.elements();
            case Undefined _ -> Collections.emptyIterator();
            case RangeValue range -> numbers(range);
            default -> throw Errors.notIterable(value);
        };
    }

    /// All elements in a new list.
    static List<Object> toList(Render render, Object value) {
        List<Object> list = new ArrayList<>();
        Iterator<Object> items = of(render, value);
        while (items.hasNext()) {
            list.add(items.next());
            if (list.size() % 1024 == 0) {
                render.steps(1024);
            }
        }
        render.produceElements(list.size());
        return list;
    }

    /// Number of elements; empty for what has no length in Python.
    static OptionalLong length(Object value) {
        return switch (value) {
            case String text -> OptionalLong.of(Text.length(text));
            case Markup(String text) -> OptionalLong.of(Text.length(text));
            case ListValue(List<Object> items) -> OptionalLong.of(items.size());
            case TupleValue tuple -> OptionalLong.of(tuple.items().size());
            case DictValue dict -> OptionalLong.of(dict.size());
            case DictView view -> OptionalLong.of(view.dict().size());
            case RangeValue range -> OptionalLong.of(range.size());
            case Undefined _ -> OptionalLong.of(0);
            case LoopValue loop -> OptionalLong.of(loop.length());
            default -> OptionalLong.empty();
        };
    }

    /// The elements from the last to the first.
    ///
    /// @throws TemplateException if the value has no order or no end
    static Iterator<Object> reversed(Render render, Object value) {
        return switch (value) {
            case LazyValue _, LoopValue _ -> throw notReversible(value);
            default -> {
                if (!isIterable(value)) {
                    throw notReversible(value);
                }
                yield toList(render, value).reversed().iterator();
            }
        };
    }

    static boolean isReversible(Object value) {
        return isIterable(value) && !(value instanceof LazyValue || value instanceof LoopValue);
    }

    private static TemplateException notReversible(Object value) {
        return Errors.type("'" + Types.name(value) + "' object is not reversible");
    }

    private static Iterator<Object> characters(String text) {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < text.length();
            }

            @Override
            public Object next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                int end = text.offsetByCodePoints(next, 1);
                String character = text.substring(next, end);
                next = end;
                return character;
            }
        };
    }

    private static Iterator<Object> numbers(RangeValue range) {
        return new Iterator<>() {
            private int next;

            @Override
            public boolean hasNext() {
                return next < range.size();
            }

            @Override
            public Object next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                return range.get(next++);
            }
        };
    }
}
