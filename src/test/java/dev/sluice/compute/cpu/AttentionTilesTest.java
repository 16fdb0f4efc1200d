package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.OptionalInt;

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
}
