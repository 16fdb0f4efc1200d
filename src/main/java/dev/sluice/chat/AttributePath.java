package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;

/// How filters name a part of each element: `"name"`, `"a.b"`, `0`.
///
/// @param parts keys from the outermost; none for the element itself
record AttributePath(List<Object> parts) {
    static AttributePath of(Object attribute) {
        if (attribute == None.NONE) {
            return new AttributePath(List.of());
        }
        if (!Types.isText(attribute)) {
            return new AttributePath(List.of(attribute));
        }
        List<Object> parts = new ArrayList<>();
        for (String part : Types.text(attribute).split("\\.", -1)) {
            boolean number =
                    !part.isEmpty()
                            && part.length() < 10
                            && part.codePoints().allMatch(c -> c >= '0' && c <= '9');
            parts.add(number ? (Object) Long.valueOf(part) : part);
        }
        return new AttributePath(parts);
    }

    Object of(Render render, Object item) {
        return of(render, item, None.NONE);
    }

    /// @param otherwise what takes the place of what is missing; None for nothing
    Object of(Render render, Object item, Object otherwise) {
        Object value = item;
        for (Object part : parts) {
            render.step();
            value = Access.item(value, part);
            if (otherwise != None.NONE && value instanceof Undefined) {
                value = otherwise;
            }
        }
        return value;
    }
}
