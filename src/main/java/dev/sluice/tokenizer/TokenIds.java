package dev.sluice.tokenizer;

import java.util.Arrays;

/// An immutable list of token ids.
public final class TokenIds {
    /// No ids.
    public static final TokenIds EMPTY = new TokenIds(new int[0]);

    private final int[] ids;

    private TokenIds(int[] ids) {
        this.ids = ids;
    }

    /// Copies the ids.
    public static TokenIds of(int... ids) {
        return ids.length == 0 ? EMPTY : new TokenIds(ids.clone());
    }

    /// A single id.
    public static TokenIds of(int id) {
        return new TokenIds(new int[] {id});
    }

    /// Copies the first `length` ids.
    public static TokenIds of(int[] ids, int length) {
        return length == 0 ? EMPTY : new TokenIds(Arrays.copyOf(ids, length));
    }

    /// Number of ids.
    public int size() {
        return ids.length;
    }

    /// Id at an index.
    public int get(int index) {
        return ids[index];
    }

    /// A copy as an array.
    public int[] toArray() {
        return ids.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenIds that && Arrays.equals(ids, that.ids);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
        return Arrays.toString(ids);
    }
}
