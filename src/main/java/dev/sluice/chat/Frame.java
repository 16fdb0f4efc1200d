package dev.sluice.chat;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/// The variables of one running function.
final class Frame {
    private final Render render;
    private final @Nullable Frame outer;
    private final Object[] slots;

    /// @param outer frame of the function that this one was defined in
    Frame(Render render, @Nullable Frame outer, int size) {
        this.render = render;
        this.outer = outer;
        render.produce(2L * size);
        slots = new Object[size];
        Arrays.fill(slots, Missing.MISSING);
    }

    Render render() {
        return render;
    }

    /// The frame so many functions further out.
    Frame outer(int distance) {
        Frame frame = this;
        for (int i = 0; i < distance; i++) {
            if (frame.outer == null) {
                throw new IllegalStateException("no function encloses the template");
            }
            frame = frame.outer;
        }
        return frame;
    }

    Object get(int index) {
        return slots[index];
    }

    void set(int index, Object value) {
        slots[index] = value;
    }
}
