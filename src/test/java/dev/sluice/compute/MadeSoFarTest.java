package dev.sluice.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class MadeSoFarTest {
    private final List<String> closed = new ArrayList<>();

    private static void fail() {
        throw new DeviceException("no more");
    }

    @Test
    void whatFailsClosesThePartsBeforeItTheLastFirst() {
        assertThatThrownBy(
                        () -> {
                            try (MadeSoFar made = new MadeSoFar()) {
                                made.keep("first", closed::add);
                                made.keep("second", closed::add);
                                fail();
                                made.complete();
                            }
                        })
                .hasMessage("no more");

        assertThat(closed).containsExactly("second", "first");
    }

    @Test
    void whatIsCompleteKeepsItsParts() {
        try (MadeSoFar made = new MadeSoFar()) {
            assertThat(made.keep("first", closed::add)).isEqualTo("first");
            made.complete();
        }

        assertThat(closed).isEmpty();
    }

    @Test
    void aPartThatFailsToCloseKeepsNoOtherOpen() {
        assertThatThrownBy(
                        () -> {
                            try (MadeSoFar made = new MadeSoFar()) {
                                made.keep("first", closed::add);
                                made.keep(
                                        "second",
                                        part -> {
                                            throw new IllegalStateException(part);
                                        });
                                fail();
                            }
                        })
                .hasMessage("no more")
                .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));

        assertThat(closed).containsExactly("first");
    }
}
