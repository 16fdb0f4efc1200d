package dev.sluice.grammar;

import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;

/// The bytes of tokens as a prefix tree in depth-first order, in flat arrays: the children of a
/// node follow it, and `skip` is the first node behind its subtree. Immutable.
final class TokenTrie {
    static final int NO_TOKEN = -1;

    private static final int FEW_NODES = 1024;

    /// A longer token is left out: no grammar is worth its walk, and a text can be written with
    /// others.
    static final int MAX_TOKEN_BYTES = 1_000;

    final byte[] bytes;

    /// Depth of each node; children of the root have 1.
    final short[] depths;

    /// The lowest token that ends at each node, or [#NO_TOKEN].
    final int[] tokens;

    final int[] skips;

    /// For each token the next one with the same bytes, or [#NO_TOKEN].
    final int[] twins;

    final int longest;

    private TokenTrie(
            byte[] bytes, short[] depths, int[] tokens, int[] skips, int[] twins, int longest) {
        this.bytes = bytes;
        this.depths = depths;
        this.tokens = tokens;
        this.skips = skips;
        this.twins = twins;
        this.longest = longest;
    }

    int size() {
        return bytes.length;
    }

    /// Builds the tree of a vocabulary.
    ///
    /// @param bytesOf what each id stands for; ids with none are left out
    static TokenTrie of(byte[][] bytesOf) {
        int[] twins = new int[bytesOf.length];
        Arrays.fill(twins, NO_TOKEN);
        return new Builder(bytesOf, twins, FEW_NODES).build(sorted(bytesOf));
    }

    /// Builds trees of some of this tree's tokens, one after the other: from ids in the order of
    /// [#inOrder], of tokens with the same bytes the lowest only.
    Function<int[], TokenTrie> parts(byte[][] bytesOf) {
        return new Builder(bytesOf, twins, size())::build;
    }

    /// The tokens of this tree ordered by their bytes; of those with the same bytes the lowest
    /// only.
    int[] inOrder() {
        int count = 0;
        for (int id : tokens) {
            count += id == NO_TOKEN ? 0 : 1;
        }
        int[] order = new int[count];
        int next = 0;
        for (int id : tokens) {
            if (id != NO_TOKEN) {
                order[next++] = id;
            }
        }
        return order;
    }

    private static int[] sorted(byte[][] bytesOf) {
        Integer[] order =
                IntStream.range(0, bytesOf.length)
                        .filter(id -> bytesOf[id].length > 0)
                        .filter(id -> bytesOf[id].length <= MAX_TOKEN_BYTES)
                        .boxed()
                        .toArray(Integer[]::new);
        Arrays.sort(
                order,
                (a, b) -> {
                    int byBytes = Arrays.compareUnsigned(bytesOf[a], bytesOf[b]);
                    return byBytes != 0 ? byBytes : Integer.compare(a, b);
                });
        return Arrays.stream(order).mapToInt(Integer::intValue).toArray();
    }

    /// The tree while it grows; builds one after the other in the same memory.
    private static final class Builder {
        private final byte[][] bytesOf;
        private final int[] twins;
        private byte[] bytes;
        private short[] depths;
        private int[] tokens;
        private int[] skips;
        private int size;
        private int longest;
        private final int[] path = new int[MAX_TOKEN_BYTES + 1];

        Builder(byte[][] bytesOf, int[] twins, int capacity) {
            this.bytesOf = bytesOf;
            this.twins = twins;
            this.bytes = new byte[capacity];
            this.depths = new short[capacity];
            this.tokens = new int[capacity];
            this.skips = new int[capacity];
        }

        TokenTrie build(int[] ids) {
            size = 0;
            longest = 0;
            byte[] before = {};
            for (int id : ids) {
                byte[] token = bytesOf[id];
                int common = Arrays.mismatch(before, token);
                if (common < 0) {
                    int first = tokens[path[token.length]];
                    twins[id] = twins[first];
                    twins[first] = id;
                    continue;
                }
                close(before.length, common);
                for (int depth = common; depth < token.length; depth++) {
                    add(token[depth], depth + 1);
                }
                tokens[path[token.length]] = id;
                longest = Math.max(longest, token.length);
                before = token;
            }
            close(before.length, 0);
            return new TokenTrie(
                    Arrays.copyOf(bytes, size),
                    Arrays.copyOf(depths, size),
                    Arrays.copyOf(tokens, size),
                    Arrays.copyOf(skips, size),
                    twins,
                    longest);
        }

        /// Ends the nodes of the path that are deeper than `depth`.
        private void close(int from, int depth) {
            for (int d = from; d > depth; d--) {
                skips[path[d]] = size;
            }
        }

        private void add(byte value, int depth) {
            if (size == bytes.length) {
                int capacity = Math.max(FEW_NODES, size * 2);
                bytes = Arrays.copyOf(bytes, capacity);
                depths = Arrays.copyOf(depths, capacity);
                tokens = Arrays.copyOf(tokens, capacity);
                skips = Arrays.copyOf(skips, capacity);
            }
            bytes[size] = value;
            depths[size] = (short) depth;
            tokens[size] = NO_TOKEN;
            path[depth] = size++;
        }
    }
}
