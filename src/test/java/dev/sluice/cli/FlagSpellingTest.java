package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class FlagSpellingTest {

    @Test
    void writesTheNamesOfFlagsWithDashes() {
        assertThat(FlagSpelling.withDashes("serve", "--max_model_len", "8", "--lm_head-fp32"))
                .containsExactly("serve", "--max-model-len", "8", "--lm-head-fp32");
    }

    @Test
    void leavesValuesAlone() {
        assertThat(FlagSpelling.withDashes("--served_model_name=my_model", "-p", "a_b"))
                .containsExactly("--served-model-name=my_model", "-p", "a_b");
    }

    @Test
    void leavesWhatFollowsTheEndOfFlagsAlone() {
        assertThat(FlagSpelling.withDashes("--", "--a_b")).containsExactly("--", "--a_b");
    }
}
