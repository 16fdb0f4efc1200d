package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;

/// What a device drew against what the host drew: the same tokens and ranks, values within
/// rounding.
final class DrawAssert {
    private static final double TOLERANCE = 3e-6;

    private DrawAssert() {}

    /// @param actual may tell of fewer of the most likely tokens
    static void assertSame(Draw actual, Draw expected) {
        assertThat(actual.token()).isEqualTo(expected.token());
        assertSame(actual.logprobs(), expected.logprobs());
    }

    /// @param actual may tell of fewer of the most likely tokens
    static void assertSame(List<TokenLogprobs> actual, List<TokenLogprobs> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            assertSame(actual.get(i).chosen(), expected.get(i).chosen());
            List<TokenLogprob> top = actual.get(i).top();
            assertThat(top).hasSizeLessThanOrEqualTo(expected.get(i).top().size());
            for (int k = 0; k < top.size(); k++) {
                assertSame(top.get(k), expected.get(i).top().get(k));
            }
        }
    }

    private static void assertSame(TokenLogprob actual, TokenLogprob expected) {
        assertThat(actual.tokenId()).isEqualTo(expected.tokenId());
        assertThat(actual.rank()).isEqualTo(expected.rank());
        assertThat((double) actual.logprob())
                .isCloseTo(
                        expected.logprob(),
                        within(TOLERANCE * Math.max(1, Math.abs(expected.logprob()))));
    }
}
