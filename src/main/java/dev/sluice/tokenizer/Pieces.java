package dev.sluice.tokenizer;

import java.util.Arrays;

/// A text and the parts of it that are looked at separately, in order. Parts are never empty. For
/// one thread.
final class Pieces {
    private final String text;
    private final boolean first;
    private int[] bounds;
    private int count;

    /// No parts yet.
    ///
    /// @param first whether the text is the beginning of all that is encoded
    Pieces(String text, boolean first, int expected) {
        this.text = text;
        this.first = first;
        this.bounds = new int[2 * Math.max(4, expected)];
    }

    /// One part of a text.
    static Pieces whole(String text, int from, int to, boolean first) {
        Pieces pieces = new Pieces(text, first, 1);
        pieces.add(from, to);
        return pieces;
    }

    /// The same text, for parts that are to be cut anew.
    Pieces recut() {
        int covered = count == 0 ? 0 : to(count - 1) - from(0);
        return new Pieces(text, first, (covered >> 2) + 4);
    }

    void add(int from, int to) {
        if (from == to) {
            return;
        }
        if (2 * count == bounds.length) {
            bounds = Arrays.copyOf(bounds, bounds.length * 2);
        }
        bounds[2 * count] = from;
        bounds[2 * count + 1] = to;
        count++;
    }

    String text() {
        return text;
    }

    boolean first() {
        return first;
    }

    int count() {
        return count;
    }

    int from(int piece) {
        return bounds[2 * piece];
    }

    int to(int piece) {
        return bounds[2 * piece + 1];
    }
}
