package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

import java.util.OptionalDouble;

/// A step reads 100 MB at 10 GB/s: 10 ms. A token computes 0.8 GFLOP in the layers and 0.2 in the
/// head at 100 GFLOP/s: 10 ms too.
final class RooflineTest {
    private static final Roofline ROOF =
            new Roofline(10e9, OptionalDouble.of(100e9), 100_000_000, 0.8e9, 0.2e9);

    @Test
    void decodingIsBoundByReadingThenByArithmetic() {
        Roofline fast = new Roofline(10e9, OptionalDouble.of(800e9), 100_000_000, 0.8e9, 0.2e9);

        assertThat(fast.decodeTokensPerSecond(1)).isCloseTo(100, within(1e-9));
        assertThat(fast.decodeTokensPerSecond(8)).isCloseTo(800, within(1e-9));
        assertThat(fast.decodeTokensPerSecond(32)).isCloseTo(800, within(1e-9));
    }

    @Test
    void aPromptComputesItsHeadOnceAndReadsTheWeightsOnceAStep() {
        assertThat(ROOF.promptSeconds(10, 512).orElseThrow()).isCloseTo(0.082, within(1e-9));
        assertThat(ROOF.promptSeconds(10, 1).orElseThrow()).isCloseTo(0.1, within(1e-9));
    }

    @Test
    void withoutAPeakOnlyReadingBounds() {
        Roofline unknown = new Roofline(10e9, OptionalDouble.empty(), 100_000_000, 0.8e9, 0.2e9);

        assertThat(unknown.decodeTokensPerSecond(32)).isCloseTo(3200, within(1e-9));
        assertThat(unknown.promptSeconds(10, 512)).isEmpty();
    }

    @Test
    void countsTheBlocksThatSequencesFill() {
        assertThat(EngineMeter.decodeBlocks(32, 16, 64, 64)).isEqualTo(64);
        assertThat(EngineMeter.decodeBlocks(2, 16, 49, 64)).isEqualTo(2);
    }
}
