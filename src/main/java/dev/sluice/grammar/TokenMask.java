package dev.sluice.grammar;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What is known about the next token at one place of a grammar: the tokens that may come whatever
/// lies below, and those for which it matters. Immutable.
final class TokenMask {
    private final Form form;

    /// Ids, or a bit mask of 32 tokens a word.
    private final int[] data;

    private final UnsureTokens unsure;

    private TokenMask(Form form, int[] data, UnsureTokens unsure) {
        this.form = form;
        this.data = data;
        this.unsure = unsure;
    }

    /// Tokens that run past the rule at the base.
    UnsureTokens unsure() {
        return unsure;
    }

    /// The smallest of three forms is kept.
    enum Form {
        ALLOWED,
        FORBIDDEN,
        WORDS
    }

    static TokenMask of(int[] words, int size, UnsureTokens unsure) {
        int allowed = 0;
        for (int word : words) {
            allowed += Integer.bitCount(word);
        }
        if (allowed <= words.length) {
            return new TokenMask(Form.ALLOWED, ids(words, size, true, allowed), unsure);
        }
        if (size - allowed <= words.length) {
            return new TokenMask(Form.FORBIDDEN, ids(words, size, false, size - allowed), unsure);
        }
        return new TokenMask(Form.WORDS, words, unsure);
    }

    private static int[] ids(int[] words, int size, boolean set, int count) {
        int[] ids = new int[count];
        int n = 0;
        for (int i = 0; i < words.length; i++) {
            int bits = set ? words[i] : ~words[i];
            if (i == words.length - 1 && (size & 31) != 0) {
                bits &= (1 << size) - 1;
            }
            for (; bits != 0; bits &= bits - 1) {
                ids[n++] = 32 * i + Integer.numberOfTrailingZeros(bits);
            }
        }
        return ids;
    }

    /// Writes the known part.
    ///
    /// @param row int32, one bit a token, as wide as the vocabulary or wider
    /// @param size tokens of the vocabulary; bits past them become 0
    void write(MemorySegment row, int size) {
        switch (form) {
            case ALLOWED -> {
                row.fill((byte) 0);
                for (int id : data) {
                    allow(row, id);
                }
            }
            case FORBIDDEN -> {
                row.fill((byte) 0);
                int whole = size >> 5;
                row.asSlice(0, 4L * whole).fill((byte) -1);
                if ((size & 31) != 0) {
                    row.setAtIndex(ValueLayout.JAVA_INT, whole, (1 << size) - 1);
                }
                for (int id : data) {
                    int word = row.getAtIndex(ValueLayout.JAVA_INT, id >> 5);
                    row.setAtIndex(ValueLayout.JAVA_INT, id >> 5, word & ~(1 << id));
                }
            }
            case WORDS -> {
                MemorySegment.copy(data, 0, row, ValueLayout.JAVA_INT, 0, data.length);
                long used = 4L * data.length;
                row.asSlice(used).fill((byte) 0);
            }
        }
    }

    static void allow(MemorySegment row, int id) {
        int word = row.getAtIndex(ValueLayout.JAVA_INT, id >> 5);
        row.setAtIndex(ValueLayout.JAVA_INT, id >> 5, word | 1 << id);
    }

    long bytes() {
        return 48 + 4L * data.length + 4L * unsure.size();
    }
}
