package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Groups are negative where threads have to meet.
class RowPartsTest {
    private static final long A = 1 << 20;
    private static final long B = 2 << 20;

    private final RowParts parts = new RowParts();

    private long cut(int rows, long... tensors) {
        parts.of(rows);
        for (int i = 0; i < tensors.length; i += 3) {
            parts.with(tensors[i], tensors[i + 1], tensors[i + 2]);
        }
        return parts.cut(rows);
    }

    @Test
    void threadsMeetBeforeTheFirstAndGoOnWithTheSameRows() {
        assertThat(cut(32, A, 256, 256)).isEqualTo(-32);
        assertThat(cut(32, A, 256, 256, B, 512, 512)).isEqualTo(32);
        assertThat(cut(32, B, 512, 512)).isEqualTo(32);
    }

    @Test
    void theyMeetBeforeAndBehindAnOperationThatDoesNotFallIntoRows() {
        cut(32, A, 256, 256);

        assertThat(parts.of(32).with(B, 512, 512).uncut()).isZero();
        assertThat(cut(32, A, 256, 256)).isEqualTo(-32);
        assertThat(cut(32, A, 256, 256)).isEqualTo(32);
    }

    @Test
    void theyMeetBeforeMemoryIsCutInAnotherWay() {
        cut(32, A, 256, 256);
        assertThat(cut(32, A, 512, 512)).as("longer rows").isEqualTo(-32);
        assertThat(cut(16, A, 512, 512)).as("fewer rows").isEqualTo(-16);
        assertThat(cut(16, A + 512, 512, 512)).as("the rows behind the first").isEqualTo(-16);
        assertThat(cut(16, A, 512, 512, B, 64, 64)).as("and before").isEqualTo(-16);
        assertThat(cut(8, B + 1023, 64, 1)).as("the last byte").isEqualTo(-8);
        assertThat(cut(8, B + 1024 + 512, 64, 64)).as("what nobody uses").isEqualTo(8);
    }

    /// A row of one lies beside the same row of the other.
    @Test
    void columnsOfTheSameRowsAreCutAlike() {
        cut(32, A, 256, 256);
        assertThat(cut(32, A, 256, 64, A + 64, 256, 192)).isEqualTo(32);

        assertThat(cut(32, A + 64, 256, 256)).as("a row reaches into the next").isEqualTo(-32);
    }

    /// What is used again needs no more room.
    @Test
    void theyMeetWhereThereAreMoreTensorsThanItRemembers() {
        cut(4, A, 64, 64);
        for (int i = 1; i < 64; i++) {
            assertThat(cut(4, A, 64, 64, A + i * 256L, 64, 64)).isEqualTo(i < 63 ? 4 : -4);
        }
    }

    @Test
    void groupsAreThoseOfTheUnits() {
        cut(75, A, 256, 256);

        assertThat(parts.of(75).with(A, 256, 256).cut(6)).isEqualTo(6);
        assertThat(parts.of(30).with(A, 256, 256).cut(6)).isEqualTo(-6);
    }
}
