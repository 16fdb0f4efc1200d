package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.StatsSnapshot;
import dev.sluice.engine.StatsSnapshot.Distribution;
import dev.sluice.engine.StatsSnapshot.PrefixCounts;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Optional;

final class ThroughputLogTest {
    private static final Distribution NOTHING = new Distribution(List.of(), List.of(0L), 0);
    private static final PrefixCounts NO_PREFIXES = new PrefixCounts(true, 0, 0, 0, 0, 0);

    @Test
    void saysTokensASecondSinceTheLastTime() {
        StatsSnapshot before = snapshot(100, 50, 0, 0);
        StatsSnapshot now = snapshot(1100, 350, 3, 2);

        assertThat(ThroughputLog.line(before, now, 10))
                .hasValue(
                        "prompt_tokens_per_s=100.0 generated_tokens_per_s=30.0 running=3 waiting=2"
                                + " kv_used=25% preemptions=0");
    }

    @Test
    void saysNothingWhenNothingHappened() {
        StatsSnapshot idle = snapshot(100, 50, 0, 0);

        assertThat(ThroughputLog.line(idle, idle, 10)).isEmpty();
    }

    @Test
    void speaksWhileARequestWaitsForItsFirstToken() {
        StatsSnapshot before = snapshot(100, 50, 0, 0);

        assertThat(ThroughputLog.line(before, snapshot(100, 50, 1, 0), 10)).isPresent();
    }

    private static StatsSnapshot snapshot(long prompt, long generated, int running, int waiting) {
        return new StatsSnapshot(
                9,
                9,
                0,
                0,
                0,
                9,
                prompt,
                generated,
                running,
                waiting,
                4,
                8,
                6,
                NO_PREFIXES,
                NOTHING,
                NOTHING,
                NOTHING,
                NOTHING,
                NOTHING,
                NOTHING,
                NOTHING,
                NOTHING,
                NOTHING,
                NOTHING,
                Optional.empty());
    }
}
