package dev.sluice.chat;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;

/// Python's arithmetic operators.
final class Arithmetic {
    private static final long MAX_POWER_BITS = 1 << 16;

    private Arithmetic() {}

    static Object add(Render render, Object left, Object right) {
        if (left instanceof String a && right instanceof String b) {
            render.produce((long) a.length() + b.length());
            return a.concat(b);
        }
        if (bothNumbers(left, right)) {
            if (left instanceof Long a && right instanceof Long b) {
                long sum = a + b;
                return ((a ^ sum) & (b ^ sum)) < 0
                        ? Numbers.big(a).add(Numbers.big(b))
                        : (Object) sum;
            }
            return bothIntegers(left, right)
                    ? Numbers.normalised(Numbers.big(left).add(Numbers.big(right)))
                    : (Object) (Numbers.toDouble(left) + Numbers.toDouble(right));
        }
        if (Types.isText(left) && Types.isText(right)) {
            String a = Markup.escaped(render, left);
            String b = Markup.escaped(render, right);
            render.produce((long) a.length() + b.length());
            return new Markup(a.concat(b));
        }
        if (left instanceof ListValue(List<Object> a)
                && right instanceof ListValue(List<Object> b)) {
            return new ListValue(joined(render, a, b));
        }
        if (left instanceof TupleValue a && right instanceof TupleValue b) {
            return new TupleValue(joined(render, a.items(), b.items()));
        }
        if (left instanceof String || left instanceof ListValue || left instanceof TupleValue) {
            String type = Types.name(left);
            throw Errors.type(
                    "can only concatenate "
                            + type
                            + " (not \""
                            + Types.name(right)
                            + "\") to "
                            + type);
        }
        throw Errors.operands("+", left, right);
    }

    static List<Object> joined(Render render, List<Object> a, List<Object> b) {
        render.produceElements((long) a.size() + b.size());
        List<Object> all = new ArrayList<>(a.size() + b.size());
        all.addAll(a);
        all.addAll(b);
        return all;
    }

    static Object subtract(Object left, Object right) {
        if (!bothNumbers(left, right)) {
            throw Errors.operands("-", left, right);
        }
        return bothIntegers(left, right)
                ? Numbers.normalised(Numbers.big(left).subtract(Numbers.big(right)))
                : (Object) (Numbers.toDouble(left) - Numbers.toDouble(right));
    }

    static Object multiply(Render render, Object left, Object right) {
        if (bothNumbers(left, right)) {
            if (!bothIntegers(left, right)) {
                return Numbers.toDouble(left) * Numbers.toDouble(right);
            }
            BigInteger a = Numbers.big(left);
            BigInteger b = Numbers.big(right);
            checkBits((long) a.bitLength() + b.bitLength());
            render.steps(((long) a.bitLength() * b.bitLength()) >> 20);
            return Numbers.normalised(a.multiply(b));
        }
        if (isSequence(left)) {
            return repeated(render, left, right);
        }
        if (isSequence(right)) {
            return repeated(render, right, left);
        }
        throw Errors.operands("*", left, right);
    }

    private static boolean isSequence(Object value) {
        return Types.isText(value) || value instanceof ListValue || value instanceof TupleValue;
    }

    private static Object repeated(Render render, Object sequence, Object times) {
        if (!Types.isInteger(times)) {
            throw Errors.type(
                    "can't multiply sequence by non-int of type '" + Types.name(times) + "'");
        }
        int count = Math.max(0, Numbers.clampedInt(times));
        return switch (sequence) {
            case String text -> repeated(render, text, count);
            case Markup(String text) -> new Markup(repeated(render, text, count));
            case ListValue(List<Object> items) -> new ListValue(repeated(render, items, count));
            default -> new TupleValue(repeated(render, ((TupleValue) sequence).items(), count));
        };
    }

    static String repeated(Render render, String text, int count) {
        render.produce((long) text.length() * count);
        return text.repeat(count);
    }

    private static List<Object> repeated(Render render, List<Object> items, int count) {
        render.produceElements((long) items.size() * count);
        List<Object> all = new ArrayList<>(items.size() * count);
        for (int i = 0; i < count && !items.isEmpty(); i++) {
            all.addAll(items);
        }
        return all;
    }

    static Object divide(Object left, Object right) {
        if (!bothNumbers(left, right)) {
            throw Errors.operands("/", left, right);
        }
        if (!bothIntegers(left, right)) {
            double divisor = Numbers.toDouble(right);
            if (divisor == 0) {
                throw Errors.zeroDivision("float division by zero");
            }
            return Numbers.toDouble(left) / divisor;
        }
        BigInteger a = Numbers.big(left);
        BigInteger b = Numbers.big(right);
        if (b.signum() == 0) {
            throw Errors.zeroDivision("division by zero");
        }
        if (a.bitLength() <= 53 && b.bitLength() <= 53) {
            return a.doubleValue() / b.doubleValue();
        }
        double quotient =
                new BigDecimal(a).divide(new BigDecimal(b), new MathContext(40)).doubleValue();
        if (Double.isInfinite(quotient)) {
            throw Errors.overflow("integer division result too large for a float");
        }
        return quotient;
    }

    static Object floorDivide(Object left, Object right) {
        if (!bothNumbers(left, right)) {
            throw Errors.operands("//", left, right);
        }
        if (bothIntegers(left, right)) {
            BigInteger divisor = Numbers.big(right);
            if (divisor.signum() == 0) {
                throw Errors.zeroDivision("integer division or modulo by zero");
            }
            BigInteger[] parts = Numbers.big(left).divideAndRemainder(divisor);
            boolean below = parts[1].signum() != 0 && parts[1].signum() != divisor.signum();
            return Numbers.normalised(below ? parts[0].subtract(BigInteger.ONE) : parts[0]);
        }
        double a = Numbers.toDouble(left);
        double b = Numbers.toDouble(right);
        if (b == 0) {
            throw Errors.zeroDivision("float floor division by zero");
        }
        double quotient = (a - floatModulo(a, b)) / b;
        double floor = Math.floor(quotient);
        return quotient == 0 ? Math.copySign(0, a / b) : quotient - floor > 0.5 ? floor + 1 : floor;
    }

    static Object modulo(Render render, Object left, Object right) {
        if (Types.isText(left)) {
            return PercentFormat.format(render, left, right);
        }
        if (!bothNumbers(left, right)) {
            throw Errors.operands("%", left, right);
        }
        if (bothIntegers(left, right)) {
            BigInteger divisor = Numbers.big(right);
            if (divisor.signum() == 0) {
                throw Errors.zeroDivision("integer modulo by zero");
            }
            BigInteger rest = Numbers.big(left).mod(divisor.abs());
            boolean shift = divisor.signum() < 0 && rest.signum() != 0;
            return Numbers.normalised(shift ? rest.add(divisor) : rest);
        }
        double divisor = Numbers.toDouble(right);
        if (divisor == 0) {
            throw Errors.zeroDivision("float modulo");
        }
        return floatModulo(Numbers.toDouble(left), divisor);
    }

    private static double floatModulo(double a, double b) {
        double rest = a % b;
        if (rest == 0) {
            return Math.copySign(0, b);
        }
        return (b < 0) == (rest < 0) ? rest : rest + b;
    }

    static Object power(Render render, Object left, Object right) {
        if (!bothNumbers(left, right)) {
            throw Errors.operands("** or pow()", left, right);
        }
        render.step();
        if (bothIntegers(left, right) && Numbers.big(right).signum() >= 0) {
            BigInteger base = Numbers.big(left);
            if (base.bitLength() <= 1 && base.signum() >= 0) {
                return Numbers.big(right).signum() == 0 ? (Object) 1L : Numbers.normalised(base);
            }
            if (base.equals(BigInteger.ONE.negate())) {
                return Numbers.big(right).testBit(0) ? -1L : 1L;
            }
            int exponent = Numbers.clampedInt(right);
            long bits = (long) base.bitLength() * exponent;
            checkBits(bits);
            render.steps((bits * bits) >> 20);
            return Numbers.normalised(base.pow(exponent));
        }
        double base = Numbers.toDouble(left);
        double exponent = Numbers.toDouble(right);
        if (base == 0 && exponent < 0) {
            throw Errors.zeroDivision("0.0 cannot be raised to a negative power");
        }
        if (base < 0 && exponent != Math.rint(exponent)) {
            throw Errors.value("complex numbers are not available in chat templates");
        }
        double result = base == 1 ? 1 : Math.pow(base, exponent);
        if (Double.isInfinite(result) && !Double.isInfinite(base) && !Double.isInfinite(exponent)) {
            throw Errors.overflow("(34, 'Numerical result out of range')");
        }
        return result;
    }

    static Object sign(boolean negative, Object value) {
        return switch (value) {
            case Double number -> negative ? -number : number;
            case Undefined undefined -> throw undefined.failure();
            default -> {
                if (!Types.isInteger(value)) {
                    throw Errors.type(
                            "bad operand type for unary "
                                    + (negative ? "-" : "+")
                                    + ": '"
                                    + Types.name(value)
                                    + "'");
                }
                BigInteger number = Numbers.big(value);
                yield Numbers.normalised(negative ? number.negate() : number);
            }
        };
    }

    private static void checkBits(long bits) {
        if (bits > MAX_POWER_BITS) {
            throw Errors.limit("a number of more than " + MAX_POWER_BITS + " bits");
        }
    }

    private static boolean bothIntegers(Object left, Object right) {
        return Types.isInteger(left) && Types.isInteger(right);
    }

    private static boolean bothNumbers(Object left, Object right) {
        if (left instanceof Undefined undefined) {
            throw undefined.failure();
        }
        if (right instanceof Undefined undefined) {
            throw undefined.failure();
        }
        return Types.isNumber(left) && Types.isNumber(right);
    }
}
