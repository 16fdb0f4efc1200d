package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.Penalties;
import dev.sluice.engine.SamplingParams;
import dev.sluice.openai.SamplingDefaults;

import org.junit.jupiter.api.Test;

import java.util.OptionalInt;

final class SamplingFlagsTest {
    @Test
    void takesAllThatTheModelRecommendsWhereNothingIsSaid() {
        SamplingDefaults defaults =
                new SamplingDefaults(0.7f, 0.8f, OptionalInt.of(20), 0.1f, 1.3f);

        SamplingParams params = new SamplingFlags().params(defaults);

        assertThat(params)
                .isEqualTo(
                        new SamplingParams(
                                0.7f,
                                0.8f,
                                OptionalInt.of(20),
                                0.1f,
                                params.seed(),
                                new Penalties(1.3f, 0, 0)));
    }
}
