package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;

import java.util.Comparator;
import java.util.List;
import java.util.function.IntConsumer;

/// Finds those of many bad words that one more token would complete.
///
/// Words are sorted by what must stand before their last id, read from its end, so that the ids of
/// an output, read from its end as well, lead to those concerned. It takes time for these, and for
/// the longest of the others, whatever their number.
final class BadWords {
    /// The order that [#forEachNext] needs.
    static final Comparator<TokenIds> ORDER = BadWords::compare;

    private BadWords() {}

    /// Names the ids that would complete a word.
    ///
    /// @param words sorted, none empty
    /// @param from where the output begins among the tokens
    /// @param to where it ends
    static void forEachNext(
            List<TokenIds> words, int[] tokens, int from, int to, IntConsumer action) {
        int low = 0;
        int high = words.size();
        for (int depth = 0; low < high; depth++) {
            // Of all that agree with the output this far, those that ask for no more come first.
            while (low < high && words.get(low).size() - 1 == depth) {
                action.accept(words.get(low++).get(depth));
            }
            if (depth == to - from) {
                return;
            }
            int token = tokens[to - 1 - depth];
            low = firstFrom(words, low, high, depth, token);
            high =
                    token == Integer.MAX_VALUE
                            ? high
                            : firstFrom(words, low, high, depth, token + 1);
        }
    }

    /// The first word whose id at a distance from the last one is at least some id.
    private static int firstFrom(List<TokenIds> words, int low, int high, int depth, int id) {
        int from = low;
        int to = high;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (before(words.get(middle), depth) < id) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    private static int before(TokenIds word, int depth) {
        return word.get(word.size() - 2 - depth);
    }

    private static int compare(TokenIds a, TokenIds b) {
        int both = Math.min(a.size(), b.size()) - 1;
        for (int depth = 0; depth < both; depth++) {
            int order = Integer.compare(before(a, depth), before(b, depth));
            if (order != 0) {
                return order;
            }
        }
        return a.size() != b.size() || a.size() == 0
                ? Integer.compare(a.size(), b.size())
                : Integer.compare(a.get(both), b.get(both));
    }
}
