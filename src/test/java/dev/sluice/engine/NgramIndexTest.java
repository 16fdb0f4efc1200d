package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

class NgramIndexTest {
    private final NgramIndex index = new NgramIndex();

    private int[] copied(int[] tokens, int count) {
        int[] into = new int[count];
        index.copy(tokens, tokens.length, into, count);
        return into;
    }

    @Test
    void nothingIsFoundWhereNoTwoTokensRecur() {
        for (int length = 0; length <= 6; length++) {
            assertThat(index.find(new int[] {1, 2, 3, 4, 2, 5}, length)).isFalse();
        }
    }

    @Test
    void theLatestPlaceIsTaken() {
        int[] tokens = {1, 2, 30, 1, 2, 40, 1, 2};

        assertThat(index.find(tokens, tokens.length)).isTrue();
        assertThat(index.matched()).isEqualTo(2);
        assertThat(copied(tokens, 1)).containsExactly(40);
    }

    @Test
    void aLongerMatchGoesBeforeALaterOne() {
        int[] tokens = {7, 1, 2, 30, 9, 1, 2, 40, 7, 1, 2};

        assertThat(index.find(tokens, tokens.length)).isTrue();
        assertThat(index.matched()).isEqualTo(3);
        assertThat(copied(tokens, 2)).containsExactly(30, 9);
    }

    @Test
    void theEndGoesOnWithWhatWasCopied() {
        int[] tokens = {1, 2, 3, 1, 2, 3, 1, 2};

        assertThat(index.find(tokens, tokens.length)).isTrue();
        assertThat(copied(tokens, 7)).containsExactly(3, 1, 2, 3, 1, 2, 3);
    }

    static LongStream seeds() {
        return LongStream.range(0, 30);
    }

    /// Token by token or from time to time: what is found is there, and as long as it says.
    @ParameterizedTest
    @MethodSource("seeds")
    void whatIsFoundWasThereBefore(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int[] tokens = random.ints(600, 0, 4).toArray();
        int found = 0;

        for (int length = 1; length <= tokens.length; length += random.nextInt(1, 12)) {
            if (index.find(tokens, length)) {
                found++;
                int matched = index.matched();
                int[] last = Arrays.copyOfRange(tokens, length - matched, length);
                int[] into = new int[1];
                index.copy(tokens, length, into, 1);
                assertThat(matched).isGreaterThanOrEqualTo(2);
                assertThat(isFollowed(Arrays.copyOf(tokens, length), last, into[0])).isTrue();
            }
        }

        assertThat(found).isPositive();
    }

    private static boolean isFollowed(int[] text, int[] part, int by) {
        for (int at = 0; at + part.length < text.length; at++) {
            if (Arrays.equals(text, at, at + part.length, part, 0, part.length)
                    && text[at + part.length] == by) {
                return true;
            }
        }
        return false;
    }

    /// Tables grow with the text and are filled anew.
    @Test
    void aPlaceFarBackIsFoundInALongText() {
        int[] tokens = new SplittableRandom(5).ints(20_000, 100, 50_000).toArray();
        for (int i = 0; i < 8; i++) {
            tokens[40 + i] = i;
            tokens[tokens.length - 8 + i] = i;
        }
        tokens[48] = 77;
        index.find(tokens, 60);

        assertThat(index.find(tokens, tokens.length)).isTrue();
        assertThat(index.matched()).isEqualTo(8);
        assertThat(copied(tokens, 1)).containsExactly(77);
    }
}
