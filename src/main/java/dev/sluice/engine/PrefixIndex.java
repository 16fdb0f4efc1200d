package dev.sluice.engine;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;

/// Which blocks hold which tokens, so that keys and values can be found again.
///
/// A block is known by all that its keys and values depend on: the block before it, which stands
/// for everything earlier, its own token ids, and at the beginning of a text the salt that keeps
/// requests apart. A hash only leads to it; what counts is that all of these are equal. Its seed is
/// random, so that nobody can choose prompts that meet in one place.
///
/// A block must be taken out after those that follow it. Memory is sized by the number of blocks,
/// plus 4 bytes for each token of the blocks that were ever entered. Everything is O(blockSize).
final class PrefixIndex {
    /// No block.
    static final int NONE = -1;

    private static final int PAGE = 1024;
    private static final int[] NO_PAGE = {};

    private final int blockSize;
    private final long seed = ThreadLocalRandom.current().nextLong();
    private final int[] buckets;
    private final int[] nextInBucket;
    private final int[] bucketOf;
    private final int[] parents;
    private final String[] salts;
    private final int[][] pages;
    private int size;

    PrefixIndex(int numBlocks, int blockSize) {
        this.blockSize = blockSize;
        this.buckets = new int[Integer.highestOneBit(Math.max(1, numBlocks)) << 1];
        this.nextInBucket = new int[numBlocks];
        this.bucketOf = new int[numBlocks];
        this.parents = new int[numBlocks];
        this.salts = new String[numBlocks];
        this.pages = new int[Math.ceilDiv(numBlocks, PAGE)][];
        Arrays.fill(buckets, NONE);
        Arrays.fill(bucketOf, NONE);
        Arrays.fill(salts, "");
        Arrays.fill(pages, NO_PAGE);
    }

    /// Blocks that can be found.
    int size() {
        return size;
    }

    /// Whether a block can be found.
    boolean holds(int block) {
        return bucketOf[block] != NONE;
    }

    /// The block before one that can be found, or [#NONE].
    int parentOf(int block) {
        return parents[block];
    }

    /// The block with these tokens, or [#NONE].
    ///
    /// @param parent the block before, or [#NONE] at the beginning
    /// @param salt counts at the beginning only
    /// @param tokens the block's tokens are those in `[from, from + blockSize)`
    int find(int parent, String salt, int[] tokens, int from) {
        int block = buckets[bucket(parent, salt, tokens, from)];
        while (block != NONE && !isSame(block, parent, salt, tokens, from)) {
            block = nextInBucket[block];
        }
        return block;
    }

    private boolean isSame(int block, int parent, String salt, int[] tokens, int from) {
        int at = offset(block);
        return parents[block] == parent
                && Arrays.equals(
                        pages[block / PAGE], at, at + blockSize, tokens, from, from + blockSize)
                && (parent != NONE || salts[block].equals(salt));
    }

    /// Enters a block that is not there, with tokens that are not there.
    void put(int block, int parent, String salt, int[] tokens, int from) {
        if (pages[block / PAGE].length == 0) {
            pages[block / PAGE] = new int[PAGE * blockSize];
        }
        System.arraycopy(tokens, from, pages[block / PAGE], offset(block), blockSize);
        int bucket = bucket(parent, salt, tokens, from);
        parents[block] = parent;
        salts[block] = parent == NONE ? salt : "";
        bucketOf[block] = bucket;
        nextInBucket[block] = buckets[bucket];
        buckets[bucket] = block;
        size++;
    }

    /// Takes a block out that is there.
    void remove(int block) {
        int bucket = bucketOf[block];
        int next = nextInBucket[block];
        if (buckets[bucket] == block) {
            buckets[bucket] = next;
        } else {
            int before = buckets[bucket];
            while (nextInBucket[before] != block) {
                before = nextInBucket[before];
            }
            nextInBucket[before] = next;
        }
        bucketOf[block] = NONE;
        salts[block] = "";
        size--;
    }

    private int offset(int block) {
        return block % PAGE * blockSize;
    }

    private int bucket(int parent, String salt, int[] tokens, int from) {
        long hash = mix(seed + parent);
        if (parent == NONE) {
            hash = mix(hash + salt.hashCode());
        }
        for (int i = from; i < from + blockSize; i++) {
            hash = mix(hash + tokens[i]);
        }
        return (int) hash & buckets.length - 1;
    }

    /// @see "Stafford 2011, variant 13 of the finalizer of MurmurHash3"
    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
        return b ^ (b >>> 31);
    }
}
