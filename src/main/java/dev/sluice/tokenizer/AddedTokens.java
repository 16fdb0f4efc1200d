package dev.sluice.tokenizer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Tokens that are cut out of a text before anything else is done with it: leftmost first, of those
/// that begin together the longest. Immutable.
final class AddedTokens {
    private static final int NONE = -1;

    private final List<AddedToken> tokens;
    private final Node root = new Node();
    private final boolean[] starts = new boolean[128];
    private boolean startsBeyond;

    /// Receives the parts of a text in order.
    interface Parts {
        /// Text between tokens.
        void text(int from, int to);

        /// A token.
        void token(int id);
    }

    /// A node of the trie of texts; of equal texts the last token counts.
    private static final class Node {
        private final Map<Character, Node> children = new HashMap<>(4);
        private int token = NONE;
    }

    private AddedTokens(List<AddedToken> tokens) {
        this.tokens = List.copyOf(tokens);
        for (int i = 0; i < tokens.size(); i++) {
            if (!tokens.get(i).text().isEmpty()) {
                add(tokens.get(i).text(), i);
            }
        }
    }

    private void add(String text, int token) {
        Node node = root;
        for (int i = 0; i < text.length(); i++) {
            node = node.children.computeIfAbsent(text.charAt(i), c -> new Node());
        }
        node.token = token;
        if (text.charAt(0) < starts.length) {
            starts[text.charAt(0)] = true;
        } else {
            startsBeyond = true;
        }
    }

    static AddedTokens of(List<AddedToken> tokens) {
        return new AddedTokens(tokens);
    }

    /// End of the longest token that begins at a position, or that position.
    int longestEnd(String text, int from, int to) {
        int token = longest(text, from, to);
        return token == NONE ? from : from + tokens.get(token).text().length();
    }

    private int longest(String text, int from, int to) {
        char start = text.charAt(from);
        if (start < starts.length ? !starts[start] : !startsBeyond) {
            return NONE;
        }
        int best = NONE;
        Node node = root;
        for (int i = from; i < to; i++) {
            Node child = node.children.get(text.charAt(i));
            if (child == null) {
                break;
            }
            node = child;
            best = node.token == NONE ? best : node.token;
        }
        return best;
    }

    /// Cuts a part of a text. What is not found because of a token's conditions stays text, and the
    /// search goes on behind it.
    void cut(String text, int from, int to, Parts parts) {
        int start = from;
        for (int i = from; i < to; ) {
            int found = longest(text, i, to);
            if (found == NONE) {
                i++;
                continue;
            }
            AddedToken token = tokens.get(found);
            int end = i + token.text().length();
            if (!token.singleWord() || standsAlone(text, i, end, from, to)) {
                int before = token.takesBefore() ? spaceBefore(text, i, start) : i;
                if (start < before) {
                    parts.text(start, before);
                }
                parts.token(token.id());
                start = token.takesAfter() ? spaceAfter(text, end, to) : end;
            }
            i = end;
        }
        if (start < to) {
            parts.text(start, to);
        }
    }

    private static boolean standsAlone(String text, int start, int end, int from, int to) {
        return (start == from || !Characters.isWord(text.codePointBefore(start)))
                && (end == to || !Characters.isWord(text.codePointAt(end)));
    }

    private static int spaceBefore(String text, int end, int from) {
        int start = end;
        while (start > from && Characters.isSpace(text.charAt(start - 1))) {
            start--;
        }
        return start;
    }

    private static int spaceAfter(String text, int start, int to) {
        int end = start;
        while (end < to && Characters.isSpace(text.charAt(end))) {
            end++;
        }
        return end;
    }
}
