package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ArchitectureTest {
    @Test
    void roomsAreHere() {
        assertThat(getClass().getPackageName()).isEqualTo("dev.sluice");
    }
}
