package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class StepCostsTest {
    @Test
    void whatWasNotMeasuredIsReadBetweenAndBeyondWhatWas() {
        StepCosts costs = new StepCosts(7);
        assertThat(costs.of(3)).isEqualTo(7);

        costs.add(2, 200);
        costs.add(6, 400);

        assertThat(costs.of(2)).isEqualTo(200);
        assertThat(costs.of(4)).isCloseTo(300, within(1e-9));
        assertThat(costs.of(8)).isCloseTo(500, within(1e-9));
        assertThat(costs.of(1)).isCloseTo(150, within(1e-9));
    }

    @Test
    void anOutlierCountsLittle() {
        StepCosts costs = new StepCosts(1);
        costs.add(1, 100);
        costs.add(1, 100_000);

        assertThat(costs.of(1)).isCloseTo(120, within(1e-9));
    }

    @Test
    void whatWasMeasuredLongAgoIsForgottenThoughNothingWasMeasuredSince() {
        StepCosts costs = new StepCosts(1);
        costs.add(1, 100_000);
        for (int i = 0; i < 1000; i++) {
            costs.stepped();
        }

        assertThat(costs.of(1)).isEqualTo(1);
    }
}
