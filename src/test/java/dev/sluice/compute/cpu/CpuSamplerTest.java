package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.Device;
import dev.sluice.compute.DrawSpec;
import dev.sluice.compute.PenaltySpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.SamplingContract;
import dev.sluice.compute.cuda.CudaDevice;
import dev.sluice.compute.cuda.CudaOptions;
import dev.sluice.compute.cuda.Cusim;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.RandomSampling;
import dev.sluice.testing.TrackingDevice;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// Tokens drawn by the native kernels of the CPU, at each level that this processor has.
class CpuSamplerTest {
    abstract static class AtLevel implements SamplingContract {
        private final Kernels level;
        private Optional<TrackingDevice> device = Optional.empty();

        AtLevel(Kernels level) {
            this.level = level;
        }

        @BeforeEach
        void open() {
            device = Optional.of(new TrackingDevice(NativeLevels.open(level, 3)));
        }

        @Override
        public TrackingDevice device() {
            return device.orElseThrow();
        }

        @AfterEach
        void nothingIsLeft() {
            device.ifPresent(TrackingDevice::close);
        }

        /// Tokens, values and ranks to the last bit.
        @ParameterizedTest
        @CsvSource({"1, 1", "2, 33", "3, 255", "4, 1003", "5, 4099", "6, 40009"})
        void theGpuDrawsTheSame(long seed, int size) {
            int rows = size > 5000 ? 8 : 24;
            Cusim.open().reset();
            try (CudaDevice gpu = CudaDevice.open(CudaOptions.defaults().withEmulation());
                    SamplingBatch batch = new SamplingBatch(rows, size, 100_000)) {
                RandomSampling random = new RandomSampling(seed, size);
                for (int round = 0; round < (size > 5000 ? 1 : 6); round++) {
                    float[][] logits = random.fill(batch, rows);
                    byte[] input = batch.input().toArray(ValueLayout.JAVA_BYTE);
                    List<String> own = results(device(), batch, logits);
                    // The edits were changed.
                    MemorySegment.copy(
                            MemorySegment.ofArray(input), 0, batch.input(), 0, input.length);

                    assertThat(own).containsExactlyElementsOf(results(gpu, batch, logits));
                }
            }
        }

        /// All that the batch tells of its rows.
        private static List<String> results(Device device, SamplingBatch batch, float[][] logits) {
            try (DeviceMatrix matrix = DeviceMatrix.of(device, logits)) {
                device.sample(matrix.tensor(), batch);
            }
            return IntStream.range(0, batch.numRows()).mapToObj(i -> result(batch, i)).toList();
        }

        private static String result(SamplingBatch batch, int row) {
            StringBuilder text = new StringBuilder().append(batch.outcome(row));
            if (batch.outcome(row) == SamplingBatch.Outcome.DRAWN) {
                text.append(' ').append(batch.token(row));
            }
            if (batch.outcome(row) == SamplingBatch.Outcome.DRAWN && batch.reports(row)) {
                text.append(": ").append(batch.value(row)).append(' ').append(batch.rank(row));
                for (int i = 0; i < batch.numTop(row); i++) {
                    text.append(", ").append(batch.topId(row, i)).append(' ');
                    text.append(batch.topValue(row, i)).append(' ').append(batch.topRank(row, i));
                }
            }
            return text.toString();
        }

        /// More candidates than are gathered beside the row: all are alike, or all are wanted.
        @Test
        void aRowWithoutDifferencesIsDrawnFromLikeAnother() {
            int size = 30_000;
            float[] flat = new float[size];
            float[] steps = new float[size];
            for (int id = 0; id < size; id++) {
                steps[id] = -id * 1e-5f;
            }
            assertThat(token(flat, OptionalInt.empty(), 0.5f, 0.999)).isEqualTo(14_985);
            assertThat(token(flat, OptionalInt.of(20_000), 1, 0.999)).isEqualTo(19_980);
            assertThat(token(flat, OptionalInt.of(100), 0.5f, 0.999)).isEqualTo(50);
            assertThat(token(flat, OptionalInt.empty(), 1, 0.5)).isEqualTo(15_000);
            assertThat(token(steps, OptionalInt.of(20_000), 1, 0)).isZero();
            assertThat(token(steps, OptionalInt.of(10_000), 1, 0.99999)).isEqualTo(9_999);
        }

        /// A bound for the most likely tokens comes from the first half million ids.
        @Test
        void theMostLikelyTokenMayStandAtTheEndOfALargeVocabulary() {
            float[] logits = new float[600_000];
            logits[599_999] = 5;

            assertThat(token(logits, OptionalInt.of(1), 1, 0)).isEqualTo(599_999);
            assertThat(token(logits, OptionalInt.of(2), 1, 0)).isZero();
            assertThat(token(logits, OptionalInt.of(2), 1, 0.5)).isEqualTo(599_999);
            assertThat(token(logits, OptionalInt.empty(), 1, 0.9999)).isEqualTo(599_999);
        }

        private int token(float[] logits, OptionalInt topK, float topP, double uniform) {
            try (SamplingBatch batch = new SamplingBatch(1, logits.length, 0);
                    DeviceMatrix matrix = DeviceMatrix.of(device(), new float[][] {logits})) {
                batch.clear();
                batch.add(0, new DrawSpec(false, 1, topK, topP, 0, uniform), PenaltySpec.NONE);
                device().sample(matrix.tensor(), batch);
                return batch.token(0);
            }
        }
    }

    @Nested
    class Plain extends AtLevel {
        Plain() {
            super(Kernels.PLAIN);
        }
    }

    @Nested
    class Avx2 extends AtLevel {
        Avx2() {
            super(Kernels.AVX2);
        }
    }

    @Nested
    class Avx512 extends AtLevel {
        Avx512() {
            super(Kernels.AVX512);
        }
    }
}
