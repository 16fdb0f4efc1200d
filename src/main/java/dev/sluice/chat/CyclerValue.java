package dev.sluice.chat;

import java.util.List;

/// What `cycler` makes: gives its items one after the other, again and again.
final class CyclerValue {
    private final List<Object> items;
    private int position;

    CyclerValue(List<Object> items) {
        this.items = items;
    }

    /// An attribute; [Missing] when there is none of that name.
    Object attribute(String name) {
        return switch (name) {
            case "current" -> items.get(position);
            case "items" -> new TupleValue(items);
            case "pos" -> (long) position;
            case "next" ->
                    BuiltinFunction.method(
                            name,
                            (_, _) -> {
                                Object current = items.get(position);
                                position = (position + 1) % items.size();
                                return current;
                            });
            case "reset" ->
                    BuiltinFunction.method(
                            name,
                            (_, _) -> {
                                position = 0;
                                return None.NONE;
                            });
            default -> Missing.MISSING;
        };
    }
}
