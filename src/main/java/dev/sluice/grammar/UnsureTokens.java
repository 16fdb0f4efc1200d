package dev.sluice.grammar;

import java.util.Arrays;

/// Tokens of a tree for which it matters what lies below: whole subtrees, and the nodes on the way
/// to them. Immutable.
final class UnsureTokens {
    private final TokenTrie trie;

    /// In the order of the tree; of subtrees the complement of their root.
    private final int[] nodes;

    private UnsureTokens(TokenTrie trie, int[] nodes) {
        this.trie = trie;
        this.nodes = nodes;
    }

    TokenTrie trie() {
        return trie;
    }

    int size() {
        return nodes.length;
    }

    /// The node of an entry.
    int node(int i) {
        return nodes[i] < 0 ? ~nodes[i] : nodes[i];
    }

    /// Whether an entry stands for its whole subtree.
    boolean isWhole(int i) {
        return nodes[i] < 0;
    }

    /// Collects subtrees while a tree is walked.
    static final class Collector {
        private int[] nodes = new int[64];
        private int size;
        private final int[] path = new int[TokenTrie.MAX_TOKEN_BYTES + 1];
        private final int[] taken = new int[TokenTrie.MAX_TOKEN_BYTES + 1];

        void clear() {
            size = 0;
            Arrays.fill(taken, -1);
        }

        /// A node that the walk goes through.
        void enter(int depth, int node) {
            path[depth] = node;
        }

        /// A subtree that the walk leaves out.
        void take(int depth, int root) {
            for (int d = 1; d < depth; d++) {
                if (taken[d] != path[d]) {
                    taken[d] = path[d];
                    add(path[d]);
                }
            }
            add(~root);
        }

        private void add(int entry) {
            if (size == nodes.length) {
                nodes = Arrays.copyOf(nodes, 2 * size);
            }
            nodes[size++] = entry;
        }

        UnsureTokens of(TokenTrie trie) {
            return new UnsureTokens(trie, Arrays.copyOf(nodes, size));
        }
    }
}
