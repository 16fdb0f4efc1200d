package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

/// What has been read of an object's key: its characters, or what matters of them to a mask.
/// Immutable; a longer text shares the shorter one that it goes on from.
final class KeyText implements Memory {
    /// Before the first character.
    static final KeyText EMPTY = new KeyText(Kind.KNOWN);

    /// Something with which no earlier key of the object begins.
    static final KeyText NEW = new KeyText(Kind.NEW);

    /// Something that is no earlier key of the object, but with which one begins.
    static final KeyText BEGUN = new KeyText(Kind.BEGUN);

    /// Something of which nothing is known.
    static final KeyText UNKNOWN = new KeyText(Kind.UNKNOWN);

    /// The same in an object that has more than [#FEW] keys.
    static final KeyText UNKNOWN_OF_MANY = new KeyText(Kind.UNKNOWN_OF_MANY);

    static final int FEW = 1_000;

    private static final int BYTES = 32;

    private enum Kind {
        KNOWN,
        PASSING,
        NEW,
        BEGUN,
        UNKNOWN,
        UNKNOWN_OF_MANY
    }

    private final Kind kind;
    private final @Nullable KeyText before;
    private final int last;
    private final int length;
    private final int hash;

    private KeyText(Kind kind) {
        this.kind = kind;
        this.before = null;
        this.last = 0;
        this.length = 0;
        this.hash = 0;
    }

    private KeyText(Kind kind, KeyText same) {
        this.kind = kind;
        this.before = same.before;
        this.last = same.last;
        this.length = same.length;
        this.hash = same.hash;
    }

    private KeyText(Kind kind, KeyText before, int last) {
        this.kind = kind;
        this.before = before;
        this.last = last;
        this.length = before.length + 1;
        this.hash = 31 * before.hash + last;
    }

    /// The text behind another character.
    KeyText then(int character) {
        return switch (kind) {
            case KNOWN, PASSING -> new KeyText(kind, this, character);
            case NEW -> NEW;
            case BEGUN, UNKNOWN -> UNKNOWN;
            case UNKNOWN_OF_MANY -> UNKNOWN_OF_MANY;
        };
    }

    /// Whether it is a text, and not only what matters of one.
    boolean isKnown() {
        return kind == Kind.KNOWN || kind == Kind.PASSING;
    }

    /// This text for as long as it may become an earlier key: for walks of tokens, in which it does
    /// not matter what becomes of others.
    KeyText passing() {
        return kind == Kind.KNOWN ? new KeyText(Kind.PASSING, this) : this;
    }

    boolean isPassing() {
        return kind == Kind.PASSING;
    }

    /// Whether no earlier key is the same, whatever they are: [#NEW] or [#BEGUN].
    boolean isNew() {
        return kind == Kind.NEW || kind == Kind.BEGUN;
    }

    /// Whether it goes on to a key that is new, if so many may follow at least.
    boolean becomesNew(int keys) {
        return switch (kind) {
            case KNOWN, PASSING -> false;
            case NEW -> true;
            case BEGUN, UNKNOWN -> keys > FEW;
            case UNKNOWN_OF_MANY -> keys == KeysLeft.MANY;
        };
    }

    /// In code points.
    int length() {
        return length;
    }

    /// The characters, if they are known.
    String text() {
        int[] characters = new int[length];
        KeyText at = this;
        for (int i = length - 1; i >= 0 && at.before != null; i--) {
            characters[i] = at.last;
            at = at.before;
        }
        return new String(characters, 0, length);
    }

    @Override
    public int bytes() {
        return BYTES;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || (other instanceof KeyText text && kind == text.kind && isSame(text));
    }

    /// Texts mostly share where they come from, which ends the search.
    @SuppressWarnings("ReferenceEquality")
    private boolean isSame(KeyText other) {
        KeyText a = this;
        KeyText b = other;
        while (a != b) {
            if (a.hash != b.hash
                    || a.length != b.length
                    || a.last != b.last
                    || a.before == null
                    || b.before == null) {
                return false;
            }
            a = a.before;
            b = b.before;
        }
        return true;
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
