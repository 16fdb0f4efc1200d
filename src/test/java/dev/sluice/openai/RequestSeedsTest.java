package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

final class RequestSeedsTest {

    private static List<Long> seeds(OptionalLong process) {
        RequestSeeds seeds = RequestSeeds.of(process);
        return Stream.generate(seeds::next).limit(100).toList();
    }

    @Test
    void areTheSameForTheSameProcessSeed() {
        assertThat(seeds(OptionalLong.of(7))).isEqualTo(seeds(OptionalLong.of(7)));
        assertThat(seeds(OptionalLong.of(7))).isNotEqualTo(seeds(OptionalLong.of(8)));
    }

    @Test
    void differFromEachOther() {
        assertThat(seeds(OptionalLong.of(0))).doesNotHaveDuplicates();
    }

    @Test
    void areOthersAtEachStartWithoutAProcessSeed() {
        assertThat(seeds(OptionalLong.empty())).isNotEqualTo(seeds(OptionalLong.empty()));
    }
}
