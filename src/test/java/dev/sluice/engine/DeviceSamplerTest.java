package dev.sluice.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.testing.MemoryDevice;
import dev.sluice.testing.NaiveSampler;

import org.junit.jupiter.api.Test;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// How the sequences of a step become batches.
class DeviceSamplerTest {
    private static final int SIZE = 256;
    private static final int ROWS = 5;
    private static final long AMPLE = (long) ROWS * SIZE;

    private final List<Integer> rowsOfCalls = new ArrayList<>();

    private static Sequence sequence(int index, int promptLength, Penalties penalties) {
        SamplingParams sampling =
                new SamplingParams(0.9f, 0.95f, OptionalInt.empty(), 0, index, penalties);
        int[] prompt = Requests.prompt(index, promptLength);
        return Requests.sequence(Requests.of("r" + index, prompt, sampling, 8), _ -> {});
    }

    /// The sequences take the rows from the last one on.
    private List<Integer> draw(List<Sequence> sequences, long maxEdits) {
        rowsOfCalls.clear();
        float[] values = new float[ROWS * SIZE];
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        int[] rows = IntStream.range(0, ROWS).map(i -> ROWS - 1 - i).toArray();
        try (MemoryDevice device = MemoryDevice.samplingBy(this::sample);
                DeviceSampler sampler =
                        new DeviceSampler(
                                LogprobsMode.RAW_LOGPROBS,
                                device,
                                ROWS,
                                false,
                                new LogitsEditor(Set.of(), SIZE),
                                new ProcessorChain(List.of()),
                                () -> new SamplingBatch(ROWS, SIZE, maxEdits))) {
            Tensor logits = device.allocate(DType.F32, Shape.of(ROWS, SIZE));
            device.upload(MemorySegment.ofArray(values), logits);
            // What steps before have left in the batches does not matter.
            sampler.sample(logits, sequences, rows);
            rowsOfCalls.clear();
            sampler.sample(logits, sequences.subList(0, 1), rows);
            assertThat(rowsOfCalls).containsExactly(1);
            rowsOfCalls.clear();
            sampler.sample(logits, sequences, rows);
            List<Integer> drawn = new ArrayList<>();
            for (int i = 0; i < sequences.size(); i++) {
                assertThat(sampler.holds(rows[i])).isTrue();
                drawn.add(sampler.draw(rows[i], sequences.get(i)).token());
            }
            return drawn;
        }
    }

    private void sample(Tensor logits, SamplingBatch batch) {
        rowsOfCalls.add(batch.numRows());
        NaiveSampler.sample(logits, batch);
    }

    @Test
    void sequencesForWhoseEditsThereIsNoRoomAreDrawnInAFurtherCall() {
        Penalties penalties = new Penalties(1.3f, 0.4f, 0.2f);
        List<Sequence> sequences =
                List.of(
                        sequence(0, 100, penalties),
                        sequence(1, 200, penalties),
                        sequence(2, 10, penalties),
                        sequence(3, 300, penalties),
                        sequence(4, 50, Penalties.NONE));

        List<Integer> alone = draw(sequences, AMPLE);
        assertThat(rowsOfCalls).containsExactly(5);
        List<Integer> divided = draw(sequences, SIZE);
        assertThat(rowsOfCalls).containsExactly(1, 2, 2);
        assertThat(divided).isEqualTo(alone);
    }

    @Test
    void sequencesWithoutEditsTakeOneCall() {
        List<Sequence> sequences =
                IntStream.range(0, ROWS).mapToObj(i -> sequence(i, 300, Penalties.NONE)).toList();

        draw(sequences, SIZE);

        assertThat(rowsOfCalls).containsExactly(5);
    }
}
