package dev.sluice.engine;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Which KV blocks are free, which are held and by how many, and which tokens the full ones hold.
/// Integers only: the memory is the cache's.
///
/// A block that was published can be found by its tokens and held by several sequences at once;
/// nobody writes into it again. When its last holder gives it back it stays findable until its
/// place is needed, the one that was used longest ago first. Whoever holds a block holds the blocks
/// before it too and gives them back from the last to the first, so that nothing is evicted before
/// what follows it.
///
/// Taking and giving back are O(1), finding is O(tokens of a block); nothing is allocated but pages
/// of token ids as more blocks come into use. Of the blocks without tokens low numbers go first and
/// one given back goes next, so that little memory is touched. Call only on the engine thread.
final class BlockPool {
    /// No block.
    static final int NONE = PrefixIndex.NONE;

    private final int[] holders;
    private final int[] free;
    private final Optional<PrefixIndex> index;

    /// Neighbours in the ring of blocks that nobody holds and that can be found, from the one that
    /// was used longest ago. The place behind the last block is the ring's beginning and end.
    private final int[] older;

    private final int[] newer;
    private int numEmpty;
    private int numReusable;

    /// Makes a pool of the blocks `[0, numBlocks)`, all free, none of which can be found again.
    BlockPool(int numBlocks) {
        this(numBlocks, Optional.empty());
    }

    /// Makes a pool of the blocks `[0, numBlocks)`, all free, whose tokens are found again.
    BlockPool(int numBlocks, int blockSize) {
        this(numBlocks, Optional.of(new PrefixIndex(numBlocks, blockSize)));
    }

    private BlockPool(int numBlocks, Optional<PrefixIndex> index) {
        this.index = index;
        this.holders = new int[numBlocks];
        this.free = new int[numBlocks];
        this.older = new int[index.isPresent() ? numBlocks + 1 : 0];
        this.newer = new int[older.length];
        this.numEmpty = numBlocks;
        for (int i = 0; i < numBlocks; i++) {
            free[i] = numBlocks - 1 - i;
        }
        if (index.isPresent()) {
            older[numBlocks] = numBlocks;
            newer[numBlocks] = numBlocks;
        }
    }

    /// Blocks in all.
    int total() {
        return free.length;
    }

    /// Blocks that can be taken: nobody holds them.
    int numFree() {
        return numEmpty + numReusable;
    }

    /// Blocks that can be taken and still hold tokens that can be found.
    int numReusable() {
        return numReusable;
    }

    /// Whether a block is held by anybody.
    boolean isHeld(int block) {
        return holders[block] > 0;
    }

    /// Takes a block, for the caller alone.
    ///
    /// @throws IllegalStateException if none is free
    int take() {
        int block;
        if (numEmpty > 0) {
            block = free[--numEmpty];
        } else if (numReusable > 0) {
            block = newer[total()];
            unlink(block);
            index.orElseThrow().remove(block);
        } else {
            throw new IllegalStateException("no block is free");
        }
        holders[block] = 1;
        return block;
    }

    /// Holds a block that was found.
    void hold(int block) {
        if (holders[block]++ == 0) {
            unlink(block);
        }
    }

    /// Gives a block back.
    ///
    /// @throws IllegalStateException if nobody holds it
    void give(int block) {
        if (holders[block] == 0) {
            throw new IllegalStateException("block " + block + " was not taken");
        }
        if (--holders[block] > 0) {
            return;
        }
        if (index.isPresent() && index.get().holds(block)) {
            link(block);
        } else {
            free[numEmpty++] = block;
        }
    }

    /// The block that holds these tokens, or [#NONE]. It is not held by that.
    ///
    /// @param parent the block with the tokens before, which the caller holds or has just found;
    ///   [#NONE] at the beginning
    /// @param salt keeps texts apart that begin alike
    /// @param tokens the block's are those in `[from, from + blockSize)`
    int find(int parent, String salt, int[] tokens, int from) {
        return index.isPresent() ? index.get().find(parent, salt, tokens, from) : NONE;
    }

    /// Lets others find a block of the caller's that is full and won't be written again.
    ///
    /// @param parent the block with the tokens before, published and held by the caller; [#NONE] at
    ///   the beginning
    /// @return the block that the caller holds from now on: the same, or another one that was
    ///   published with these tokens before, for which this one was given back
    int publish(int block, int parent, String salt, int[] tokens, int from) {
        if (index.isEmpty()) {
            return block;
        }
        int known = index.get().find(parent, salt, tokens, from);
        if (known == NONE) {
            index.get().put(block, parent, salt, tokens, from);
            return block;
        }
        hold(known);
        give(block);
        return known;
    }

    private void link(int block) {
        int end = total();
        older[block] = older[end];
        newer[block] = end;
        newer[older[end]] = block;
        older[end] = block;
        numReusable++;
    }

    private void unlink(int block) {
        newer[older[block]] = newer[block];
        older[newer[block]] = older[block];
        numReusable--;
    }

    /// Checks that every block is free, reusable or held by as many as it says, once each.
    ///
    /// @throws IllegalStateException if the book is wrong
    void checkIntegrity(List<Sequence> sequences) {
        int[] counts = new int[total()];
        for (Sequence sequence : sequences) {
            for (int i = 0; i < sequence.numBlocks(); i++) {
                counts[sequence.blockTable()[i]]++;
            }
        }
        if (!Arrays.equals(counts, holders)) {
            throw new IllegalStateException(
                    "blocks are held %s times, but should be %s times"
                            .formatted(Arrays.toString(counts), Arrays.toString(holders)));
        }
        int[] places = new int[total()];
        for (int i = 0; i < numEmpty; i++) {
            places[free[i]]++;
        }
        int findable = countReusable(places);
        for (int block = 0; block < total(); block++) {
            boolean isFindable = isFindable(block);
            findable += isFindable && isHeld(block) ? 1 : 0;
            if (places[block] != (isHeld(block) ? 0 : 1)
                    || (counts[block] > 1 && !isFindable)
                    || (isFindable && isOrphan(block))) {
                throw new IllegalStateException(
                        "block %d: held %d times, free in %d places, findable %s"
                                .formatted(block, counts[block], places[block], isFindable));
            }
        }
        if (findable != index.map(PrefixIndex::size).orElse(0)) {
            throw new IllegalStateException(findable + " blocks are findable, not as indexed");
        }
    }

    private int countReusable(int[] places) {
        int count = 0;
        if (index.isPresent()) {
            for (int at = newer[total()]; at != total(); at = newer[at]) {
                // Who is evicted next must not be waited for by another.
                int parent = index.get().parentOf(at);
                if (parent != NONE && places[parent] > 0) {
                    throw new IllegalStateException(
                            "block %d would go before %d, which follows it".formatted(parent, at));
                }
                places[at]++;
                count++;
            }
        }
        if (count != numReusable) {
            throw new IllegalStateException(count + " blocks are reusable, not " + numReusable);
        }
        return count;
    }

    private boolean isFindable(int block) {
        return index.isPresent() && index.get().holds(block);
    }

    /// Whether the block before a findable one is gone, or free while this one is held.
    private boolean isOrphan(int block) {
        int parent = index.orElseThrow().parentOf(block);
        return parent != NONE && (!isFindable(parent) || (isHeld(block) && !isHeld(parent)));
    }
}
