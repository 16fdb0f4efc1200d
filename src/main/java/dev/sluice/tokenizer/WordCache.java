package dev.sluice.tokenizer;

import java.util.Arrays;

/// Ids of words seen lately. Each word has one place, which the next word of that place takes over:
/// bounded, without locks, for any number of threads.
///
/// Entries are immutable, so a racing reader sees a whole entry or none.
final class WordCache {
    /// Longer words are not kept.
    static final int LONGEST = 32;

    private static final int PLACES = 1 << 15;
    private static final int SPREAD = 0x9E3779B9;
    private static final Entry EMPTY = new Entry("", new int[0]);

    private final Entry[] entries = new Entry[PLACES];

    private static final class Entry {
        private final String word;
        private final int[] ids;

        Entry(String word, int[] ids) {
            this.word = word;
            this.ids = ids;
        }
    }

    WordCache() {
        Arrays.fill(entries, EMPTY);
    }

    /// Appends the ids of a word if they are known.
    boolean append(String text, int from, int to, int hash, IntList out) {
        Entry entry = entries[place(hash)];
        if (entry.word.length() != to - from || !text.startsWith(entry.word, from)) {
            return false;
        }
        out.addAll(entry.ids);
        return true;
    }

    void put(String word, int hash, int[] ids) {
        entries[place(hash)] = new Entry(word, ids);
    }

    private static int place(int hash) {
        return (hash * SPREAD) >>> 17;
    }
}
