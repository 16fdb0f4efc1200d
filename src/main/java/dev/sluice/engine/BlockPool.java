package dev.sluice.engine;

import java.util.BitSet;
import java.util.List;

/// Which KV blocks are free and which are taken. Integers only: the memory is the cache's.
///
/// Taking and giving back are O(1). Low numbers go first and a block given back goes next, so that
/// little memory is touched. Call only on the engine thread.
final class BlockPool {
    private final int[] free;
    private final BitSet taken;
    private int numFree;

    /// Makes a pool of the blocks `[0, numBlocks)`, all free.
    BlockPool(int numBlocks) {
        this.free = new int[numBlocks];
        this.taken = new BitSet(numBlocks);
        this.numFree = numBlocks;
        for (int i = 0; i < numBlocks; i++) {
            free[i] = numBlocks - 1 - i;
        }
    }

    /// Blocks in all.
    int total() {
        return free.length;
    }

    /// Blocks that can be taken.
    int numFree() {
        return numFree;
    }

    /// Takes a block.
    ///
    /// @throws IllegalStateException if none is free
    int take() {
        if (numFree == 0) {
            throw new IllegalStateException("no block is free");
        }
        int block = free[--numFree];
        taken.set(block);
        return block;
    }

    /// Gives a block back.
    ///
    /// @throws IllegalStateException if the block is free already
    void give(int block) {
        if (!taken.get(block)) {
            throw new IllegalStateException("block " + block + " was not taken");
        }
        taken.clear(block);
        free[numFree++] = block;
    }

    /// Checks that free and taken blocks add up and that every taken block has exactly one holder.
    ///
    /// @throws IllegalStateException if the book is wrong
    void checkIntegrity(List<Sequence> holders) {
        BitSet held = new BitSet(free.length);
        int count = 0;
        for (Sequence sequence : holders) {
            for (int i = 0; i < sequence.numBlocks(); i++) {
                held.set(sequence.blockTable()[i]);
                count++;
            }
        }
        if (count != held.cardinality()
                || !held.equals(taken)
                || numFree + taken.cardinality() != free.length) {
            throw new IllegalStateException(
                    "blocks: %d free + %d taken of %d; %d held, %d of them once"
                            .formatted(
                                    numFree,
                                    taken.cardinality(),
                                    free.length,
                                    count,
                                    held.cardinality()));
        }
    }
}
