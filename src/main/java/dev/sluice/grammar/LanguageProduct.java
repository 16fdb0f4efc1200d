package dev.sluice.grammar;

import java.util.Arrays;

/// Two languages whose texts are read by both automata at once: what belongs to the one, the other
/// or both.
///
/// @param left state 0 is its start, as is that of the right one
record LanguageProduct(TextLanguage left, TextLanguage right) {
    private static final int[] NO_EDGES = {};

    /// Whether a text belongs, by whether it belongs to either language.
    interface Accepting {
        boolean of(boolean left, boolean right);
    }

    /// Whether all texts of the left one belong to the right one.
    boolean isWithin() throws GrammarException {
        StatePairs pairs = new StatePairs();
        pairs.number(0, 0);
        // From every state some text can be completed: what leads out of the right one begins a
        // text that it does not have.
        for (int i = 0; i < pairs.size(); i++) {
            TextLanguage.checkSize(i);
            int a = pairs.first(i);
            int b = pairs.second(i);
            if (left.accepts(a) && !right.accepts(b)) {
                return false;
            }
            for (int border : borders(a, b)) {
                int nextA = left.next(a, border);
                int nextB = right.next(b, border);
                if (nextA != TextLanguage.DEAD && nextB == TextLanguage.DEAD) {
                    return false;
                }
                if (nextA != TextLanguage.DEAD) {
                    pairs.number(nextA, nextB);
                }
            }
        }
        return true;
    }

    /// The texts of which it is true.
    ///
    /// @param accepting does not hold for texts of neither
    TextLanguage where(Accepting accepting) throws GrammarException {
        StatePairs pairs = new StatePairs();
        TextLanguage.Builder builder = new TextLanguage.Builder();
        boolean keepsLeft = accepting.of(true, false);
        boolean keepsRight = accepting.of(false, true);
        pairs.number(0, 0);
        for (int i = 0; i < pairs.size(); i++) {
            TextLanguage.checkSize(i);
            int a = pairs.first(i);
            int b = pairs.second(i);
            builder.state(
                    accepting.of(
                            a != TextLanguage.DEAD && left.accepts(a),
                            b != TextLanguage.DEAD && right.accepts(b)));
            int[] borders = borders(a, b);
            for (int k = 0; k + 1 < borders.length; k++) {
                int nextA = left.next(a, borders[k]);
                int nextB = right.next(b, borders[k]);
                boolean live =
                        (nextA != TextLanguage.DEAD && nextB != TextLanguage.DEAD)
                                || (nextA != TextLanguage.DEAD && keepsLeft)
                                || (nextB != TextLanguage.DEAD && keepsRight);
                if (live) {
                    builder.edge(i, borders[k], borders[k + 1] - 1, pairs.number(nextA, nextB));
                }
            }
        }
        return builder.build();
    }

    /// Where edges of either state begin or have ended, ascending.
    private int[] borders(int a, int b) {
        int[] ofLeft = a == TextLanguage.DEAD ? NO_EDGES : left.edges(a);
        int[] ofRight = b == TextLanguage.DEAD ? NO_EDGES : right.edges(b);
        int[] borders = new int[2 * (ofLeft.length + ofRight.length) / 3];
        int n = addBorders(ofLeft, borders, 0);
        n = addBorders(ofRight, borders, n);
        Arrays.sort(borders);
        int distinct = 0;
        for (int i = 0; i < n; i++) {
            if (distinct == 0 || borders[i] != borders[distinct - 1]) {
                borders[distinct++] = borders[i];
            }
        }
        return distinct == n ? borders : Arrays.copyOf(borders, distinct);
    }

    private static int addBorders(int[] out, int[] borders, int from) {
        int n = from;
        for (int i = 0; i < out.length; i += 3) {
            borders[n++] = out[i];
            borders[n++] = out[i + 1] + 1;
        }
        return n;
    }
}
