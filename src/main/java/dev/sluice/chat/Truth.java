package dev.sluice.chat;

import java.math.BigInteger;

/// Python's truth of values.
final class Truth {
    private Truth() {}

    static boolean of(Object value) {
        return switch (value) {
            case Boolean b -> b;
            case String s -> !s.isEmpty();
            case None _, Undefined _ -> false;
            case ListValue list -> !list.items().isEmpty();
            case DictValue dict -> dict.size() > 0;
            case Long number -> number != 0;
            case Double number -> number != 0;
            case BigInteger _ -> true;
            case TupleValue tuple -> !tuple.items().isEmpty();
            case Markup(String text) -> !text.isEmpty();
            case RangeValue range -> range.size() > 0;
            case DictView view -> view.dict().size() > 0;
            case LoopValue loop -> loop.length() > 0;
            default -> true;
        };
    }
}
