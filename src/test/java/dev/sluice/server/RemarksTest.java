package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

class RemarksTest {
    @Test
    void aHeaderHoldsPrintableTextOnly() {
        assertThat(Remarks.value(List.of("format a", "b\r\nc", "ü")))
                .isEqualTo("format a; b\\u000d\\u000ac; \\u00fc");
    }

    @Test
    void whatIsTooLongIsCut() {
        assertThat(Remarks.value(List.of("x".repeat(5000)))).hasSize(2051).endsWith("x...");
    }
}
