package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// Filters that compare elements.
final class OrderFilters {
    private OrderFilters() {}

    static void addTo(Map<String, Filters.Filter> filters) {
        Filters.define(
                filters, "sort", 0, OrderFilters::sort, "reverse", "case_sensitive", "attribute");
        Filters.define(
                filters, "dictsort", 0, OrderFilters::dictSort, "case_sensitive", "by", "reverse");
        Filters.define(
                filters,
                "min",
                0,
                (r, v, given) -> extreme(r, v, given, false),
                "case_sensitive",
                "attribute");
        Filters.define(
                filters,
                "max",
                0,
                (r, v, given) -> extreme(r, v, given, true),
                "case_sensitive",
                "attribute");
        Filters.define(
                filters,
                "groupby",
                1,
                OrderFilters::groupBy,
                "attribute",
                "default",
                "case_sensitive");
    }

    /// What a value is compared by when case doesn't matter.
    static Object ignoringCase(Render render, Object value) {
        return Types.isText(value) ? TextCase.lower(render, Types.text(value)) : value;
    }

    private static UnaryOperator<Object> key(
            Render render, AttributePath path, Object otherwise, boolean exact) {
        return item -> {
            Object value = path.of(render, item, otherwise);
            return exact ? value : ignoringCase(render, value);
        };
    }

    private static Object sort(Render render, Object value, Signature.Bound given) {
        Object attribute = given.get(2, None.NONE);
        boolean exact = given.truth(1, false);
        List<UnaryOperator<Object>> keys = new ArrayList<>();
        if (Types.isText(attribute)) {
            for (String each : Types.text(attribute).split(",", -1)) {
                keys.add(key(render, AttributePath.of(each), None.NONE, exact));
            }
        } else {
            keys.add(key(render, AttributePath.of(attribute), None.NONE, exact));
        }
        UnaryOperator<Object> all =
                item -> {
                    List<Object> values = new ArrayList<>(keys.size());
                    keys.forEach(key -> values.add(key.apply(item)));
                    return new ListValue(values);
                };
        return new ListValue(sorted(render, value, all, given.truth(0, false)));
    }

    private static List<Object> sorted(
            Render render, Object value, UnaryOperator<Object> key, boolean reverse) {
        List<Object> items = Iteration.toList(render, value);
        return reverse ? Sorting.reversed(render, items, key) : Sorting.sorted(render, items, key);
    }

    private static Object dictSort(Render render, Object value, Signature.Bound given) {
        String by = Representation.str(render, given.get(1, "key"));
        if (!by.equals("key") && !by.equals("value")) {
            throw Errors.filterArgument("You can only sort by either \"key\" or \"value\"");
        }
        if (value instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (!(value instanceof DictValue dict)) {
            throw new TemplateException(
                    "AttributeError",
                    "'" + Types.name(value) + "' object has no attribute 'items'");
        }
        int position = by.equals("key") ? 0 : 1;
        boolean exact = given.truth(0, false);
        UnaryOperator<Object> key =
                pair -> {
                    Object part = ((TupleValue) pair).items().get(position);
                    return exact ? part : ignoringCase(render, part);
                };
        ListValue items = new ListValue(dict.items());
        return new ListValue(sorted(render, items, key, given.truth(2, false)));
    }

    private static Object extreme(
            Render render, Object value, Signature.Bound given, boolean largest) {
        List<Object> items = Iteration.toList(render, value);
        if (items.isEmpty()) {
            return Undefined.because("No aggregated item, sequence was empty.");
        }
        UnaryOperator<Object> key =
                key(
                        render,
                        AttributePath.of(given.get(1, None.NONE)),
                        None.NONE,
                        given.truth(0, false));
        Object best = items.getFirst();
        Object bestKey = key.apply(best);
        for (Object item : items.subList(1, items.size())) {
            Object itemKey = key.apply(item);
            boolean better =
                    largest
                            ? Comparison.test(render, ">", itemKey, bestKey)
                            : Comparison.less(render, itemKey, bestKey);
            if (better) {
                best = item;
                bestKey = itemKey;
            }
        }
        return best;
    }

    private static Object groupBy(Render render, Object value, Signature.Bound given) {
        AttributePath path = AttributePath.of(given.get(0));
        Object otherwise = given.get(1, None.NONE);
        boolean exact = given.truth(2, false);
        UnaryOperator<Object> key = key(render, path, otherwise, exact);
        List<Object> groups = new ArrayList<>();
        List<Object> group = new ArrayList<>();
        Object groupKey = Missing.MISSING;
        for (Object item : sorted(render, value, key, false)) {
            Object itemKey = key.apply(item);
            if (groupKey == Missing.MISSING || !Comparison.equal(render, groupKey, itemKey)) {
                group = new ArrayList<>();
                Object shown = exact ? itemKey : path.of(render, item, otherwise);
                groups.add(new TupleValue(List.of(shown, new ListValue(group)), true));
                groupKey = itemKey;
            }
            group.add(item);
        }
        return new ListValue(groups);
    }
}
