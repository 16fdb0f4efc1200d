package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Any text, up to the first place where one of some words ends. Each word leads on to a state of
/// its own. A word that leads nowhere must not come in the text, but one that does may begin like
/// it.
///
/// @see "Aho and Corasick 1975, Efficient string matching"
final class FreeText {
    private final GrammarBuilder builder;
    private final List<Node> nodes = new ArrayList<>();
    private final List<Word> words = new ArrayList<>();

    /// A word that leads on.
    private record Word(String text, int exit) {}

    /// What has been read of words that may be coming.
    private static final class Node {
        final Map<Integer, Integer> children = new TreeMap<>();
        final List<Integer> exits = new ArrayList<>(1);
        final String word;
        final int length;
        boolean isWord;
        int fallback;

        /// @param length of what has been read of a word
        Node(String word, int length) {
            this.word = word;
            this.length = length;
        }

        boolean begins(String other) {
            return other.regionMatches(0, word, 0, length);
        }
    }

    FreeText(GrammarBuilder builder) {
        this.builder = builder;
        nodes.add(new Node("", 0));
    }

    /// A word that leads on.
    ///
    /// @param word not empty
    /// @param exit the state behind it
    void word(String word, int exit) throws GrammarException {
        end(word).exits.add(exit);
        words.add(new Word(word, exit));
    }

    /// A word that the text must not have.
    void forbidden(String word) throws GrammarException {
        end(word).isWord = true;
    }

    private Node end(String word) throws GrammarException {
        if (word.isEmpty()) {
            throw GrammarException.malformed("an empty string can't be looked for in a text");
        }
        int at = 0;
        int length = 0;
        for (int c : word.codePoints().toArray()) {
            length += Character.charCount(c);
            Integer next = nodes.get(at).children.get(c);
            if (next == null) {
                next = nodes.size();
                nodes.add(new Node(word, length));
                nodes.get(at).children.put(c, next);
            }
            at = next;
        }
        nodes.get(at).isWord = true;
        return nodes.get(at);
    }

    /// Adds the text to a rule. Call it once.
    ///
    /// @param from where it begins
    /// @return the states in which it may end without a word
    List<Integer> add(int from) throws GrammarException {
        findFallbacks();
        int[] states = new int[nodes.size()];
        List<Integer> ends = new ArrayList<>();
        for (int i = 0; i < states.length; i++) {
            states[i] = builder.state();
            if (!nodes.get(i).isWord) {
                ends.add(states[i]);
            }
        }
        builder.epsilon(from, states[0]);
        for (int i = 0; i < states.length; i++) {
            Node node = nodes.get(i);
            for (int exit : node.exits) {
                builder.epsilon(states[i], exit);
            }
            if (!node.isWord) {
                addEdges(i, states);
            } else if (node.exits.isEmpty()) {
                finishWords(i, states[i]);
            }
        }
        return ends;
    }

    /// Behind a word that must not come, for it may have begun one that leads on: the text was over
    /// before it then, and only the rest of that may come.
    private void finishWords(int node, int from) throws GrammarException {
        for (int at = node; at != 0; at = nodes.get(at).fallback) {
            builder.checkTime();
            Node read = nodes.get(at);
            for (Word word : words) {
                if (read.begins(word.text())) {
                    String rest = word.text().substring(read.length);
                    builder.epsilon(builder.literal(from, rest, false), word.exit());
                }
            }
        }
    }

    /// Where a text goes on when the words that it seemed to begin do not come.
    private void findFallbacks() {
        Deque<Integer> work = new ArrayDeque<>(nodes.getFirst().children.values());
        while (!work.isEmpty()) {
            int at = work.remove();
            Node node = nodes.get(at);
            Node fallback = nodes.get(node.fallback);
            node.isWord |= fallback.isWord;
            node.exits.addAll(fallback.exits);
            node.children.forEach((c, child) -> {
                nodes.get(child).fallback = next(node.fallback, c);
                work.add(child);
            });
        }
    }

    private int next(int node, int c) {
        int at = node;
        while (true) {
            Integer child = nodes.get(at).children.get(c);
            if (child != null) {
                return child;
            }
            if (at == 0) {
                return 0;
            }
            at = nodes.get(at).fallback;
        }
    }

    private void addEdges(int node, int[] states) throws GrammarException {
        builder.checkTime();
        Set<Integer> letters = new HashSet<>();
        for (int at = node; ; at = nodes.get(at).fallback) {
            letters.addAll(nodes.get(at).children.keySet());
            if (at == 0) {
                break;
            }
        }
        Map<Integer, CodePoints> byTarget = new HashMap<>();
        CodePoints others = CodePoints.ANY;
        for (int c : letters) {
            CodePoints letter = CodePoints.of(c);
            byTarget.merge(next(node, c), letter, CodePoints::union);
            others = others.minus(letter);
        }
        byTarget.merge(0, others, CodePoints::union);
        byTarget.forEach((target, set) -> builder.text(states[node], set, states[target]));
    }
}
