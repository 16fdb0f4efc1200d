package dev.sluice.grammar;

import java.util.List;

/// A kind of text that grammars often allow in any length, and whose tokens are therefore known
/// beforehand. Immutable.
final class TextClass {
    /// Names and numbers.
    static final TextClass WORD =
            new TextClass(
                    "word",
                    0,
                    CodePoints.ofCharacters("-._")
                            .union(CodePoints.ofRanges('0', '9', 'A', 'Z', 'a', 'z')),
                    false);

    /// ASCII that needs no escape in JSON, but for white space and what parts of addresses are
    /// separated by.
    static final TextClass DENSE =
            new TextClass(
                    "dense",
                    1,
                    CodePoints.range(0x21, 0x7E).minus(CodePoints.ofCharacters("\"\\:@,;")),
                    false);

    /// What a JSON string may hold without an escape.
    static final TextClass PLAIN = new TextClass("plain", 2, CodePoints.PLAIN, false);

    /// The inside of a JSON string, with all escapes.
    static final TextClass JSON = new TextClass("json", 3, CodePoints.ANY, true);

    /// Wider ones come later.
    static final List<TextClass> ALL = List.of(WORD, DENSE, PLAIN, JSON);

    private final String name;
    private final int index;
    private final CodePoints set;
    private final boolean escapes;

    private TextClass(String name, int index, CodePoints set, boolean escapes) {
        this.name = name;
        this.index = index;
        this.set = set;
        this.escapes = escapes;
    }

    /// In [#ALL].
    int index() {
        return index;
    }

    CodePoints set() {
        return set;
    }

    /// Whether every character may also be written as an escape.
    boolean escapes() {
        return escapes;
    }

    /// How many characters a token has, an unfinished one at its end counted; -1 if it is not
    /// wholly of this kind.
    int length(byte[] token) {
        int count = 0;
        int partial = Partial.NONE;
        for (byte b : token) {
            int result =
                    escapes ? Partial.json(partial, b & 0xFF) : Partial.text(partial, b & 0xFF);
            if (result == Partial.INVALID || (result >= 0 && !set.contains(result))) {
                return -1;
            }
            partial = Partial.isPartial(result) ? result : Partial.NONE;
            count += result >= 0 ? 1 : 0;
        }
        if (partial == Partial.NONE) {
            return count > 0 ? count : -1;
        }
        return Partial.mayBecome(partial, set) ? count + 1 : -1;
    }

    @Override
    public String toString() {
        return name;
    }
}
