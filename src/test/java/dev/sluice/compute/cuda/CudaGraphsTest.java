package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.HeadNorms;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.testing.Randoms;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Steps that are captured and replayed, against the same steps run kernel by kernel.
final class CudaGraphsTest {
    private static final int HEAD_DIM = 16;
    private static final int WIDTH = 4 * HEAD_DIM;
    private static final int BLOCK = 4;
    private static final int BLOCKS = 400;
    private static final int MAX_SEQUENCES = 20;
    private static final int MAX_BLOCKS = 300;

    private final Cusim cusim = Cusim.open();

    @BeforeEach
    void defer() {
        cusim.reset();
        cusim.deferStreams(true);
    }

    @AfterEach
    void runAtOnce() {
        cusim.deferStreams(false);
        cusim.fail("");
        assertThat(cusim.allocatedBytes()).isZero();
    }

    /// A device with a cache and activations at fixed addresses, and a step that uses them all.
    private static final class Machine implements AutoCloseable {
        private final CudaDevice device;
        private final Arena arena = Arena.ofConfined();
        private final ForwardBatch batch = new ForwardBatch(64, MAX_SEQUENCES, MAX_BLOCKS, BLOCK);
        private final Tensor kv;
        private final Tensor activations;
        private final Tensor input;
        private final Tensor weight;
        private final HeadNorms norms;
        private final MemorySegment frequencies =
                arena.allocateFrom(ValueLayout.JAVA_FLOAT, new Randoms(51).vector(HEAD_DIM / 2));
        private int ran;

        Machine(CudaOptions options) {
            device = CudaDevice.open(options.withEmulation());
            kv = device.allocate(DType.BF16, Shape.of(BLOCKS, 2, 1, BLOCK, HEAD_DIM));
            activations = device.allocate(DType.F32, Shape.of(3 * 64, WIDTH));
            input = device.allocate(DType.F32, Shape.of(64, WIDTH));
            weight = device.allocate(DType.F32, Shape.of(WIDTH));
            upload(new Randoms(52).vector(WIDTH), weight);
            Tensor head = device.allocate(DType.F32, Shape.of(HEAD_DIM));
            upload(new Randoms(53).vector(HEAD_DIM), head);
            norms = new HeadNorms(head, head, 1e-6f);
        }

        private void upload(float[] values, Tensor target) {
            device.upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), target);
        }

        /// Runs one step.
        ///
        /// @return the rows of the real tokens, and the whole cache
        List<byte[]> step(Sequences sequences, int seed) {
            sequences.fill(batch);
            int rows = batch.numLogitRows();
            batch.padTo(device.paddedTokens(batch));
            upload(new Randoms(seed).vector(64 * WIDTH), input);
            int n = batch.numTokens();
            Tensor x = activations.rows(0, n);
            Tensor table = activations.rows(n, 2 * n).columns(0, HEAD_DIM);
            Tensor out = activations.rows(2 * n, 2 * n + batch.numLogitRows());

            device.run(
                    batch,
                    "step",
                    () -> {
                        ran++;
                        device.rotaryTable(batch, frequencies, 1, table);
                        device.rmsNorm(input.rows(0, n), weight, 1e-5f, x);
                        device.normRotaryAndStore(
                                x.columns(0, HEAD_DIM),
                                x.columns(HEAD_DIM, 2 * HEAD_DIM),
                                x.columns(2 * HEAD_DIM, 3 * HEAD_DIM),
                                norms,
                                table,
                                new RotarySpec(HEAD_DIM, HEAD_DIM, false),
                                batch,
                                kv);
                        device.gatherLogitRows(x, batch, out);
                    });

            return List.of(contents(out.rows(0, rows)), contents(kv));
        }

        private byte[] contents(Tensor tensor) {
            long bytes = tensor.dtype().bytesFor(tensor.shape().elements());
            MemorySegment host = arena.allocate(bytes);
            device.download(tensor, host);
            return host.toArray(ValueLayout.JAVA_BYTE);
        }

        @Override
        public void close() {
            device.close();
            batch.close();
            arena.close();
        }
    }

    /// Decoding sequences: of each the position and the blocks.
    private record Sequences(List<int[]> tables, List<Integer> positions) {
        static Sequences random(SplittableRandom random, int count, int longest) {
            List<int[]> tables = new ArrayList<>();
            List<Integer> positions = new ArrayList<>();
            int[] blocks = new Randoms(random.nextInt()).permutation(BLOCKS);
            for (int s = 0; s < count; s++) {
                int position = random.nextInt(longest);
                positions.add(position);
                int needed = position / BLOCK + 1;
                int[] table = new int[needed];
                for (int i = 0; i < needed; i++) {
                    table[i] = blocks[(s * 7 + i) % BLOCKS];
                }
                table[needed - 1] = blocks[BLOCKS - 1 - s];
                tables.add(table);
            }
            return new Sequences(tables, positions);
        }

        void fill(ForwardBatch batch) {
            batch.clear();
            for (int s = 0; s < tables.size(); s++) {
                int position = positions.get(s);
                batch.add(
                        new int[position + 1],
                        position,
                        position + 1,
                        tables.get(s),
                        tables.get(s).length,
                        true);
            }
        }
    }

    @Test
    void replayedStepsEqualEagerOnesBitForBit() {
        SplittableRandom random = new SplittableRandom(53);
        try (Machine eager = new Machine(CudaOptions.defaults().withoutGraphs());
                Machine replaying = new Machine(CudaOptions.defaults())) {
            for (int step = 0; step < 60; step++) {
                int count = 1 + random.nextInt(MAX_SEQUENCES);
                int longest = step % 10 == 9 ? MAX_BLOCKS * BLOCK : 500;
                Sequences sequences = Sequences.random(random, count, longest);

                List<byte[]> expected = eager.step(sequences, step);
                List<byte[]> actual = replaying.step(sequences, step);

                assertThat(actual.get(0)).as("rows of step %d", step).isEqualTo(expected.get(0));
                assertThat(actual.get(1)).as("cache of step %d", step).isEqualTo(expected.get(1));
            }
            assertThat(eager.ran).isEqualTo(60);
            assertThat(eager.device.capturedSteps()).isZero();
            assertThat(replaying.device.capturedSteps()).isGreaterThan(3);
            assertThat(replaying.ran).isLessThan(30);
        }
    }

    @Test
    void sizesAreFewAndWithinTheRoom() {
        try (Machine machine = new Machine(CudaOptions.defaults())) {
            int[] sizes = new int[MAX_SEQUENCES];
            for (int count = 1; count <= MAX_SEQUENCES; count++) {
                Sequences.random(new SplittableRandom(1), count, 9).fill(machine.batch);
                sizes[count - 1] = machine.device.paddedTokens(machine.batch);
            }

            assertThat(sizes)
                    .containsExactly(
                            1, 2, 4, 4, 8, 8, 8, 8, 16, 16, 16, 16, 16, 16, 16, 16, 20, 20, 20, 20);
        }
    }

    @Test
    void promptsAreNotPadded() {
        try (Machine machine = new Machine(CudaOptions.defaults())) {
            machine.batch.add(new int[3], 0, 3, new int[1], 1, true);

            assertThat(machine.device.paddedTokens(machine.batch)).isEqualTo(3);
        }
    }

    @Test
    void aCaptureThatFailsLeavesTheStepsEager() {
        Sequences sequences = Sequences.random(new SplittableRandom(2), 3, 30);
        try (Machine eager = new Machine(CudaOptions.defaults().withoutGraphs());
                Machine failing = new Machine(CudaOptions.defaults())) {
            cusim.fail("cuGraphInstantiateWithFlags:1:801");
            for (int step = 0; step < 4; step++) {
                assertThat(failing.step(sequences, step).get(0))
                        .isEqualTo(eager.step(sequences, step).get(0));
            }
            assertThat(failing.device.capturedSteps()).isZero();
        }
    }
}
