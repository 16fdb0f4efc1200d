package dev.sluice.engine;

/// Finds where the last tokens of a text were before: the latest place for the longest n-gram.
///
/// A table for each length of n-gram holds the latest end of each; two that fall into one slot oust
/// each other, so that some places are not found. Each token costs a few hashes and 32 to 64 bytes.
/// Not for use by several threads.
///
/// @see "Saxena 2023, Prompt lookup decoding"
final class NgramIndex {
    private static final int[] SIZES = {8, 4, 3, 2};
    private static final int SLOTS_PER_TOKEN = 2;
    private static final int MOST_COMPARED = 32;
    private static final int NOWHERE = 0;

    private int[][] tables = new int[SIZES.length][64];
    private int numIndexed;
    private int end = NOWHERE;
    private int matched;

    /// Looks the last tokens up.
    ///
    /// @param tokens valid below `length`; those of the last call are still there
    /// @return whether they were there before
    boolean find(int[] tokens, int length) {
        if (SLOTS_PER_TOKEN * length > tables[0].length) {
            tables = new int[SIZES.length][Integer.highestOneBit(SLOTS_PER_TOKEN * length) << 1];
            numIndexed = 0;
        }
        // The n-grams that end with the last token would find themselves.
        for (int to = numIndexed + 1; to < length; to++) {
            add(tokens, to);
        }
        numIndexed = Math.max(numIndexed, length - 1);
        end = NOWHERE;
        for (int i = 0; i < SIZES.length && end == NOWHERE; i++) {
            look(tables[i], SIZES[i], tokens, length);
        }
        return end != NOWHERE;
    }

    private void add(int[] tokens, int to) {
        for (int i = 0; i < SIZES.length; i++) {
            if (SIZES[i] <= to) {
                tables[i][slot(tokens, to, SIZES[i], tables[i].length)] = to;
            }
        }
    }

    private void look(int[] table, int size, int[] tokens, int length) {
        if (size > length) {
            return;
        }
        int place = table[slot(tokens, length, size, table.length)];
        int most = Math.min(place, MOST_COMPARED);
        int same = 0;
        while (same < most && tokens[place - 1 - same] == tokens[length - 1 - same]) {
            same++;
        }
        if (same >= size) {
            end = place;
            matched = same;
        }
    }

    private static int slot(int[] tokens, int to, int size, int numSlots) {
        int hash = size;
        for (int i = to - size; i < to; i++) {
            hash = (hash ^ tokens[i]) * 0x9e3779b1;
            hash ^= hash >>> 15;
        }
        return hash & (numSlots - 1);
    }

    /// How many of the last tokens were found, up to a limit.
    int matched() {
        return matched;
    }

    /// What followed at the place found; where the text ends, it goes on with what was copied.
    ///
    /// @param tokens as for [#find]
    /// @param into all of it is filled
    void copy(int[] tokens, int length, int[] into, int count) {
        for (int i = 0; i < count; i++) {
            int from = end + i;
            into[i] = from < length ? tokens[from] : into[from - length];
        }
    }
}
