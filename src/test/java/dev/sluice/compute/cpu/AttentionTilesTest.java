package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.OptionalInt;
import java.util.function.Consumer;

class AttentionTilesTest {
    private static final int THREADS = 2;
    private static final int BLOCK = 64;

    /// Behind few tokens three units of all heads that share keys, unevenly, are done sooner than
    /// one a head; but one key head has to be shared. Long contexts are cut into segments of 256.
    @ParameterizedTest
    @CsvSource({
        "100, 9, 3, 3, 1",
        "100, 8, 1, 4, 1",
        "600, 9, 3, 3, 3",
        "8000, 9, 3, 3, 32",
        "8000, 8, 1, 8, 32"
    })
    void aTokenIsCutIntoWhatIsDoneSoonest(
            int before, int heads, int kvHeads, int headsPerUnit, int tiles) {
        AttentionSpec spec = new AttentionSpec(heads, kvHeads, 64, 0.125f, OptionalInt.empty());
        int blocks = before / BLOCK + 1;
        try (CpuDevice device = NativeLevels.open(Kernels.PLAIN, THREADS);
                CpuMemory memory = new CpuMemory();
                ForwardBatch batch = new ForwardBatch(1, 1, blocks, BLOCK)) {
            batch.add(new int[before + 1], before, before + 1, new int[blocks], blocks, false);
            AttentionTiles cut =
                    new AttentionTiles(device.kernels(), THREADS, memory, spec, DType.BF16);

            cut.cut(batch);

            assertThat(cut.headsPerUnit()).isEqualTo(headsPerUnit);
            assertThat(cut.tiles()).isEqualTo(tiles);
        }
    }

    private static boolean apart(Consumer<ForwardBatch> filling) {
        AttentionSpec spec = new AttentionSpec(4, 2, 64, 0.125f, OptionalInt.empty());
        try (CpuDevice device = NativeLevels.open(Kernels.PLAIN, 1);
                CpuMemory memory = new CpuMemory();
                ForwardBatch batch = new ForwardBatch(8, 8, 3, BLOCK)) {
            filling.accept(batch);
            AttentionTiles cut = new AttentionTiles(device.kernels(), 1, memory, spec, DType.BF16);
            cut.cut(batch);
            return cut.apart();
        }
    }

    private static boolean apart(int[][] tables, int... positions) {
        return apart(batch -> {
            for (int i = 0; i < tables.length; i++) {
                int at = positions[i];
                int[] blocks = tables[i];
                batch.add(new int[at + 1], at, at + 1, blocks, blocks.length, true);
            }
        });
    }

    @Test
    void tokensAreApartWhereNoneReadsWhatAnotherStores() {
        int[] a = {0, 1, 2};
        int[] b = {0, 3, 4};
        int[] c = {5, 6, 7};

        assertThat(apart(new int[][] {a, b, c}, 128, 191, 0)).isTrue();
        assertThat(apart(new int[][] {a, b, c}, 128, 64, 63)).as("a block that is full").isTrue();

        assertThat(apart(new int[][] {a, c, a}, 128, 5, 129)).as("one text").isFalse();
        assertThat(apart(new int[][] {a, a, c}, 63, 64, 5)).as("in two blocks").isFalse();
        assertThat(apart(new int[][] {a, a, c}, 64, 63, 5)).as("the later first").isFalse();
        assertThat(apart(new int[][] {a, b, c}, 5, 64, 5)).as("a block not yet full").isFalse();
    }

    @Test
    void tokensOfOneSequenceAreNotApart() {
        assertThat(apart(batch -> batch.add(new int[3], 1, 3, new int[] {0}, 1, true))).isFalse();
    }
}
