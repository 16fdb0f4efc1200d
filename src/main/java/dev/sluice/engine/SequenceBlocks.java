package dev.sluice.engine;

/// Gives sequences their blocks: empty ones, and those that hold the beginning of their tokens
/// already. Call only on the engine thread.
final class SequenceBlocks {
    private final BlockPool pool;
    private final int blockSize;

    SequenceBlocks(BlockPool pool, int blockSize) {
        this.pool = pool;
        this.blockSize = blockSize;
    }

    /// Blocks that can be taken.
    int numFree() {
        return pool.numFree();
    }

    /// Blocks that a sequence lacks for all its tokens.
    int missing(Sequence sequence) {
        return Math.ceilDiv(sequence.length(), blockSize) - sequence.numBlocks();
    }

    /// Takes the blocks that a sequence lacks for all its tokens; so many are free.
    void take(Sequence sequence) {
        take(sequence, sequence.length());
    }

    /// Takes the blocks that a sequence lacks for so many tokens; so many are free.
    void take(Sequence sequence, int numTokens) {
        while (sequence.numBlocks() < Math.ceilDiv(numTokens, blockSize)) {
            sequence.addBlock(pool.take());
        }
    }

    /// Gives those blocks back that a sequence does not need for its tokens.
    void trim(Sequence sequence) {
        while (missing(sequence) < 0) {
            pool.give(sequence.removeLastBlock());
        }
    }

    /// Gives all blocks of a sequence back, the last one first.
    void giveBack(Sequence sequence) {
        for (int i = sequence.numBlocks() - 1; i >= 0; i--) {
            pool.give(sequence.blockTable()[i]);
        }
        sequence.forgetBlocks();
    }

    /// Whether a sequence without blocks could have all it needs and leave `spare` free.
    boolean suffice(Sequence sequence, int spare) {
        int needed = missing(sequence) + spare;
        if (needed <= pool.numFree()) {
            return true;
        }
        int block = BlockPool.NONE;
        for (int i = 0; i < reusable(sequence) && needed > pool.numFree(); i++) {
            block = find(sequence, i, block);
            if (block == BlockPool.NONE || !pool.isHeld(block)) {
                // What nobody holds is among the free ones, and so are all that follow it.
                return false;
            }
            needed--;
        }
        return needed <= pool.numFree();
    }

    /// Lets a sequence go on behind the tokens that are in the cache already, computed by itself
    /// earlier or by others. The last token is always computed, and so are those whose likelihood
    /// the request wants.
    void reuse(Sequence sequence) {
        if (sequence.numComputed() % blockSize != 0) {
            return;
        }
        for (int i = sequence.numComputed() / blockSize; i < reusable(sequence); i++) {
            int block = find(sequence, i, i == 0 ? BlockPool.NONE : sequence.blockTable()[i - 1]);
            if (block == BlockPool.NONE) {
                return;
            }
            pool.hold(block);
            if (i < sequence.numBlocks()) {
                pool.give(sequence.blockTable()[i]);
                sequence.setBlock(i, block, blockSize);
            } else {
                sequence.addBlock(block);
            }
            sequence.reused(blockSize);
            sequence.published(i + 1);
        }
    }

    private int reusable(Sequence sequence) {
        return sequence.mayReuse() / blockSize;
    }

    private int find(Sequence sequence, int index, int parent) {
        return pool.find(parent, sequence.cacheSalt(), sequence.tokens(), index * blockSize);
    }

    /// Lets others find the blocks that a sequence has filled: call once the step that did so has
    /// succeeded and [Sequence#numComputed()] says so.
    void publish(Sequence sequence) {
        for (int i = sequence.numPublished(); (i + 1) * blockSize <= sequence.numComputed(); i++) {
            int parent = i == 0 ? BlockPool.NONE : sequence.blockTable()[i - 1];
            int own = sequence.blockTable()[i];
            int block =
                    pool.publish(
                            own, parent, sequence.cacheSalt(), sequence.tokens(), i * blockSize);
            sequence.setBlock(i, block, blockSize);
            sequence.published(i + 1);
        }
    }
}
