package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

final class ForwardBatchTest {
    private static int[] first(MemorySegment ints, int count) {
        return ints.asSlice(0, 4L * count).toArray(ValueLayout.JAVA_INT);
    }

    @Test
    void paddingBelongsToNoSequenceAndHasRowsOfLogits() {
        try (ForwardBatch batch = new ForwardBatch(4, 4, 1, 16)) {
            batch.add(new int[] {7, 8, 9}, 2, 3, new int[] {5}, 1, true);

            batch.padTo(4);

            assertThat(batch.numTokens()).isEqualTo(4);
            assertThat(batch.numSequences()).isEqualTo(1);
            assertThat(first(batch.tokenIds(), 4)).containsExactly(9, 0, 0, 0);
            assertThat(first(batch.positions(), 4)).containsExactly(2, 0, 0, 0);
            assertThat(first(batch.sequenceOfToken(), 4)).containsExactly(0, -1, -1, -1);
            assertThat(first(batch.seqStarts(), 2)).containsExactly(0, 1);
            assertThat(batch.numLogitRows()).isEqualTo(4);
            assertThat(first(batch.logitRows(), 4)).containsExactly(0, 1, 2, 3);
        }
    }

    @Test
    void paddingToFewerTokensThanThereAreChangesNothing() {
        try (ForwardBatch batch = new ForwardBatch(4, 4, 1, 16)) {
            batch.add(new int[3], 0, 3, new int[1], 1, true);
            long version = batch.version();

            batch.padTo(2);

            assertThat(batch.numTokens()).isEqualTo(3);
            assertThat(batch.version()).isEqualTo(version);
        }
    }

    @Test
    void paddingBeyondTheRoomIsRefused() {
        try (ForwardBatch batch = new ForwardBatch(4, 4, 1, 16)) {
            assertThatThrownBy(() -> batch.padTo(5))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no room for 5 tokens");
        }
    }

    @Test
    void everyChangeIsANewVersion() {
        try (ForwardBatch batch = new ForwardBatch(4, 4, 1, 16)) {
            long empty = batch.version();
            batch.add(new int[3], 0, 1, new int[1], 1, false);
            long added = batch.version();
            batch.addLogitRow(0);
            long asked = batch.version();
            batch.padTo(2);
            long padded = batch.version();
            batch.clear();

            assertThat(new long[] {empty, added, asked, padded, batch.version()})
                    .doesNotHaveDuplicates();
        }
    }
}
