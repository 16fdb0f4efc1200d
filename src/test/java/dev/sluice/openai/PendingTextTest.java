package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PendingTextTest {
    private final PendingText text = new PendingText();

    @Test
    void givesEachPieceAsItCame() {
        String piece = "piece";
        text.append(piece);

        assertThat(text.length()).isEqualTo(5);
        assertThat(text.take()).isSameAs(piece);
        assertThat(text.length()).isZero();
        assertThat(text.take()).isEmpty();
    }

    @Test
    void givesSeveralPiecesInOrder() {
        for (String piece : new String[] {"", "a", "", "bc", "", "d", "e"}) {
            text.append(piece);
        }

        assertThat(text.length()).isEqualTo(5);
        assertThat(text.take()).isEqualTo("abcde");
        assertThat(text.take()).isEmpty();
    }

    @Test
    void beginsAnewAfterEachTake() {
        text.append("a");
        text.append("b");
        text.take();
        text.append("c");

        assertThat(text.take()).isEqualTo("c");
    }
}
