package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.Activation;
import dev.sluice.compute.DType;
import dev.sluice.model.KvCache;
import dev.sluice.model.ModelConfig;
import dev.sluice.model.RopeConfig;

import org.junit.jupiter.api.Test;

import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

final class KvPoolTest {
    private static final int CONTEXT = 1024;
    private static final long PLENTY = 1L << 40;

    private static final ModelConfig MODEL = model();

    private static final long BLOCK_BYTES = KvCache.bytesPerBlock(MODEL, DType.BF16, 64);

    @Test
    void holdsWhatAllSequencesTogetherCanUse() {
        BatchOptions batch = BatchOptions.defaults().withMaxNumSeqs(3);

        KvPool pool = KvPool.plan(batch, MODEL, DType.BF16, 1, PLENTY);

        assertThat(pool.maxModelLen()).isEqualTo(CONTEXT);
        assertThat(pool.tokens()).isEqualTo(3 * CONTEXT);
        assertThat(pool.bytes()).isEqualTo(3 * (CONTEXT / 64) * BLOCK_BYTES);
    }

    @Test
    void takesNoMoreThanAQuarterOfTheMemory() {
        long available = 4 * 20 * BLOCK_BYTES + 5;

        KvPool pool = KvPool.plan(BatchOptions.defaults(), MODEL, DType.BF16, 1, available);

        assertThat(pool.numBlocks()).isEqualTo(20);
        assertThat(pool.bytes()).isLessThanOrEqualTo(available / 4);
    }

    @Test
    void onAGpuTakesWhatIsLeft() {
        long left = 20 * BLOCK_BYTES + 5;

        KvPool pool = KvPool.planOnGpu(BatchOptions.defaults(), MODEL, DType.BF16, 1, left);

        assertThat(pool.numBlocks()).isEqualTo(20);
    }

    @Test
    void onAGpuTakesNoMoreThanAllSequencesCanUse() {
        BatchOptions batch = BatchOptions.defaults().withMaxNumSeqs(3);

        KvPool pool = KvPool.planOnGpu(batch, MODEL, DType.BF16, 1, PLENTY);

        assertThat(pool.tokens()).isEqualTo(3 * CONTEXT);
    }

    @Test
    void onAGpuWhatDoesNotFitIsToldWithTheFlagsThatHelp() {
        BatchOptions batch = BatchOptions.defaults();
        long left = 15 * BLOCK_BYTES;

        assertThatThrownBy(() -> KvPool.planOnGpu(batch, MODEL, DType.BF16, 1, left))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("lower --max-model-len to 960 or less")
                .hasMessageContaining("--gpu-memory-utilization")
                .hasMessageContaining("--quantization");
        assertThatThrownBy(
                        () -> KvPool.planOnGpu(batch.withNumBlocks(17), MODEL, DType.BF16, 1, left))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("--num-gpu-blocks-override 17 needs")
                .hasMessageContaining("lower --num-gpu-blocks-override to 15 or less");
        assertThatThrownBy(() -> KvPool.planOnGpu(batch, MODEL, DType.BF16, 1, -1))
                .hasMessageContaining("lower --block-size, for not one block fits");
    }

    @Test
    void refusesAPoolThatHoldsNoWholeSequence() {
        long available = 4 * 15 * BLOCK_BYTES;

        assertThatThrownBy(
                        () -> KvPool.plan(BatchOptions.defaults(), MODEL, DType.BF16, 1, available))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("lower --max-model-len to 960 or less");
        assertThatThrownBy(() ->
                        KvPool.plan(BatchOptions.defaults(), MODEL, DType.BF16, 1, BLOCK_BYTES))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageEndingWith("lower --block-size, for not one block fits.");
    }

    @Test
    void takesTheLongestSequenceThatTheRefusalNames() {
        BatchOptions batch = BatchOptions.defaults().withMaxModelLen(960);

        KvPool pool = KvPool.plan(batch, MODEL, DType.BF16, 1, 4 * 15 * BLOCK_BYTES);

        assertThat(pool.numBlocks()).isEqualTo(15);
    }

    @Test
    void takesTheOverrideWhateverTheMemory() {
        BatchOptions batch = BatchOptions.defaults().withNumBlocks(17);

        KvPool pool = KvPool.plan(batch, MODEL, DType.BF16, 1, 1);

        assertThat(pool.numBlocks()).isEqualTo(17);
    }

    @Test
    void refusesAnOverrideBeyondAllAddresses() {
        BatchOptions batch = BatchOptions.defaults().withNumBlocks(Integer.MAX_VALUE);

        assertThatThrownBy(() -> KvPool.plan(batch, MODEL, DType.BF16, 1, PLENTY))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("67108864 blocks of 64 tokens are the most");
    }

    @Test
    void refusesAnOverrideThatHoldsNoWholeSequence() {
        BatchOptions batch = BatchOptions.defaults().withNumBlocks(15);

        assertThatThrownBy(() -> KvPool.plan(batch, MODEL, DType.BF16, 1, PLENTY))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("--num-gpu-blocks-override 15")
                .hasMessageContaining("16 blocks of 64 tokens");
    }

    @Test
    void clipsALongestSequenceThatTheModelWasNotMadeFor() {
        BatchOptions batch = BatchOptions.defaults().withMaxModelLen(32_768);

        KvPool pool = KvPool.plan(batch, MODEL, DType.BF16, 1, PLENTY);

        assertThat(pool.maxModelLen()).isEqualTo(CONTEXT);
    }

    @Test
    void countsTheBytesOfTheType() {
        KvPool narrow = KvPool.plan(BatchOptions.defaults(), MODEL, DType.BF16, 1, PLENTY);
        KvPool wide = KvPool.plan(BatchOptions.defaults(), MODEL, DType.F32, 1, PLENTY);

        assertThat(wide.bytes()).isEqualTo(2 * narrow.bytes());
    }

    private static ModelConfig model() {
        RopeConfig rope = new RopeConfig(10_000, false, 1, Optional.empty());
        List<OptionalInt> windows = Collections.nCopies(2, OptionalInt.empty());
        return new ModelConfig(
                "llama",
                512,
                64,
                128,
                2,
                4,
                2,
                16,
                CONTEXT,
                1e-5f,
                Activation.SILU,
                0.25f,
                1,
                rope,
                rope,
                windows,
                true);
    }

    @Test
    void ranksShareTheMemory() {
        BatchOptions batch = BatchOptions.defaults().withMaxNumSeqs(3);
        int kvHeads = MODEL.numKvHeads();

        KvPool one = KvPool.plan(batch, MODEL, DType.BF16, 1, PLENTY);
        KvPool spread = KvPool.plan(batch, MODEL, DType.BF16, kvHeads, PLENTY);
        KvPool doubled = KvPool.plan(batch, MODEL, DType.BF16, 2 * kvHeads, PLENTY);

        assertThat(spread.bytes()).isEqualTo(one.bytes());
        assertThat(doubled.bytes()).isEqualTo(2 * one.bytes());
        assertThat(doubled.tokens()).isEqualTo(one.tokens());
    }
}
