package dev.sluice.openai.parsers;

import java.util.BitSet;

/// Reads one JSON value, a char at a time, and knows where it ends. Strict (RFC 8259), so that what
/// it lets through any reader takes. Stops at the first char that is wrong.
final class JsonScanner {
    /// Deepest nesting that is read. Costs one bit each.
    static final int MAX_DEPTH = 256;

    private final BitSet objects = new BitSet();
    private State state = State.VALUE;
    private int depth;
    private boolean key;
    private int hexLeft;
    private String literalLeft = "";

    /// What a char is to the value.
    enum Step {
        /// Part of it, or white space before it.
        MORE,
        /// The last of it.
        LAST,
        /// Not part of it: the value, a number, was complete before.
        BEFORE,
        /// Wrong: nothing that follows makes it a value.
        INVALID
    }

    private enum State {
        VALUE,
        FIRST_ITEM,
        FIRST_KEY,
        KEY,
        COLON,
        AFTER,
        STRING,
        ESCAPE,
        HEX,
        LITERAL,
        MINUS,
        ZERO,
        INTEGER,
        POINT,
        FRACTION,
        EXPONENT,
        SIGN,
        POWER,
        DONE
    }

    /// Reads the next char.
    Step accept(char c) {
        return switch (state) {
            case STRING, ESCAPE, HEX -> inText(c);
            case LITERAL -> literal(c);
            case MINUS, ZERO, INTEGER, POINT, FRACTION, EXPONENT, SIGN, POWER -> number(c);
            case DONE -> Step.INVALID;
            case VALUE, FIRST_ITEM, FIRST_KEY, KEY, COLON, AFTER ->
                    isSpace(c) ? Step.MORE : structure(c);
        };
    }

    /// White space of JSON.
    static boolean isSpace(char c) {
        return c == ' ' || c == '\n' || c == '\r' || c == '\t';
    }

    /// Whether the next char belongs to a string.
    boolean inString() {
        return state == State.STRING || state == State.ESCAPE || state == State.HEX;
    }

    private Step structure(char c) {
        return switch (state) {
            case FIRST_ITEM -> c == ']' ? close() : value(c);
            case FIRST_KEY -> c == '}' ? close() : key(c);
            case KEY -> key(c);
            case COLON -> {
                if (c != ':') {
                    yield Step.INVALID;
                }
                key = false;
                yield go(State.VALUE);
            }
            case AFTER -> after(c);
            default -> value(c);
        };
    }

    private Step after(char c) {
        boolean object = objects.get(depth - 1);
        if (c == ',') {
            return go(object ? State.KEY : State.VALUE);
        }
        return c == (object ? '}' : ']') ? close() : Step.INVALID;
    }

    private Step key(char c) {
        if (c != '"') {
            return Step.INVALID;
        }
        key = true;
        return go(State.STRING);
    }

    private Step value(char c) {
        return switch (c) {
            case '{' -> open(true);
            case '[' -> open(false);
            case '"' -> go(State.STRING);
            case 't' -> literalOf("rue");
            case 'f' -> literalOf("alse");
            case 'n' -> literalOf("ull");
            case '-' -> go(State.MINUS);
            case '0' -> go(State.ZERO);
            default -> isDigit(c) ? go(State.INTEGER) : Step.INVALID;
        };
    }

    private Step open(boolean object) {
        if (depth == MAX_DEPTH) {
            return Step.INVALID;
        }
        objects.set(depth++, object);
        return go(object ? State.FIRST_KEY : State.FIRST_ITEM);
    }

    private Step close() {
        depth--;
        return ended();
    }

    private Step ended() {
        if (depth == 0) {
            state = State.DONE;
            return Step.LAST;
        }
        return go(State.AFTER);
    }

    private Step go(State next) {
        state = next;
        return Step.MORE;
    }

    private Step inText(char c) {
        return switch (state) {
            case ESCAPE -> escape(c);
            case HEX -> {
                if (Character.digit(c, 16) < 0 || c > 'f') {
                    yield Step.INVALID;
                }
                yield go(--hexLeft == 0 ? State.STRING : State.HEX);
            }
            default ->
                    switch (c) {
                        case '"' -> key ? go(State.COLON) : ended();
                        case '\\' -> go(State.ESCAPE);
                        default -> c < ' ' ? Step.INVALID : Step.MORE;
                    };
        };
    }

    private Step escape(char c) {
        if (c == 'u') {
            hexLeft = 4;
            return go(State.HEX);
        }
        return "\"\\/bfnrt".indexOf(c) >= 0 ? go(State.STRING) : Step.INVALID;
    }

    private Step literalOf(String rest) {
        literalLeft = rest;
        return go(State.LITERAL);
    }

    private Step literal(char c) {
        if (c != literalLeft.charAt(0)) {
            return Step.INVALID;
        }
        literalLeft = literalLeft.substring(1);
        return literalLeft.isEmpty() ? ended() : Step.MORE;
    }

    private Step number(char c) {
        State next = nextInNumber(c);
        if (next != State.AFTER) {
            return next == State.DONE ? Step.INVALID : go(next);
        }
        if (depth == 0) {
            state = State.DONE;
            return Step.BEFORE;
        }
        state = State.AFTER;
        return accept(c);
    }

    /// `AFTER` where the number ends before the char, `DONE` where it may not.
    private State nextInNumber(char c) {
        boolean digit = isDigit(c);
        boolean power = c == 'e' || c == 'E';
        return switch (state) {
            case MINUS -> c == '0' ? State.ZERO : digit ? State.INTEGER : State.DONE;
            case ZERO, INTEGER -> {
                if (c == '.') {
                    yield State.POINT;
                }
                if (power) {
                    yield State.EXPONENT;
                }
                yield !digit ? State.AFTER : state == State.ZERO ? State.DONE : State.INTEGER;
            }
            case POINT -> digit ? State.FRACTION : State.DONE;
            case FRACTION -> digit ? State.FRACTION : power ? State.EXPONENT : State.AFTER;
            case EXPONENT -> {
                if (c == '+' || c == '-') {
                    yield State.SIGN;
                }
                yield digit ? State.POWER : State.DONE;
            }
            case SIGN -> digit ? State.POWER : State.DONE;
            default -> digit ? State.POWER : State.AFTER;
        };
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
