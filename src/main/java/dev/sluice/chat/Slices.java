package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;

/// Python's slices: `[start:stop:step]`, each of them optional or negative.
final class Slices {
    private Slices() {}

    static Object slice(Render render, Object owner, Object start, Object stop, Object step) {
        return switch (owner) {
            case String text -> text(render, text, start, stop, step);
            case Markup(String text) -> new Markup(text(render, text, start, stop, step));
            case ListValue(List<Object> items) ->
                    new ListValue(list(render, items, start, stop, step));
            case TupleValue tuple -> new TupleValue(list(render, tuple.items(), start, stop, step));
            case RangeValue range -> range(range, Bounds.of(start, stop, step, range.size()));
            case Undefined undefined -> throw undefined.failure();
            case DictValue _ -> throw Errors.type("unhashable type: 'slice'");
            default -> throw Errors.type("'" + Types.name(owner) + "' object is not subscriptable");
        };
    }

    private static String text(Render render, String text, Object start, Object stop, Object step) {
        Bounds bounds = Bounds.of(start, stop, step, Text.length(text));
        render.produce(bounds.count());
        if (bounds.step() == 1) {
            return Text.substring(text, bounds.first(), bounds.first() + bounds.count());
        }
        int[] characters = text.codePoints().toArray();
        StringBuilder picked = new StringBuilder(bounds.count());
        for (int i = 0; i < bounds.count(); i++) {
            picked.appendCodePoint(characters[bounds.index(i)]);
        }
        return picked.toString();
    }

    private static List<Object> list(
            Render render, List<Object> items, Object start, Object stop, Object step) {
        Bounds bounds = Bounds.of(start, stop, step, items.size());
        render.produceElements(bounds.count());
        List<Object> picked = new ArrayList<>(bounds.count());
        for (int i = 0; i < bounds.count(); i++) {
            picked.add(items.get(bounds.index(i)));
        }
        return picked;
    }

    private static RangeValue range(RangeValue range, Bounds bounds) {
        // With one element or none the product may not fit, and doesn't matter.
        long step = bounds.count() > 1 ? range.step() * bounds.step() : range.step();
        long first = range.start() + range.step() * bounds.first();
        return new RangeValue(first, first + step * bounds.count(), step);
    }

    /// What a slice takes from a sequence.
    ///
    /// @param first index of the first element
    /// @param step from one index to the next
    /// @param count number of elements
    private record Bounds(int first, long step, int count) {
        static Bounds of(Object start, Object stop, Object step, int length) {
            long stride = step == None.NONE ? 1 : index(step);
            if (stride == 0) {
                throw Errors.value("slice step cannot be zero");
            }
            boolean forward = stride > 0;
            long lowest = forward ? 0 : -1;
            long highest = forward ? length : length - 1L;
            long from =
                    start == None.NONE
                            ? (forward ? lowest : highest)
                            : clamped(index(start), length, lowest, highest);
            long to =
                    stop == None.NONE
                            ? (forward ? highest : lowest)
                            : clamped(index(stop), length, lowest, highest);
            long span = forward ? to - from : from - to;
            long size = Math.abs(stride);
            return new Bounds((int) from, stride, span <= 0 ? 0 : (int) ((span + size - 1) / size));
        }

        int index(int position) {
            return (int) (first + position * step);
        }

        private static long clamped(long index, int length, long lowest, long highest) {
            return Math.clamp(index < 0 ? index + length : index, lowest, highest);
        }

        private static long index(Object value) {
            if (!Types.isInteger(value)) {
                throw Errors.type(
                        "slice indices must be integers or None or have an __index__ method");
            }
            return Numbers.clampedInt(value);
        }
    }
}
