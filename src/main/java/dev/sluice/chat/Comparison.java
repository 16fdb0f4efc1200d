package dev.sluice.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Iterator;
import java.util.List;

/// Python's comparisons and `in`.
final class Comparison {
    private Comparison() {}

    /// @param operator one of `== != < <= > >= in`, `not in`
    static boolean test(Render render, String operator, Object left, Object right) {
        return switch (operator) {
            case "==" -> equal(render, left, right);
            case "!=" -> !equal(render, left, right);
            case "in" -> contains(render, right, left);
            case "not in" -> !contains(render, right, left);
            default -> ordered(render, operator, left, right);
        };
    }

    static boolean equal(Render render, Object left, Object right) {
        if (left instanceof String a && right instanceof String b) {
            render.scan(a.length());
            return a.equals(b);
        }
        if (Types.isNumber(left) && Types.isNumber(right)) {
            return numbersEqual(left, right);
        }
        if (identical(left, right)) {
            return true;
        }
        return switch (left) {
            case String a -> right instanceof Markup(String b) && a.equals(b);
            case Markup(String a) -> Types.isText(right) && a.equals(Types.text(right));
            case ListValue(List<Object> a) ->
                    right instanceof ListValue(List<Object> b) && equal(render, a, b);
            case TupleValue a ->
                    right instanceof TupleValue b && equal(render, a.items(), b.items());
            case DictValue a -> right instanceof DictValue b && equal(render, a, b);
            case RangeValue a -> right instanceof RangeValue b && equal(a, b);
            case Undefined _ -> right instanceof Undefined;
            default -> false;
        };
    }

    /// Python's `is`, as far as it means something here.
    @SuppressWarnings("ReferenceEquality")
    static boolean identical(Object a, Object b) {
        return a == b;
    }

    private static boolean isNan(Object value) {
        return value instanceof Double number && Double.isNaN(number);
    }

    private static boolean numbersEqual(Object left, Object right) {
        if (left instanceof Long a && right instanceof Long b) {
            return a.longValue() == b.longValue();
        }
        if (left instanceof Double a && right instanceof Double b) {
            return a.doubleValue() == b.doubleValue();
        }
        if (isNan(left) || isNan(right)) {
            return false;
        }
        return compareNumbers(left, right) == 0;
    }

    private static boolean equal(Render render, List<Object> a, List<Object> b) {
        if (a.size() != b.size()) {
            return false;
        }
        render.enterCall();
        boolean equal = true;
        for (int i = 0; equal && i < a.size(); i++) {
            render.step();
            equal = same(render, a.get(i), b.get(i));
        }
        render.leaveCall();
        return equal;
    }

    /// Whether containers take two elements for one: what is identical is, even if not equal.
    static boolean same(Render render, Object a, Object b) {
        return identical(a, b) || equal(render, a, b);
    }

    private static boolean equal(Render render, DictValue a, DictValue b) {
        if (a.size() != b.size()) {
            return false;
        }
        render.enterCall();
        boolean equal = true;
        Iterator<Object> keys = a.keys().iterator();
        while (equal && keys.hasNext()) {
            render.step();
            Object key = keys.next();
            equal = b.contains(key) && same(render, Access.item(a, key), Access.item(b, key));
        }
        render.leaveCall();
        return equal;
    }

    private static boolean equal(RangeValue a, RangeValue b) {
        int size = a.size();
        return size == b.size()
                && (size == 0 || (a.start() == b.start() && (size == 1 || a.step() == b.step())));
    }

    private static boolean ordered(Render render, String operator, Object left, Object right) {
        if (left instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (right instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (Types.isNumber(left) && Types.isNumber(right)) {
            if (isNan(left) || isNan(right)) {
                return false;
            }
            return decide(operator, compareNumbers(left, right));
        }
        if (Types.isText(left) && Types.isText(right)) {
            String a = Types.text(left);
            render.scan(a.length());
            return decide(operator, Text.compare(a, Types.text(right)));
        }
        if (left instanceof ListValue(List<Object> a)
                && right instanceof ListValue(List<Object> b)) {
            return ordered(render, operator, a, b);
        }
        if (left instanceof TupleValue a && right instanceof TupleValue b) {
            return ordered(render, operator, a.items(), b.items());
        }
        throw Errors.type(
                "'"
                        + operator
                        + "' not supported between instances of '"
                        + Types.name(left)
                        + "' and '"
                        + Types.name(right)
                        + "'");
    }

    private static boolean ordered(Render render, String operator, List<Object> a, List<Object> b) {
        for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
            render.step();
            if (!same(render, a.get(i), b.get(i))) {
                render.enterCall();
                boolean result = ordered(render, operator, a.get(i), b.get(i));
                render.leaveCall();
                return result;
            }
        }
        return decide(operator, Integer.compare(a.size(), b.size()));
    }

    private static boolean decide(String operator, int order) {
        return switch (operator) {
            case "<" -> order < 0;
            case "<=" -> order <= 0;
            case ">" -> order > 0;
            case ">=" -> order >= 0;
            default -> throw new IllegalStateException("no comparison " + operator);
        };
    }

    /// Whether one value comes before another in sorting.
    static boolean less(Render render, Object left, Object right) {
        return ordered(render, "<", left, right);
    }

    private static int compareNumbers(Object left, Object right) {
        if (left instanceof Double a && right instanceof Double b) {
            return a < b ? -1 : a > b ? 1 : 0;
        }
        if (left instanceof Double a && Double.isInfinite(a)) {
            return a > 0 ? 1 : -1;
        }
        if (right instanceof Double b && Double.isInfinite(b)) {
            return b > 0 ? -1 : 1;
        }
        if (left instanceof Long a && right instanceof Long b) {
            return Long.compare(a, b);
        }
        return decimal(left).compareTo(decimal(right));
    }

    private static BigDecimal decimal(Object number) {
        return number instanceof Double d ? new BigDecimal(d) : new BigDecimal(Numbers.big(number));
    }

    static boolean contains(Render render, Object container, Object item) {
        return switch (container) {
            case String text -> containsText(render, text, item);
            case Markup(String text) -> containsText(render, text, item);
            case DictValue dict -> dict.contains(item);
            case DictView view when view.part() == DictView.Part.KEYS -> view.dict().contains(item);
            case RangeValue range when item instanceof Long number -> contains(range, number);
            default -> {
                if (!Iteration.isIterable(container)) {
                    throw Errors.type(
                            "argument of type '" + Types.name(container) + "' is not iterable");
                }
                Iterator<Object> items = Iteration.of(render, container);
                boolean found = false;
                while (!found && items.hasNext()) {
                    found = same(render, items.next(), item);
                }
                yield found;
            }
        };
    }

    private static boolean containsText(Render render, String text, Object item) {
        if (!Types.isText(item)) {
            throw Errors.type(
                    "'in <string>' requires string as left operand, not " + Types.name(item));
        }
        render.scan(text.length());
        return Substring.indexOf(text, Types.text(item), 0) >= 0;
    }

    private static boolean contains(RangeValue range, long number) {
        boolean inside =
                range.step() > 0
                        ? number >= range.start() && number < range.stop()
                        : number <= range.start() && number > range.stop();
        BigInteger offset = BigInteger.valueOf(number).subtract(BigInteger.valueOf(range.start()));
        return inside && offset.mod(BigInteger.valueOf(range.step()).abs()).signum() == 0;
    }
}
