package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.DraftCounts;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.List;

class SpeculationWriterTest {
    private static String written(DraftCounts counts) {
        JsonWriter out = new JsonWriter(1);
        SpeculationWriter.write(out, counts);
        return new String(out.toBytes(), StandardCharsets.UTF_8);
    }

    /// Five passes with guesses: 4 of 5 first ones and 1 of 3 second ones were right.
    @Test
    void countsAndRatiosAreThoseOfTheGuesses() {
        assertThat(written(new DraftCounts(5, 10, List.of(5L, 3L), List.of(4L, 1L))))
                .isEqualTo(
                        "{\"accepted_tokens\":5,\"rejected_tokens\":3,\"accept_ratio\":0.625,"
                                + "\"average_accept_length\":2.0,\"accepted_tokens_per_head\":[4,1],"
                                + "\"accept_ratio_per_head\":[0.8,0.33333334]}");
    }

    @Test
    void nothingGuessedHasNoRatios() {
        assertThat(written(DraftCounts.NONE))
                .isEqualTo(
                        "{\"accepted_tokens\":0,\"rejected_tokens\":0,\"accept_ratio\":0.0,"
                                + "\"average_accept_length\":0.0,\"accepted_tokens_per_head\":[],"
                                + "\"accept_ratio_per_head\":[]}");
    }
}
