package dev.sluice.chat;

import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/// Filters that pass elements on one by one: `map`, `select` and their like. They give generators,
/// and fail, if at all, when the first element is asked for.
final class SelectionFilters {
    private SelectionFilters() {}

    static void addTo(Map<String, Filters.Filter> filters) {
        filters.put("map", SelectionFilters::map);
        filters.put("select", (r, v, given) -> select(r, v, given, true, false));
        filters.put("reject", (r, v, given) -> select(r, v, given, false, false));
        filters.put("selectattr", (r, v, given) -> select(r, v, given, true, true));
        filters.put("rejectattr", (r, v, given) -> select(r, v, given, false, true));
        Filters.define(
                filters, "unique", 0, SelectionFilters::unique, "case_sensitive", "attribute");
    }

    /// A generator whose elements are prepared when the first is asked for.
    static LazyValue lazily(Render render, Supplier<Iterator<Object>> source) {
        return LazyValue.generator(
                new Lookahead() {
                    private Iterator<Object> elements = Collections.emptyIterator();
                    private boolean started;

                    @Override
                    Object advance() {
                        // Generators of generators go as deep as calls.
                        render.enterCall();
                        if (!started) {
                            started = true;
                            elements = source.get();
                        }
                        Object next = elements.hasNext() ? elements.next() : Missing.MISSING;
                        render.leaveCall();
                        return next;
                    }
                });
    }

    private static Object map(Render render, Object value, Arguments arguments) {
        return lazily(
                render,
                () -> {
                    if (!Truth.of(value)) {
                        return Collections.emptyIterator();
                    }
                    UnaryOperator<Object> change = change(render, arguments);
                    Iterator<Object> items = Iteration.of(render, value);
                    return new Lookahead() {
                        @Override
                        Object advance() {
                            return items.hasNext() ? change.apply(items.next()) : Missing.MISSING;
                        }
                    };
                });
    }

    private static UnaryOperator<Object> change(Render render, Arguments arguments) {
        if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
            Map<String, Object> named = new LinkedHashMap<>(arguments.named());
            Object attribute = named.remove("attribute");
            Object otherwise = named.remove("default");
            if (!named.isEmpty()) {
                throw Errors.filterArgument(
                        "Unexpected keyword argument "
                                + Representation.repr(named.keySet().iterator().next()));
            }
            AttributePath path = AttributePath.of(attribute == null ? None.NONE : attribute);
            return item -> path.of(render, item, otherwise == null ? None.NONE : otherwise);
        }
        if (arguments.positional().isEmpty()) {
            throw Errors.filterArgument("map requires a filter argument");
        }
        Object name = arguments.positional().getFirst();
        Arguments rest = rest(arguments, 1);
        Filters.Filter filter =
                Types.isText(name)
                        ? Filters.find(Types.text(name)).orElseThrow(() -> unnamed("filter", name))
                        : missing("filter", name);
        return item -> {
            render.step();
            return filter.apply(render, item, rest);
        };
    }

    private static Filters.Filter missing(String kind, Object name) {
        throw unnamed(kind, name);
    }

    private static TemplateException unnamed(String kind, Object name) {
        return Errors.runtime("No " + kind + " named " + Representation.repr(name) + ".");
    }

    private static Arguments rest(Arguments arguments, int from) {
        List<Object> positional = arguments.positional();
        return new Arguments(positional.subList(from, positional.size()), arguments.named());
    }

    private static Object select(
            Render render, Object value, Arguments arguments, boolean keep, boolean byAttribute) {
        return lazily(
                render,
                () -> {
                    if (!Truth.of(value)) {
                        return Collections.emptyIterator();
                    }
                    Predicate<Object> wanted = predicate(render, arguments, byAttribute);
                    Iterator<Object> items = Iteration.of(render, value);
                    return new Lookahead() {
                        @Override
                        Object advance() {
                            while (items.hasNext()) {
                                Object item = items.next();
                                if (wanted.test(item) == keep) {
                                    return item;
                                }
                            }
                            return Missing.MISSING;
                        }
                    };
                });
    }

    private static Predicate<Object> predicate(
            Render render, Arguments arguments, boolean byAttribute) {
        List<Object> positional = arguments.positional();
        if (byAttribute && positional.isEmpty()) {
            throw Errors.filterArgument("Missing parameter for attribute name");
        }
        AttributePath path = AttributePath.of(byAttribute ? positional.getFirst() : None.NONE);
        int offset = byAttribute ? 1 : 0;
        if (positional.size() <= offset) {
            return item -> Truth.of(path.of(render, item));
        }
        Object name = positional.get(offset);
        Arguments rest = rest(arguments, offset + 1);
        if (!Types.isText(name)) {
            throw unnamed("test", name);
        }
        Tests.Test test = Tests.find(Types.text(name)).orElseThrow(() -> unnamed("test", name));
        return item -> {
            render.step();
            return test.test(render, path.of(render, item), rest);
        };
    }

    private static Object unique(Render render, Object value, Signature.Bound given) {
        boolean exact = given.truth(0, false);
        AttributePath path = AttributePath.of(given.get(1, None.NONE));
        return lazily(
                render,
                () -> {
                    Iterator<Object> items = Iteration.of(render, value);
                    DictValue seen = new DictValue(16);
                    return new Lookahead() {
                        @Override
                        Object advance() {
                            while (items.hasNext()) {
                                Object item = items.next();
                                Object key = path.of(render, item);
                                Object compared =
                                        exact ? key : OrderFilters.ignoringCase(render, key);
                                if (!seen.contains(compared)) {
                                    render.produceElements(1);
                                    seen.put(compared, None.NONE);
                                    return item;
                                }
                            }
                            return Missing.MISSING;
                        }
                    };
                });
    }
}
