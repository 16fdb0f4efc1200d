package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;

/// The methods of list and tuple.
final class ListMethods {
    private static final Signature INDEX =
            Signature.positional("index", 1, "value", "start", "stop");
    private static final Signature COUNT = Signature.positional("count", 1, "value");

    private ListMethods() {}

    /// The method of a list; [Missing] when there is none of that name.
    static Object find(ListValue owner, List<Object> items, String name) {
        return switch (name) {
            case "copy" ->
                    BuiltinFunction.method(
                            name,
                            (render, _) -> {
                                render.produceElements(items.size());
                                return new ListValue(new ArrayList<>(items));
                            });
            case "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort" ->
                    Undefined.unsafe(owner, name);
            default -> shared(items, name);
        };
    }

    /// The method of a tuple; [Missing] when there is none of that name.
    static Object find(TupleValue owner, String name) {
        if (owner.isGroup() && name.equals("grouper")) {
            return owner.items().getFirst();
        }
        if (owner.isGroup() && name.equals("list")) {
            return owner.items().getLast();
        }
        return shared(owner.items(), name);
    }

    private static Object shared(List<Object> items, String name) {
        return switch (name) {
            case "index" ->
                    BuiltinFunction.method(
                            name, (render, given) -> index(render, items, INDEX.bind(given)));
            case "count" ->
                    BuiltinFunction.method(
                            name,
                            (render, given) -> count(render, items, COUNT.bind(given).get(0)));
            default -> Missing.MISSING;
        };
    }

    private static Object index(Render render, List<Object> items, Signature.Bound given) {
        int start = fromFront(given.integer(1, 0), items.size());
        int stop = Math.min(fromFront(given.integer(2, items.size()), items.size()), items.size());
        for (int i = start; i < stop; i++) {
            render.step();
            if (Comparison.same(render, items.get(i), given.get(0))) {
                return (long) i;
            }
        }
        throw Errors.value(Representation.repr(render, given.get(0)) + " is not in list");
    }

    private static int fromFront(int index, int size) {
        return index < 0 ? Math.max(0, index + size) : index;
    }

    private static long count(Render render, List<Object> items, Object value) {
        render.steps(items.size());
        return items.stream().filter(item -> Comparison.same(render, item, value)).count();
    }
}
