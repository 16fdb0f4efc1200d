package dev.sluice.chat;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// What can stand after `|`.
///
/// @see "jinja2 3.1.6, filters.py"
final class Filters {
    /// A filter of a value.
    interface Filter {
        Object apply(Render render, Object value, Arguments arguments);
    }

    /// A filter with its arguments in their places.
    interface Bound {
        Object apply(Render render, Object value, Signature.Bound given);
    }

    private static final Map<String, Filter> FILTERS = all();

    private Filters() {}

    static Optional<Filter> find(String name) {
        return Optional.ofNullable(FILTERS.get(name));
    }

    private static Map<String, Filter> all() {
        Map<String, Filter> filters = new HashMap<>();
        TextFilters.addTo(filters);
        MarkupFilters.addTo(filters);
        NumberFilters.addTo(filters);
        SequenceFilters.addTo(filters);
        SelectionFilters.addTo(filters);
        OrderFilters.addTo(filters);
        for (String name : new String[] {"urlize", "pprint"}) {
            filters.put(
                    name,
                    (_, _, _) -> {
                        throw Errors.runtime(
                                "the filter '" + name + "' is not available in chat templates");
                    });
        }
        return filters;
    }

    static void define(
            Map<String, Filter> filters, String name, int required, Bound body, String... names) {
        Signature signature = Signature.of(name, required, names);
        filters.put(
                name,
                (render, value, arguments) -> body.apply(render, value, signature.bind(arguments)));
    }
}
