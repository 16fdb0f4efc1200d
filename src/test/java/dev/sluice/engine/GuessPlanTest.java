package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.List;

/// How guesses are shared out, with costs as they were measured.
class GuessPlanTest {
    private static final int MOST = 4;

    private final DraftCosts costs = new DraftCosts();

    /// Steps take 100 and 1 more for each token, passes so many.
    private GuessPlan plan(Proposer proposer, long pass, int sequences) {
        for (int tokens = 1; tokens <= 40; tokens++) {
            costs.computed(tokens, 100 + tokens);
        }
        for (int n = 1; n <= 8; n++) {
            costs.proposed(1, n, 0, pass);
        }
        GuessPlan plan = new GuessPlan(costs, proposer, MOST);
        plan.begin(sequences, 32);
        return plan;
    }

    private static GuessPlan.Candidate candidate(double acceptance, int missing) {
        return new GuessPlan.Candidate(Requests.sequence("a", 8, 1000), acceptance, 999, missing);
    }

    /// Passes without a model behind them.
    private record Passes() implements Proposer {
        @Override
        public int strength(Sequence sequence) {
            return 0;
        }

        @Override
        public int missing(Sequence sequence) {
            return 0;
        }

        @Override
        public int propose(List<Sequence> sequences, int[] counts, List<Sequence> behind) {
            return 0;
        }

        @Override
        public int passes(int guesses) {
            return guesses;
        }

        @Override
        public void close() {}
    }

    @Test
    void passesThatNoSequencePaysAlonePayForAll() {
        GuessPlan alone = plan(new Passes(), 45, 8);
        alone.add(candidate(0.6, 0));
        GuessPlan together = plan(new Passes(), 45, 8);
        for (int i = 0; i < 8; i++) {
            together.add(candidate(0.6, 0));
        }

        assertThat(alone.choose()).isEmpty();
        assertThat(together.choose())
                .hasSize(8)
                .allSatisfy(share -> assertThat(share.guesses()).isPositive());
    }

    @Test
    void betterGuessersGetTheirShareFirst() {
        GuessPlan plan = plan(new Passes(), 2, 2);
        plan.begin(2, 5);
        plan.add(candidate(0.3, 0));
        plan.add(candidate(0.9, 0));

        List<GuessPlan.Share> shares = plan.choose();

        assertThat(shares.getFirst().candidate().acceptance()).isEqualTo(0.9);
        assertThat(shares.getFirst().guesses()).isEqualTo(MOST);
        assertThat(shares.stream().mapToInt(GuessPlan.Share::guesses).sum()).isEqualTo(5);
    }

    @Test
    void textThatWinsItsReadingBackIsRead() {
        costs.proposed(0, 0, 10, 10 * 20);
        GuessPlan plan = plan(new Passes(), 10, 1);
        plan.add(candidate(0.8, 60));

        assertThat(plan.choose()).isEmpty();
        assertThat(plan.readers()).hasSize(1);
    }

    @Test
    void textThatDoesNotWinItsReadingBackIsNotRead() {
        costs.proposed(0, 0, 10, 10 * 200);
        GuessPlan plan = plan(new Passes(), 10, 1);
        plan.add(candidate(0.8, 60));

        assertThat(plan.choose()).isEmpty();
        assertThat(plan.readers()).isEmpty();
    }

    @Test
    void whileNobodyKnowsWhatReadingTakesOneTextIsRead() {
        GuessPlan plan = plan(new Passes(), 10, 4);
        for (int i = 0; i < 4; i++) {
            plan.add(candidate(0.8, 20));
        }

        assertThat(plan.choose()).isEmpty();
        assertThat(plan.readers()).hasSize(1);
    }

    @Test
    void guessesWithoutPassesStandEachForItself() {
        GuessPlan plan = plan(new NgramProposer(), 0, 2);
        plan.add(candidate(0.9, 0));
        plan.add(candidate(0.001, 0));

        assertThat(plan.choose())
                .singleElement()
                .satisfies(share -> {
                    assertThat(share.candidate().acceptance()).isEqualTo(0.9);
                    assertThat(share.guesses()).isEqualTo(MOST);
                });
    }
}
