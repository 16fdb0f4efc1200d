package dev.sluice.chat;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;

/// Filters on lists and other things with elements.
final class SequenceFilters {
    private SequenceFilters() {}

    static void addTo(Map<String, Filters.Filter> filters) {
        for (String name : List.of("length", "count")) {
            Filters.define(filters, name, 0, (_, v, _) -> length(v));
        }
        for (String name : List.of("default", "d")) {
            Filters.define(
                    filters, name, 0, SequenceFilters::orDefault, "default_value", "boolean");
        }
        Filters.define(filters, "list", 0, (r, v, _) -> new ListValue(Iteration.toList(r, v)));
        Filters.define(filters, "first", 0, (r, v, _) -> first(Iteration.of(r, v), "first"));
        Filters.define(filters, "last", 0, (r, v, _) -> last(r, v));
        Filters.define(filters, "random", 0, (_, v, _) -> random(v));
        Filters.define(filters, "items", 0, SequenceFilters::items);
        Filters.define(filters, "join", 0, SequenceFilters::join, "d", "attribute");
        Filters.define(filters, "reverse", 0, (r, v, _) -> reverse(r, v));
        Filters.define(filters, "batch", 1, SequenceFilters::batch, "linecount", "fill_with");
        Filters.define(filters, "slice", 1, SequenceFilters::slice, "slices", "fill_with");
        Filters.define(filters, "sum", 0, SequenceFilters::sum, "attribute", "start");
        Filters.define(filters, "attr", 1, (_, v, given) -> attribute(v, given), "name");
    }

    static long length(Object value) {
        return Iteration.length(value)
                .orElseThrow(() ->
                        Errors.type("object of type '" + Types.name(value) + "' has no len()"));
    }

    private static Object orDefault(Render render, Object value, Signature.Bound given) {
        boolean replaced =
                value instanceof Undefined || (given.truth(1, false) && !Truth.of(value));
        return replaced ? given.get(0, "") : value;
    }

    private static Object first(Iterator<Object> items, String which) {
        return items.hasNext()
                ? items.next()
                : Undefined.because("No " + which + " item, sequence was empty.");
    }

    private static Object last(Render render, Object value) {
        return value instanceof ListValue(List<Object> items) && !items.isEmpty()
                ? items.getLast()
                : first(Iteration.reversed(render, value), "last");
    }

    private static Object random(Object value) {
        int size = (int) Iteration.length(value).orElseThrow(() -> Errors.notIterable(value));
        return size == 0
                ? Undefined.because("No random item, sequence was empty.")
                : Access.item(value, (long) ThreadLocalRandom.current().nextInt(size));
    }

    private static Object items(Render render, Object value, Signature.Bound given) {
        return SelectionFilters.lazily(
                render,
                () -> {
                    if (value instanceof Undefined) {
                        return List.of().iterator();
                    }
                    if (!(value instanceof DictValue dict)) {
                        throw Errors.type("Can only get item pairs from a mapping.");
                    }
                    return dict.items().iterator();
                });
    }

    private static Object join(Render render, Object value, Signature.Bound given) {
        String separator = Representation.str(render, given.get(0, ""));
        AttributePath path = AttributePath.of(given.get(1, None.NONE));
        StringBuilder joined = new StringBuilder();
        Iterator<Object> items = Iteration.of(render, value);
        boolean first = true;
        while (items.hasNext()) {
            String piece = Representation.str(render, path.of(render, items.next()));
            render.produce((long) piece.length() + separator.length());
            joined.append(first ? "" : separator).append(piece);
            first = false;
        }
        return joined.toString();
    }

    private static Object reverse(Render render, Object value) {
        if (Types.isText(value)) {
            return Slices.slice(render, value, None.NONE, None.NONE, -1L);
        }
        if (Iteration.isReversible(value)) {
            String type =
                    switch (value) {
                        case ListValue _ -> "list_reverseiterator";
                        case RangeValue _ -> "range_iterator";
                        case DictValue _ -> "dict_reversekeyiterator";
                        default -> "reversed";
                    };
            return new LazyValue(type, Iteration.reversed(render, value));
        }
        if (!Iteration.isIterable(value)) {
            throw Errors.filterArgument("argument must be iterable");
        }
        return new ListValue(Iteration.toList(render, value).reversed());
    }

    private static Object batch(Render render, Object value, Signature.Bound given) {
        int size = given.integer(0, 0);
        Object fill = given.get(1, None.NONE);
        return SelectionFilters.lazily(
                render,
                () -> {
                    Iterator<Object> items = Iteration.of(render, value);
                    return new Lookahead() {
                        private List<Object> row = new ArrayList<>();

                        @Override
                        Object advance() {
                            while (items.hasNext()) {
                                List<Object> before = row;
                                boolean full = before.size() == size;
                                row = full ? new ArrayList<>() : before;
                                row.add(items.next());
                                if (full) {
                                    return filled(render, before, size, None.NONE);
                                }
                            }
                            List<Object> last = row;
                            row = List.of();
                            return last.isEmpty()
                                    ? Missing.MISSING
                                    : filled(render, last, size, fill);
                        }
                    };
                });
    }

    private static Object filled(Render render, List<Object> row, int size, Object fill) {
        if (fill != None.NONE && row.size() < size) {
            render.produceElements(size);
            while (row.size() < size) {
                row.add(fill);
            }
        }
        render.produceElements(row.size());
        return new ListValue(row);
    }

    private static Object slice(Render render, Object value, Signature.Bound given) {
        int slices = given.integer(0, 0);
        Object fill = given.get(1, None.NONE);
        return SelectionFilters.lazily(
                render,
                () -> {
                    List<Object> items = Iteration.toList(render, value);
                    if (slices == 0) {
                        throw Errors.zeroDivision("integer division or modulo by zero");
                    }
                    int size = Math.floorDiv(items.size(), slices);
                    int longer = Math.floorMod(items.size(), slices);
                    return new Lookahead() {
                        private int number;
                        private int start;

                        @Override
                        Object advance() {
                            if (number >= slices) {
                                return Missing.MISSING;
                            }
                            render.step();
                            int end = start + size + (number < longer ? 1 : 0);
                            List<Object> part = new ArrayList<>(items.subList(start, end));
                            if (fill != None.NONE && number >= longer) {
                                part.add(fill);
                            }
                            render.produceElements(part.size() + 1L);
                            start = end;
                            number++;
                            return new ListValue(part);
                        }
                    };
                });
    }

    private static Object sum(Render render, Object value, Signature.Bound given) {
        AttributePath path = AttributePath.of(given.get(0, None.NONE));
        Object total = given.get(1, 0L);
        if (Types.isText(total)) {
            throw Errors.type("sum() can't sum strings [use ''.join(seq) instead]");
        }
        Iterator<Object> items = Iteration.of(render, value);
        while (items.hasNext()) {
            total = Arithmetic.add(render, total, path.of(render, items.next()));
        }
        return total;
    }

    private static Object attribute(Object value, Signature.Bound given) {
        String name = given.text(0);
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        Object found = Access.attributeOnly(value, name);
        return found == Missing.MISSING ? Undefined.member(value, name) : found;
    }
}
