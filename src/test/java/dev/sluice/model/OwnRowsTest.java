package dev.sluice.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;
import dev.sluice.compute.cpu.CpuDevice;
import dev.sluice.compute.cpu.CpuOptions;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.IntStream;

/// Threads that keep their rows, as with AVX-512 two to four do of these batches, go through the
/// layers without waiting for each other: it must not show in a single bit of a model's logits.
class OwnRowsTest {
    private static final int SEQUENCES = 49;
    private static final int MOST_ROWS = 3 * SEQUENCES;
    private static final int PROMPT = 11;
    private static final int STEPS = 4;
    private static final int BLOCK = 16;
    private static final int VOCABULARY = TinyShape.VOCABULARY;

    private static final RandomShape SHAPE =
            TinyShape.of(new LlamaForCausalLM(), "llama", 128, 224, 5);

    /// All prompts together, which the feed-forward layers take in pieces, then a token of each
    /// sequence after the other, and at last three tokens of each second sequence, as guesses are:
    /// each a sequence with the same blocks.
    private static float[][] logits(Device device, Packing packing) {
        int[][] tokens = new int[SEQUENCES][PROMPT + STEPS + 3];
        for (int s = 0; s < SEQUENCES; s++) {
            int seed = s;
            Arrays.setAll(tokens[s], i -> (seed * 37 + i * 11) % VOCABULARY);
        }
        float[][] steps = new float[STEPS + 2][];
        int rows = SEQUENCES * PROMPT;
        try (RandomCheckpoint checkpoint = new RandomCheckpoint(SHAPE, 9);
                CausalLm model = checkpoint.load(device, packing);
                KvCache cache =
                        new KvCache(device, model.config(), DType.BF16, 2 * SEQUENCES, BLOCK);
                Workspace workspace = new Workspace(device, model.workspaceBytes(rows, MOST_ROWS));
                ForwardBatch batch = new ForwardBatch(rows, MOST_ROWS, 2, BLOCK)) {
            for (int step = 0; step < steps.length; step++) {
                batch.clear();
                for (int s = 0; s < SEQUENCES; s++) {
                    int from = step == 0 ? 0 : PROMPT + step - 1;
                    int[] blocks = {2 * s + 1, 2 * s};
                    batch.add(tokens[s], from, PROMPT + step, blocks, 2, true);
                    boolean guessed = step == steps.length - 1 && s % 2 == 0;
                    for (int at = from + 1; guessed && at < from + 3; at++) {
                        batch.add(tokens[s], at, at + 1, blocks, 2, true);
                    }
                }
                Tensor logits = model.forward(batch, cache, workspace);
                steps[step] = new float[batch.numLogitRows() * VOCABULARY];
                device.download(logits, MemorySegment.ofArray(steps[step]));
            }
        }
        return steps;
    }

    private static float[][] logits(int threads, Packing packing) {
        try (Device device = CpuDevice.open(CpuOptions.defaults().withThreads(threads))) {
            return logits(device, packing);
        }
    }

    @ParameterizedTest
    @EnumSource(Packing.class)
    void logitsHaveTheSameBitsOnAnyNumberOfThreads(Packing packing) {
        float[][] expected = logits(1, packing);
        assertThat(IntStream.range(0, VOCABULARY).mapToDouble(i -> expected[2][i]))
                .doesNotContain(Double.NaN)
                .anyMatch(value -> Math.abs(value) > 0.01);
        for (int threads : new int[] {2, 3, 4}) {
            for (int time = 0; time < 3; time++) {
                assertThat(logits(threads, packing)).isDeepEqualTo(expected);
            }
        }
    }
}
