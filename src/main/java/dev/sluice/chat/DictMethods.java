package dev.sluice.chat;

import java.util.Iterator;

/// The methods of dict.
final class DictMethods {
    private static final Signature GET = Signature.positional("get", 1, "key", "default");
    private static final Signature NOTHING = Signature.positional("method", 0);
    private static final Signature FROM_KEYS =
            Signature.positional("fromkeys", 1, "iterable", "value");

    private DictMethods() {}

    /// The method of a name; [Missing] when there is none.
    static Object find(DictValue dict, String name) {
        return switch (name) {
            case "items" -> view(dict, name, DictView.Part.ITEMS);
            case "keys" -> view(dict, name, DictView.Part.KEYS);
            case "values" -> view(dict, name, DictView.Part.VALUES);
            case "get" -> BuiltinFunction.method(name, (_, given) -> get(dict, GET.bind(given)));
            case "copy" ->
                    BuiltinFunction.method(
                            name,
                            (render, given) -> {
                                NOTHING.bind(given);
                                render.produceElements(dict.size());
                                return dict.copy();
                            });
            case "fromkeys" ->
                    BuiltinFunction.method(
                            name, (render, given) -> fromKeys(render, FROM_KEYS.bind(given)));
            case "clear", "pop", "popitem", "setdefault", "update" -> Undefined.unsafe(dict, name);
            default -> Missing.MISSING;
        };
    }

    private static Object view(DictValue dict, String name, DictView.Part part) {
        return BuiltinFunction.method(
                name,
                (_, given) -> {
                    NOTHING.bind(given);
                    return new DictView(dict, part);
                });
    }

    private static Object get(DictValue dict, Signature.Bound given) {
        Object value = dict.get(given.get(0));
        return value == null ? given.get(1, None.NONE) : value;
    }

    private static Object fromKeys(Render render, Signature.Bound given) {
        DictValue made = new DictValue(16);
        Iterator<Object> keys = Iteration.of(render, given.get(0));
        while (keys.hasNext()) {
            render.produceElements(1);
            made.put(keys.next(), given.get(1, None.NONE));
        }
        return made;
    }
}
