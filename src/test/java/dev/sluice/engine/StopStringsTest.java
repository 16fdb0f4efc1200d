package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.List;

class StopStringsTest {
    @ParameterizedTest
    @CsvSource({"a,ab", "ab,a"})
    void ofMatchesThatStartTogetherTheShortestWins(String first, String second) {
        StopStrings stops = new StopStrings(List.of(first, second), true);

        assertThat(stops.accept("xab")).isEqualTo("xa");
        assertThat(stops.matched()).isTrue();
    }

    @Test
    void aMatchWithinWhatCameTooEarlyDoesNotCountLater() {
        StopStrings stops = new StopStrings(List.of("abcd", "bc"), false);

        assertThat(stops.pass("abc")).isEmpty();
        assertThat(stops.accept("x")).isEqualTo("abcx");
        assertThat(stops.matched()).isFalse();
    }
}
