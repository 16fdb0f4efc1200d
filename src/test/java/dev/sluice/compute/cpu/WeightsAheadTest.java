package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.weights.WeightFormat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

class WeightsAheadTest {
    private static final int THREADS = 2;
    private static final int PANELS = 6;
    private static final int ROWS = PANELS * PanelLayout.WIDTH;

    private final Arena arena = Arena.ofConfined();
    private final List<Stretch> fetched = new ArrayList<>();
    private final WeightsAhead ahead = new WeightsAhead(this::fetch, THREADS);
    private Panels first;
    private Panels second;
    private Panels large;

    private record Stretch(long begin, long end) {}

    @BeforeEach
    void matrices() {
        first = panels(64);
        second = panels(64);
        large = panels(8192);
    }

    @AfterEach
    void release() {
        arena.close();
    }

    private Panels panels(int cols) {
        WeightFormat format = WeightFormat.ofSource(DType.BF16);
        long bytes = PANELS * PanelLayout.panelBytes(format, cols);
        return new Panels(arena.allocate(bytes, 64), format, ROWS, cols);
    }

    /// Stretches that touch become one.
    private void fetch(long address, long bytes) {
        assertThat(bytes).isPositive().isLessThanOrEqualTo(WeightsAhead.STEP_BYTES);
        for (int i = 0; i < fetched.size(); i++) {
            Stretch before = fetched.get(i);
            if (before.end() == address) {
                fetched.set(i, new Stretch(before.begin(), address + bytes));
                return;
            }
        }
        fetched.add(new Stretch(address, address + bytes));
    }

    private List<Stretch> fetchedBy(int thread) {
        fetched.clear();
        while (ahead.step(thread)) {}
        return List.copyOf(fetched);
    }

    private static Stretch part(Panels panels, int firstPanel, int endPanel) {
        long begin = panels.data().address();
        return new Stretch(
                begin + firstPanel * panels.panelBytes(), begin + endPanel * panels.panelBytes());
    }

    private void multiply(Panels... matrices) {
        for (Panels panels : matrices) {
            ahead.begin(panels, 1, 1);
        }
    }

    @Test
    void eachThreadFetchesItsStretchOfWhatFollowedLastTime() {
        multiply(first, second, first);

        assertThat(fetchedBy(0)).containsExactly(part(second, 0, 3));
        assertThat(fetchedBy(1)).containsExactly(part(second, 3, 6));

        multiply(second);

        assertThat(fetchedBy(1)).containsExactly(part(first, 3, 6));
        assertThat(fetchedBy(0)).containsExactly(part(first, 0, 3));
    }

    @Test
    void whatIsFetchedIsNotFetchedAgainWhileTheSameMatrixIsNext() {
        multiply(first, second, first);

        assertThat(fetchedBy(0)).hasSize(1);
        assertThat(fetchedBy(0)).isEmpty();
    }

    @Test
    void anotherOrderIsLearntTheFirstTime() {
        multiply(first, second, large, second, first, second);

        assertThat(fetchedBy(0)).containsExactly(part(first, 0, 3));
    }

    @Test
    void ofLargeMatricesTheBeginningIsFetched() {
        multiply(first, large, first);

        long begin = part(large, 3, 6).begin();
        assertThat(fetchedBy(1))
                .containsExactly(new Stretch(begin, begin + WeightsAhead.MOST_BYTES));
    }

    @Test
    void ofPanelsThatAreTakenTogetherEachStreamIsFetched() {
        ahead.begin(first, 3, 1);
        ahead.begin(second, 2, 1);
        ahead.begin(first, 3, 1);

        // Three units of two panels, three apart; one unit of three panels, two apart.
        assertThat(fetchedBy(0)).containsExactly(part(second, 0, 2), part(second, 3, 5));
        assertThat(fetchedBy(1)).containsExactly(part(second, 2, 3), part(second, 5, 6));

        ahead.begin(second, 2, 1);

        assertThat(fetchedBy(0))
                .containsExactly(part(first, 0, 1), part(first, 2, 3), part(first, 4, 5));
    }

    @Test
    void nothingIsFetchedBeforeTheFirstMatrixNorInAPause() {
        assertThat(fetchedBy(0)).isEmpty();

        multiply(first, second, first);
        ahead.pause();

        assertThat(fetchedBy(0)).isEmpty();
        assertThat(fetchedBy(1)).isEmpty();
    }

    @Test
    void aMatrixThatIsForgottenIsNeverFetched() {
        multiply(first, second, first);
        ahead.forget();
        multiply(large);

        assertThat(fetchedBy(0)).doesNotContain(part(second, 0, 3), part(first, 0, 3));
    }
}
