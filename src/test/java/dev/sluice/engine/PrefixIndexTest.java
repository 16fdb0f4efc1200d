package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrefixIndexTest {
    private static final int NONE = PrefixIndex.NONE;

    /// An index of one block has two places, so that half of all salts lead to the block.
    @Test
    void aBlockIsFoundWithItsOwnSaltOnly() {
        int[] tokens = {1, 2};
        PrefixIndex index = new PrefixIndex(1, 2);
        index.put(0, NONE, "salt", tokens, 0);

        assertThat(index.find(NONE, "salt", tokens, 0)).isZero();
        for (int i = 0; i < 64; i++) {
            assertThat(index.find(NONE, "salt" + i, tokens, 0)).as("salt%d", i).isEqualTo(NONE);
        }
    }

    @Test
    void theTokensOfManyBlocksAreKeptApart() {
        int numBlocks = 2_100;
        int[] tokens = new int[2 * numBlocks];
        PrefixIndex index = new PrefixIndex(numBlocks, 2);
        for (int block = 0; block < numBlocks; block++) {
            tokens[2 * block] = block;
            index.put(block, NONE, "", tokens, 2 * block);
        }

        for (int block = 0; block < numBlocks; block++) {
            assertThat(index.find(NONE, "", tokens, 2 * block)).isEqualTo(block);
        }
    }
}
