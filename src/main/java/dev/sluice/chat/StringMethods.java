package dev.sluice.chat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/// The methods of str.
final class StringMethods {
    /// A method, its arguments in their places.
    private interface Body {
        Object call(Render render, String self, Signature.Bound given);
    }

    private record Method(Signature signature, Body body) {}

    private static final Map<String, Method> METHODS = new HashMap<>();

    /// Methods that count what they make.
    private static final Set<String> COUNTED =
            Set.of("upper", "lower", "casefold", "capitalize", "title", "swapcase", "join");

    static {
        cases();
        tests();
        searches();
        splits();
        padding();
        rest();
    }

    private StringMethods() {}

    private static void define(String name, Signature signature, Body body) {
        METHODS.put(name, new Method(signature, body));
    }

    private static Signature plain(String name) {
        return Signature.positional(name, 0);
    }

    private static void cases() {
        define("upper", plain("upper"), (render, self, _) -> TextCase.upper(render, self));
        define("lower", plain("lower"), (render, self, _) -> TextCase.lower(render, self));
        define("casefold", plain("casefold"), (render, self, _) -> TextCase.fold(render, self));
        define(
                "capitalize",
                plain("capitalize"),
                (render, self, _) -> TextCase.capitalize(render, self));
        define("title", plain("title"), (render, self, _) -> TextCase.title(render, self));
        define("swapcase", plain("swapcase"), (render, self, _) -> TextCase.swap(render, self));
    }

    private static void tests() {
        all("isalpha", Character::isLetter);
        all("isalnum", TextCase::isAlphanumeric);
        all("isdecimal", Character::isDigit);
        all("isdigit", TextCase::isDigit);
        all("isnumeric", TextCase::isNumeric);
        all("isspace", Text::isSpace);
        test("isascii", self -> self.chars().allMatch(c -> c < 0x80));
        test("isprintable", self -> self.codePoints().allMatch(Text::isPrintable));
        test("islower", TextCase::isLower);
        test("isupper", TextCase::isUpper);
        test("istitle", TextCase::isTitle);
        test("isidentifier", TextCase::isIdentifier);
    }

    private static void all(String name, IntPredicate predicate) {
        test(name, self -> !self.isEmpty() && self.codePoints().allMatch(predicate));
    }

    private static void test(String name, Predicate<String> predicate) {
        define(name, plain(name), (_, self, _) -> predicate.test(self));
    }

    private static void searches() {
        Signature range = Signature.positional("find", 1, "sub", "start", "end");
        define("find", range, (_, self, given) -> TextSearch.find(self, given));
        define("rfind", range, (_, self, given) -> TextSearch.findLast(self, given));
        define("index", range, (_, self, given) -> found(TextSearch.find(self, given)));
        define("rindex", range, (_, self, given) -> found(TextSearch.findLast(self, given)));
        define("count", range, (_, self, given) -> TextSearch.count(self, given));
        define(
                "startswith",
                Signature.positional("startswith", 1, "prefix", "start", "end"),
                (_, self, given) -> TextSearch.startsOrEnds(self, given, true));
        define(
                "endswith",
                Signature.positional("endswith", 1, "suffix", "start", "end"),
                (_, self, given) -> TextSearch.startsOrEnds(self, given, false));
    }

    private static long found(long index) {
        if (index < 0) {
            throw Errors.value("substring not found");
        }
        return index;
    }

    private static void splits() {
        Signature split = Signature.of("split", 0, "sep", "maxsplit");
        define("split", split, (render, self, given) -> TextSplit.split(render, self, given, true));
        define(
                "rsplit",
                split,
                (render, self, given) -> TextSplit.split(render, self, given, false));
        define(
                "splitlines",
                Signature.of("splitlines", 0, "keepends"),
                (render, self, given) ->
                        TextSplit.list(TextSplit.lines(render, self, given.truth(0, false))));
        Signature separator = Signature.positional("partition", 1, "sep");
        define(
                "partition",
                separator,
                (_, self, given) -> TextSplit.partition(self, given.text(0)));
        define(
                "rpartition",
                separator,
                (_, self, given) -> TextSplit.partitionLast(self, given.text(0)));
    }

    private static void padding() {
        Signature width = Signature.positional("ljust", 1, "width", "fillchar");
        define(
                "ljust",
                width,
                (render, self, given) -> TextPadding.pad(render, self, given, TextPadding.LEFT));
        define(
                "rjust",
                width,
                (render, self, given) -> TextPadding.pad(render, self, given, TextPadding.RIGHT));
        define(
                "center",
                width,
                (render, self, given) -> TextPadding.pad(render, self, given, TextPadding.CENTER));
        define(
                "zfill",
                Signature.positional("zfill", 1, "width"),
                (render, self, given) -> TextPadding.zeros(render, self, given.integer(0, 0)));
        define(
                "expandtabs",
                Signature.of("expandtabs", 0, "tabsize"),
                (render, self, given) -> TextPadding.tabs(render, self, given.integer(0, 8)));
        strip("strip", true, true);
        strip("lstrip", true, false);
        strip("rstrip", false, true);
        define(
                "removeprefix",
                Signature.positional("removeprefix", 1, "prefix"),
                (_, self, given) -> {
                    String prefix = given.text(0);
                    return self.startsWith(prefix) ? self.substring(prefix.length()) : self;
                });
        define(
                "removesuffix",
                Signature.positional("removesuffix", 1, "suffix"),
                (_, self, given) -> {
                    String suffix = given.text(0);
                    return self.endsWith(suffix)
                            ? self.substring(0, self.length() - suffix.length())
                            : self;
                });
    }

    private static void strip(String name, boolean left, boolean right) {
        define(
                name,
                Signature.positional(name, 0, "chars"),
                (_, self, given) -> strip(self, given.get(0, None.NONE), left, right));
    }

    /// @param characters None for white space
    static String strip(String text, Object characters, boolean left, boolean right) {
        if (characters == None.NONE) {
            return Text.strip(text, left, right);
        }
        if (!Types.isText(characters)) {
            throw Errors.type("strip arg must be None or str");
        }
        return Text.strip(text, Types.text(characters), left, right);
    }

    private static void rest() {
        define(
                "replace",
                Signature.positional("replace", 2, "old", "new", "count"),
                (render, self, given) ->
                        TextSearch.replace(
                                render, self, given.text(0), given.text(1), given.integer(2, -1)));
        define(
                "join",
                Signature.positional("join", 1, "iterable"),
                (render, self, given) -> join(render, self, given.get(0)));
        for (String name : List.of("encode", "maketrans", "translate")) {
            define(
                    name,
                    Signature.of(name, 0, "encoding", "errors"),
                    (_, _, _) -> {
                        throw Errors.runtime(
                                "the method '" + name + "' is not available in chat templates");
                    });
        }
    }

    private static String join(Render render, String separator, Object items) {
        if (!Iteration.isIterable(items)) {
            throw Errors.type("can only join an iterable");
        }
        StringBuilder joined = new StringBuilder();
        Iterator<Object> iterator = Iteration.of(render, items);
        for (int i = 0; iterator.hasNext(); i++) {
            Object item = iterator.next();
            if (!Types.isText(item)) {
                throw Errors.type(
                        "sequence item "
                                + i
                                + ": expected str instance, "
                                + Types.name(item)
                                + " found");
            }
            String piece = (i > 0 ? separator : "") + Types.text(item);
            render.produce(piece.length());
            joined.append(piece);
        }
        return joined.toString();
    }

    /// The method of a string; [Missing] when there is none of that name.
    static Object find(String self, String name) {
        if (name.equals("format") || name.equals("format_map")) {
            return format(self, name, Optional.empty());
        }
        Method method = METHODS.get(name);
        if (method == null) {
            return Missing.MISSING;
        }
        return BuiltinFunction.method(
                name,
                (render, given) -> {
                    render.scan(self.length());
                    Object result =
                            method.body().call(render, self, method.signature().bind(given));
                    if (!COUNTED.contains(name) && result instanceof String text) {
                        render.produce(text.length());
                    }
                    return result;
                });
    }

    private static Object format(String self, String name, Optional<Markup> safe) {
        return BuiltinFunction.method(
                name,
                (render, given) -> {
                    Arguments arguments = name.equals("format") ? given : mapped(given);
                    String text = new BraceFormat(render, arguments, safe.isPresent()).format(self);
                    return safe.isPresent() ? new Markup(text) : text;
                });
    }

    private static Arguments mapped(Arguments given) {
        Object mapping = Signature.positional("format_map", 1, "mapping").bind(given).get(0);
        if (!(mapping instanceof DictValue dict)) {
            throw Errors.type("'" + Types.name(mapping) + "' object is not subscriptable");
        }
        Map<String, Object> named = new HashMap<>();
        dict.keys().stream()
                .filter(Types::isText)
                .forEach(key -> named.put(Types.text(key), Access.item(dict, key)));
        return new Arguments(List.of(), named);
    }

    /// The method of a safe string: what it gives is safe, what it takes in is escaped.
    static Object find(Markup self, String name) {
        if (name.equals("format") || name.equals("format_map")) {
            return format(self.text(), name, Optional.of(self));
        }
        Object method = find(self.text(), name);
        if (!(method instanceof BuiltinFunction function)) {
            return method;
        }
        return BuiltinFunction.method(
                name, (render, given) -> safe(function.call(render, escaped(render, name, given))));
    }

    private static Arguments escaped(Render render, String name, Arguments given) {
        List<Object> positional = new ArrayList<>(given.positional());
        if (name.equals("replace") && positional.size() > 1) {
            positional.set(1, Markup.escaped(render, positional.get(1)));
        }
        if (name.equals("join") && positional.size() == 1) {
            List<Object> items = new ArrayList<>();
            Iteration.toList(render, positional.getFirst())
                    .forEach(item -> items.add(Markup.escaped(render, item)));
            positional.set(0, new ListValue(items));
        }
        return new Arguments(positional, given.named());
    }

    private static Object safe(Object result) {
        return switch (result) {
            case String text -> new Markup(text);
            case ListValue(List<Object> items) ->
                    new ListValue(items.stream().map(StringMethods::safe).toList());
            case TupleValue tuple ->
                    new TupleValue(tuple.items().stream().map(StringMethods::safe).toList());
            default -> result;
        };
    }
}
