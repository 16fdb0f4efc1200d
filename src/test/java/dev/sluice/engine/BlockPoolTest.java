package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

class BlockPoolTest {

    @Test
    void handsOutLowNumbersFirstAndWhatCameBackNext() {
        BlockPool pool = new BlockPool(4);

        assertThat(List.of(pool.take(), pool.take(), pool.take())).containsExactly(0, 1, 2);
        pool.give(1);

        assertThat(pool.take()).isEqualTo(1);
        assertThat(pool.numFree()).isEqualTo(1);
    }

    @Test
    void refusesToTakeWhatIsNotThere() {
        BlockPool pool = new BlockPool(1);
        pool.take();

        assertThatThrownBy(pool::take).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void refusesABlockThatWasGivenBackTwice() {
        BlockPool pool = new BlockPool(2);
        int block = pool.take();
        pool.give(block);

        assertThatThrownBy(() -> pool.give(block)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void noticesALostBlock() {
        BlockPool pool = new BlockPool(2);
        pool.take();

        assertThatThrownBy(() -> pool.checkIntegrity(List.of()))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void noticesABlockWithTwoHolders() {
        BlockPool pool = new BlockPool(2);
        Sequence first = Requests.sequence("a", 1, 1);
        Sequence second = Requests.sequence("b", 1, 1);
        int block = pool.take();
        first.addBlock(block);
        second.addBlock(block);

        assertThatThrownBy(() -> pool.checkIntegrity(List.of(first, second)))
                .isInstanceOf(IllegalStateException.class);
    }

    private static final int NONE = BlockPool.NONE;

    /// Two tokens a block.
    private static int publish(BlockPool pool, int parent, int... tokens) {
        return pool.publish(pool.take(), parent, "", tokens, 0);
    }

    @Test
    void findsWhatWasPublishedByItsTokensAndThoseBefore() {
        BlockPool pool = new BlockPool(4, 2);
        int first = publish(pool, NONE, 1, 2);
        int second = publish(pool, first, 3, 4);

        assertThat(pool.find(NONE, "", new int[] {9, 1, 2}, 1)).isEqualTo(first);
        assertThat(pool.find(first, "", new int[] {3, 4}, 0)).isEqualTo(second);
        assertThat(pool.find(NONE, "", new int[] {3, 4}, 0)).isEqualTo(NONE);
        assertThat(pool.find(NONE, "", new int[] {1, 3}, 0)).isEqualTo(NONE);
        assertThat(pool.find(NONE, "salt", new int[] {1, 2}, 0)).isEqualTo(NONE);
        assertThat(new BlockPool(4).find(NONE, "", new int[] {1, 2}, 0)).isEqualTo(NONE);
    }

    @Test
    void isFreeOnlyWhenTheLastHolderGaveItBackAndIsFoundStill() {
        BlockPool pool = new BlockPool(4, 2);
        int block = publish(pool, NONE, 1, 2);
        pool.hold(block);

        pool.give(block);
        assertThat(pool.numFree()).isEqualTo(3);
        pool.give(block);

        assertThat(pool.numFree()).isEqualTo(4);
        assertThat(pool.numReusable()).isEqualTo(1);
        assertThat(pool.find(NONE, "", new int[] {1, 2}, 0)).isEqualTo(block);
        assertThatThrownBy(() -> pool.give(block)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void theSameTokensAreKeptOnce() {
        BlockPool pool = new BlockPool(4, 2);
        int first = publish(pool, NONE, 1, 2);

        assertThat(publish(pool, NONE, 1, 2)).isEqualTo(first);
        assertThat(pool.numFree()).isEqualTo(3);
    }

    @Test
    void evictsWhatWasUsedLongestAgoAndLeavesBeforeWhatTheyFollow() {
        BlockPool pool = new BlockPool(4, 2);
        int root = publish(pool, NONE, 1, 2);
        int leaf = publish(pool, root, 3, 4);
        int other = publish(pool, NONE, 5, 6);
        int unfinished = pool.take();
        for (int block : new int[] {leaf, root, other, unfinished}) {
            pool.give(block);
        }
        pool.hold(root);
        pool.give(root);

        assertThat(List.of(pool.take(), pool.take(), pool.take(), pool.take()))
                .containsExactly(unfinished, leaf, other, root);
        assertThat(pool.find(NONE, "", new int[] {1, 2}, 0)).isEqualTo(NONE);
    }

    @Test
    void noticesASharedBlockThatNobodyCanFind() {
        BlockPool pool = new BlockPool(2, 2);
        Sequence first = Requests.sequence("a", 1, 1);
        Sequence second = Requests.sequence("b", 1, 1);
        int block = pool.take();
        pool.hold(block);
        first.addBlock(block);
        second.addBlock(block);

        assertThatThrownBy(() -> pool.checkIntegrity(List.of(first, second)))
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void noticesABlockThatIsHeldWithoutTheOneBefore() {
        BlockPool pool = new BlockPool(2, 2);
        int root = publish(pool, NONE, 1, 2);
        Sequence sequence = Requests.sequence("a", 4, 1);
        sequence.addBlock(publish(pool, root, 3, 4));
        pool.give(root);

        assertThatThrownBy(() -> pool.checkIntegrity(List.of(sequence)))
                .isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void neverHandsOutABlockTwice(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        BlockPool pool = new BlockPool(random.nextInt(1, 40));
        List<Integer> held = new ArrayList<>();

        for (int i = 0; i < 2_000; i++) {
            if (pool.numFree() > 0 && random.nextInt(5) < 3) {
                int block = pool.take();
                assertThat(held).doesNotContain(block);
                held.add(block);
            } else if (!held.isEmpty()) {
                Collections.swap(held, random.nextInt(held.size()), held.size() - 1);
                pool.give(held.removeLast());
            }
            assertThat(pool.numFree() + held.size()).isEqualTo(pool.total());
        }

        held.forEach(pool::give);
        List<Integer> all = IntStream.range(0, pool.total()).map(_ -> pool.take()).boxed().toList();
        assertThat(all).doesNotHaveDuplicates();
    }
}
