package dev.sluice.chat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// What can stand after `is`.
///
/// @see "jinja2 3.1.6, tests.py"
final class Tests {
    /// A test of a value.
    interface Test {
        boolean test(Render render, Object value, Arguments arguments);
    }

    private static final Map<String, Test> TESTS = new HashMap<>();

    static {
        types();
        numbers();
        comparisons();
        plain("defined", value -> !(value instanceof Undefined));
        plain("undefined", value -> value instanceof Undefined);
        plain("none", value -> value == None.NONE);
        plain("escaped", value -> value instanceof Markup);
        plain("callable", value -> value instanceof Callable || value instanceof Undefined);
        plain("filter", value -> isKnown(value, name -> Filters.find(name).isPresent()));
        plain("test", value -> isKnown(value, name -> find(name).isPresent()));
        TESTS.put(
                "lower", (render, value, _) -> TextCase.isLower(Representation.str(render, value)));
        TESTS.put(
                "upper", (render, value, _) -> TextCase.isUpper(Representation.str(render, value)));
    }

    private Tests() {}

    static Optional<Test> find(String name) {
        return Optional.ofNullable(TESTS.get(name));
    }

    private static void plain(String name, Predicate<Object> predicate) {
        Signature signature = Signature.of("test_" + name, 0);
        TESTS.put(
                name,
                (_, value, arguments) -> {
                    signature.bind(arguments);
                    return predicate.test(value);
                });
    }

    private static boolean isKnown(Object value, Predicate<String> names) {
        return DictValue.comparable(value) instanceof String name && names.test(name);
    }

    private static void types() {
        plain("boolean", value -> value instanceof Boolean);
        plain("true", value -> value instanceof Boolean b && b);
        plain("false", value -> value instanceof Boolean b && !b);
        plain("integer", value -> Types.isInteger(value) && !(value instanceof Boolean));
        plain("float", value -> value instanceof Double);
        plain("number", Types::isNumber);
        plain("string", Types::isText);
        plain("mapping", value -> value instanceof DictValue);
        plain("iterable", Iteration::isIterable);
        plain("sequence", Tests::isSequence);
    }

    private static boolean isSequence(Object value) {
        return switch (value) {
            case String _, Markup _, ListValue _, TupleValue _, DictValue _ -> true;
            case RangeValue _, Undefined _ -> true;
            default -> false;
        };
    }

    private static void numbers() {
        TESTS.put("odd", (render, value, _) -> remainder(render, value, 2L, 1L));
        TESTS.put("even", (render, value, _) -> remainder(render, value, 2L, 0L));
        Signature divisor = Signature.of("test_divisibleby", 1, "num");
        TESTS.put(
                "divisibleby",
                (render, value, arguments) ->
                        remainder(render, value, divisor.bind(arguments).get(0), 0L));
    }

    private static boolean remainder(Render render, Object value, Object divisor, Object wanted) {
        return Comparison.equal(render, Arithmetic.modulo(render, value, divisor), wanted);
    }

    private static void comparisons() {
        List.of("==", "eq", "equalto").forEach(name -> comparison(name, "=="));
        List.of("!=", "ne").forEach(name -> comparison(name, "!="));
        List.of(">", "gt", "greaterthan").forEach(name -> comparison(name, ">"));
        List.of(">=", "ge").forEach(name -> comparison(name, ">="));
        List.of("<", "lt", "lessthan").forEach(name -> comparison(name, "<"));
        List.of("<=", "le").forEach(name -> comparison(name, "<="));
        comparison("in", "in");
        Signature other = Signature.of("test_sameas", 1, "other");
        TESTS.put("sameas", (_, value, arguments) -> isSame(value, other.bind(arguments).get(0)));
    }

    private static void comparison(String name, String operator) {
        Signature other = Signature.of(name, 1, "other");
        TESTS.put(
                name,
                (render, value, arguments) ->
                        Comparison.test(render, operator, value, other.bind(arguments).get(0)));
    }

    /// Identity; where Java may have several objects for one of Python's, the same type and value.
    private static boolean isSame(Object a, Object b) {
        boolean value = a instanceof Boolean || a instanceof Long || a instanceof String;
        return Comparison.identical(a, b) || (value && a.equals(b));
    }
}
