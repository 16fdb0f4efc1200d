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
