package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.DType;
import dev.sluice.compute.Packing;

import org.junit.jupiter.api.Test;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

final class EngineOptionsTest {

    @Test
    void keepsThePrecisionOfTheFileByDefault() {
        ComputeOptions compute = EngineOptions.defaults().compute();

        assertThat(compute.packing()).isEqualTo(Packing.SOURCE);
        assertThat(compute.kvDtype()).isEqualTo(DType.BF16);
    }

    @Test
    void computesEverythingInFloat32WhenAsked() {
        ComputeOptions compute = ComputeOptions.defaults().withPrecision(Precision.FLOAT32);

        assertThat(compute.packing()).isEqualTo(Packing.FLOAT32);
        assertThat(compute.kvDtype()).isEqualTo(DType.F32);
    }

    @Test
    void quantisesWhateverTheFileHolds() {
        ComputeOptions compute = ComputeOptions.defaults().withPrecision(Precision.BFLOAT16);

        assertThat(compute.withQuantization(Quantization.WINT8).packing()).isEqualTo(Packing.INT8);
        assertThat(compute.withQuantization(Quantization.WINT4).packing()).isEqualTo(Packing.INT4);
    }

    @Test
    void refusesFloat32WithQuantisationInOneSentence() {
        ComputeOptions compute = ComputeOptions.defaults().withQuantization(Quantization.WINT8);

        assertThatThrownBy(() -> compute.withPrecision(Precision.FLOAT32))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("--dtype float32")
                .hasMessageContaining("--quantization");
    }

    @Test
    void refusesAStepThatHasNoTokenForEverySequence() {
        assertThatThrownBy(() ->
                        new BatchOptions(
                                OptionalInt.empty(),
                                64,
                                63,
                                64,
                                OptionalInt.empty(),
                                0,
                                true,
                                true,
                                Optional.empty()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("--max-num-batched-tokens");
    }

    @Test
    void promptsHaveALimitOfTimeOnACpuAndWhereOneIsSet() {
        BatchOptions batch = BatchOptions.defaults();

        assertThat(batch.prefillTime(false)).contains(Duration.ofMillis(30));
        assertThat(batch.prefillTime(true)).isEmpty();
        BatchOptions set = batch.withPrefillTime(Duration.ofMillis(8));
        assertThat(set.prefillTime(true)).contains(Duration.ofMillis(8));
        assertThat(batch.withPrefillTime(Duration.ZERO).prefillTime(false)).isEmpty();
        assertThatThrownBy(() -> batch.withPrefillTime(Duration.ofMillis(-1)))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("--prefill-time-per-step");
    }

    @Test
    void makesAStepLargeEnoughForMoreSequences() {
        BatchOptions batch = BatchOptions.defaults().withMaxNumSeqs(1000);

        assertThat(batch.maxNumBatchedTokens()).isEqualTo(1000);
    }

    @Test
    void namesTheFlagOfAValueOutOfRange() {
        assertThatThrownBy(() -> BatchOptions.defaults().withMaxModelLen(1))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("--max-model-len must be at least 2 and is 1.");
        assertThatThrownBy(() -> ComputeOptions.defaults().withThreads(0))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("--threads");
    }
}
