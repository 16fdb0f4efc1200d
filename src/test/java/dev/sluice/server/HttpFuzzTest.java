package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.fuzz.HttpFuzz;

import org.junit.jupiter.api.Test;

/// A short part of `bench/fuzz`.
class HttpFuzzTest {
    @Test
    void noRequestHarmsTheServer() {
        try (HttpFuzz fuzz = new HttpFuzz(7)) {
            fuzz.run(1500);

            assertThat(fuzz.faults()).isEmpty();
            assertThat(fuzz.statuses()).containsKeys(200, 400);
        }
    }
}
