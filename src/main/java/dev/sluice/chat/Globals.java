package dev.sluice.chat;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The functions that every template can call.
final class Globals {
    private static final long MAX_RANGE = 100_000;

    private static final Map<String, Callable> FUNCTIONS =
            Map.of(
                    "range", BuiltinFunction.function("range", Globals::range),
                    "dict", BuiltinFunction.function("dict", Globals::dict),
                    "namespace", BuiltinFunction.function("namespace", Globals::namespace),
                    "cycler", BuiltinFunction.function("cycler", Globals::cycler),
                    "joiner", BuiltinFunction.function("joiner", Globals::joiner),
                    "lipsum", BuiltinFunction.function("lipsum", Globals::lipsum),
                    "raise_exception", BuiltinFunction.function("raise_exception", Globals::raise),
                    "strftime_now", BuiltinFunction.function("strftime_now", Globals::now));

    private Globals() {}

    static Optional<Callable> find(String name) {
        return Optional.ofNullable(FUNCTIONS.get(name));
    }

    static boolean exists(String name) {
        return FUNCTIONS.containsKey(name);
    }

    private static Object range(Render render, Arguments arguments) {
        Signature.Bound given =
                Signature.positional("range", 1, "start", "stop", "step").bind(arguments);
        boolean single = arguments.positional().size() == 1;
        long start = single ? 0 : number(given.get(0));
        long stop = number(given.get(single ? 0 : 1));
        long step = number(given.get(2, 1L));
        if (step == 0) {
            throw Errors.value("range() arg 3 must not be zero");
        }
        long span = step > 0 ? stop - start : start - stop;
        if (span > 0 && (span - 1) / Math.abs(step) >= MAX_RANGE) {
            throw Errors.overflow(
                    "Range too big. The sandbox blocks ranges larger than MAX_RANGE ("
                            + MAX_RANGE
                            + ").");
        }
        render.step();
        return new RangeValue(start, stop, step);
    }

    private static long number(Object value) {
        Object number = Numbers.integer(value);
        if (number instanceof Long small && Math.abs(small) < 1L << 60) {
            return small;
        }
        throw Errors.overflow("Range too big.");
    }

    private static DictValue dict(Render render, Arguments arguments) {
        if (arguments.positional().size() > 1) {
            throw Errors.type(
                    "dict expected at most 1 argument, got " + arguments.positional().size());
        }
        DictValue made = new DictValue(arguments.named().size());
        for (Object source : arguments.positional()) {
            if (source instanceof DictValue dict) {
                render.produceElements(dict.size());
                dict.items().forEach(pair -> putPair(render, made, pair));
            } else {
                Iterator<Object> pairs = Iteration.of(render, source);
                while (pairs.hasNext()) {
                    render.produceElements(1);
                    putPair(render, made, pairs.next());
                }
            }
        }
        arguments.named().forEach(made::put);
        return made;
    }

    private static void putPair(Render render, DictValue dict, Object pair) {
        if (!Iteration.isIterable(pair)) {
            throw Errors.type("cannot convert dictionary update sequence element to a sequence");
        }
        List<Object> parts = Iteration.toList(render, pair);
        if (parts.size() != 2) {
            throw Errors.value(
                    "dictionary update sequence element has length "
                            + parts.size()
                            + "; 2 is required");
        }
        dict.put(parts.getFirst(), parts.getLast());
    }

    private static Object namespace(Render render, Arguments arguments) {
        DictValue content = dict(render, arguments);
        NamespaceValue namespace = new NamespaceValue();
        for (Object key : content.keys()) {
            String name = Types.isText(key) ? Types.text(key) : Representation.repr(key);
            namespace.attributes().put(name, Access.item(content, key));
        }
        return namespace;
    }

    private static Object cycler(Render render, Arguments arguments) {
        if (arguments.positional().isEmpty()) {
            throw Errors.runtime("at least one item has to be provided");
        }
        return new CyclerValue(arguments.positional());
    }

    private static Object joiner(Render render, Arguments arguments) {
        Object separator = Signature.of("joiner", 0, "sep").bind(arguments).get(0, ", ");
        boolean[] used = {false};
        return BuiltinFunction.function(
                "joiner",
                (_, _) -> {
                    Object result = used[0] ? separator : "";
                    used[0] = true;
                    return result;
                });
    }

    private static Object lipsum(Render render, Arguments arguments) {
        throw Errors.runtime("lipsum is not available in chat templates");
    }

    private static Object raise(Render render, Arguments arguments) {
        Object message = Signature.of("raise_exception", 1, "message").bind(arguments).get(0);
        throw new TemplateException(TemplateException.RAISED, Representation.str(render, message));
    }

    private static Object now(Render render, Arguments arguments) {
        Signature.Bound given = Signature.of("strftime_now", 1, "format").bind(arguments);
        return Strftime.format(render, given.text(0), render.now());
    }
}
