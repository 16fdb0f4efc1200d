package dev.sluice.compute.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.testing.Randoms;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/// Steps of two equal devices: one runs each operation as it comes, the other a list of them.
class StepRecorderTest {
    private static final int THREADS = 3;
    private static final int BLOCK = 64;
    private static final int BLOCKS = 16;
    private static final int VOCABULARY = 100;
    private static final int HEAD = 64;
    private static final int HEADS = 4;
    private static final int WIDTH = HEADS * HEAD;

    private Machine oneByOne;
    private Machine listed;

    @BeforeEach
    void open() {
        oneByOne = new Machine();
        listed = new Machine();
    }

    @AfterEach
    void close() {
        oneByOne.close();
        listed.close();
    }

    /// A layer of a model: an embedding, a matrix of two number formats, a cache, attention.
    private static final class Machine implements AutoCloseable {
        private static final RotarySpec ROTARY = new RotarySpec(HEAD, HEAD, false);
        private static final AttentionSpec ALL =
                new AttentionSpec(HEADS, 1, HEAD, 0.125f, OptionalInt.empty());
        private static final AttentionSpec NEAR =
                new AttentionSpec(HEADS, 1, HEAD, 0.125f, OptionalInt.of(20));

        private final Arena arena = Arena.ofShared();
        private final CpuDevice device = NativeLevels.open(Kernels.PLAIN, THREADS);
        private final List<ForwardBatch> batches = new ArrayList<>();
        private ForwardBatch batch = anotherBatch();
        private final MemorySegment frequencies = arena.allocate(4L * HEAD / 2, 4);
        private final PackedMatrix table;
        private final PackedMatrix projection;
        private final Tensor kv;
        private final Tensor norm;
        private final MemorySegment ids = arena.allocate(ValueLayout.JAVA_INT);
        private final Tensor x;
        private final Tensor qkv;
        private final Tensor rotary;
        private final Tensor attended;
        private final Tensor out;
        private Runnable before = () -> {};
        private boolean attends = true;
        private MemorySegment inverse = frequencies;
        private int written;

        // The same object for each step, as a model has it.
        private Runnable operations = this::operations;
        private String key = "layer";

        Machine() {
            Randoms random = new Randoms(5);
            table = pack(random, DType.F32, VOCABULARY);
            projection = pack(random, DType.Q8_0, WIDTH + HEAD, DType.BF16, HEAD);
            kv = device.allocate(DType.BF16, Shape.of(BLOCKS, 2, 1, BLOCK, HEAD));
            norm = matrix(1, WIDTH);
            upload(random.vector(WIDTH), norm);
            x = matrix(64, WIDTH);
            qkv = matrix(64, WIDTH + 2 * HEAD);
            rotary = matrix(64, HEAD);
            attended = matrix(64, WIDTH);
            out = matrix(64, WIDTH);
            for (int i = 0; i < HEAD / 2; i++) {
                frequencies.setAtIndex(ValueLayout.JAVA_FLOAT, i, 1f / (i + 1));
            }
        }

        private ForwardBatch anotherBatch() {
            ForwardBatch added = new ForwardBatch(64, BLOCKS, BLOCKS, BLOCK);
            batches.add(added);
            return added;
        }

        private Tensor matrix(int rows, int columns) {
            return rows == 1
                    ? device.allocate(DType.F32, Shape.of(columns))
                    : device.allocate(DType.F32, Shape.of(rows, columns));
        }

        private void upload(float[] values, Tensor target) {
            device.upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), target);
        }

        /// A matrix of parts, each a type and a number of rows.
        private PackedMatrix pack(Randoms random, Object... parts) {
            MatrixSource[] sources = new MatrixSource[parts.length / 2];
            for (int i = 0; i < sources.length; i++) {
                DType type = (DType) parts[2 * i];
                int rows = (int) parts[2 * i + 1];
                MemorySegment weights = random.weights(type, (long) rows * WIDTH, arena);
                sources[i] = MatrixSource.of(weights, type, rows, WIDTH);
            }
            return device.pack(List.of(sources), Packing.SOURCE);
        }

        private void operations() {
            written++;
            before.run();
            int n = batch.numTokens();
            Tensor all = qkv.rows(0, n);
            Tensor queries = all.columns(0, WIDTH);
            device.rotaryTable(batch, inverse, 1, rotary.rows(0, n));
            device.embedding(table, batch, 1, x.rows(0, n));
            for (AttentionSpec spec : List.of(ALL, NEAR)) {
                device.rmsNorm(x.rows(0, n), norm, 1e-5f, x.rows(0, n));
                device.linear(x.rows(0, n), projection, all);
                if (!attends) {
                    device.add(x.rows(0, n), queries);
                    continue;
                }
                device.rotaryAndStore(
                        queries,
                        all.columns(WIDTH, WIDTH + HEAD),
                        all.columns(WIDTH + HEAD, WIDTH + 2 * HEAD),
                        rotary.rows(0, n),
                        ROTARY,
                        batch,
                        kv);
                device.attention(queries, kv, batch, spec, attended.rows(0, n));
                device.add(x.rows(0, n), attended.rows(0, n));
            }
            device.gatherLogitRows(x.rows(0, n), batch, out.rows(0, batch.numLogitRows()));
        }

        /// Fills the batch with the tokens `[from, to)` of a sequence whose ids follow a seed.
        void fill(int from, int to, int seed) {
            int[] ids = new int[to];
            Arrays.setAll(ids, i -> Math.floorMod(i * 31 + seed, VOCABULARY));
            int[] blocks = new Randoms(9).permutation(BLOCKS);
            batch.clear();
            batch.add(ids, from, to, blocks, BLOCKS, true);
        }

        void together() {
            device.run(batch, key, operations);
        }

        byte[] result() {
            return contents(out.rows(0, batch.numLogitRows()));
        }

        byte[] contents(Tensor rows) {
            MemorySegment host = arena.allocate(4L * rows.rows() * WIDTH);
            device.download(rows, host);
            return host.toArray(ValueLayout.JAVA_BYTE);
        }

        @Override
        public void close() {
            device.close();
            batches.forEach(ForwardBatch::close);
            arena.close();
        }
    }

    private void step(int from, int to, int seed) {
        oneByOne.fill(from, to, seed);
        listed.fill(from, to, seed);
        run();
    }

    private void run() {
        oneByOne.operations.run();
        listed.together();
        assertThat(listed.result()).isEqualTo(oneByOne.result());
    }

    /// Segments have 256 positions: at 531 the window leaves one behind, at 768 another one begins.
    @Test
    void aStepLikeTheLastIsNotWrittenDownAgain() {
        for (int chunk = 0; chunk < 8; chunk++) {
            step(64 * chunk, 64 * (chunk + 1), 3);
        }
        int chunks = listed.written;
        for (int position = 512; position < 560; position++) {
            step(position, position + 1, position);
        }
        assertThat(listed.written - chunks).isEqualTo(2);
        for (int position = 760; position < 780; position++) {
            step(position, position + 1, position);
        }
        assertThat(listed.written - chunks).isEqualTo(3);
    }

    /// Attention has scratch memory of its own.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLargerBatchBetweenTwoStepsMovesNothingThatTheSecondUses(boolean attends) {
        oneByOne.attends = attends;
        listed.attends = attends;
        step(0, 1, 1);
        step(1, 2, 2);
        listed.fill(2, 40, 3);
        listed.operations.run();
        oneByOne.fill(2, 40, 3);
        oneByOne.operations.run();
        int written = listed.written;
        for (int position = 40; position < 44; position++) {
            step(position, position + 1, position);
        }
        assertThat(listed.written).isEqualTo(written + 1);
    }

    @Test
    void aStepOfAnotherKindIsWrittenDown() {
        oneByOne.attends = false;
        listed.attends = false;
        step(0, 1, 1);
        step(1, 2, 2);
        int written = listed.written;

        // The first of them needs more scratch memory, and is not kept.
        step(2, 4, 3);
        step(4, 6, 4);
        step(6, 8, 5);
        assertThat(listed.written).isEqualTo(written + 2);
        for (Machine machine : List.of(oneByOne, listed)) {
            machine.fill(8, 10, 6);
            machine.batch.addLogitRow(0);
        }
        run();
        assertThat(listed.written).isEqualTo(written + 3);
        step(10, 12, 7);
        step(12, 14, 8);
        assertThat(listed.written).isEqualTo(written + 4);
        listed.batch = listed.anotherBatch();
        step(14, 16, 9);
        step(16, 18, 10);
        assertThat(listed.written).isEqualTo(written + 5);
        listed.key = "another";
        step(18, 20, 11);
        assertThat(listed.written).isEqualTo(written + 6);
        listed.operations = listed::operations;
        step(20, 22, 12);
        assertThat(listed.written).isEqualTo(written + 7);
    }

    /// The second has the tokens of the first, but they belong to two sequences.
    @Test
    void tokensOfOtherSequencesAttendToTheirOwn() {
        step(0, 40, 1);
        step(40, 42, 2);
        for (Machine machine : List.of(oneByOne, listed)) {
            machine.fill(42, 43, 3);
            machine.batch.add(new int[1], 0, 1, new int[] {BLOCKS - 1}, 1, false);
        }
        run();
    }

    /// A token of each of as many sequences, the last two of which may be of the same text.
    private void stepOfSequences(int position, boolean guess) {
        for (Machine machine : List.of(oneByOne, listed)) {
            machine.batch.clear();
            for (int s = 0; s < BLOCKS; s++) {
                boolean guessed = guess && s == BLOCKS - 1;
                int at = guessed ? position + 1 : position;
                int[] ids = new int[at + 1];
                ids[at] = s;
                int[] blocks = {guessed ? s - 1 : s};
                machine.batch.add(ids, at, at + 1, blocks, 1, true);
            }
        }
        run();
    }

    /// Threads go on from embeddings to the first product, from what stores keys and values to the
    /// next layer's, and from there to the end; they meet before attention and behind it if a token
    /// reads what another stores.
    @Test
    void threadsMeetForATokenThatReadsWhatAnotherStores() {
        stepOfSequences(0, false);
        stepOfSequences(1, false);
        int written = listed.written;
        stepOfSequences(2, false);
        assertThat(listed.written).isEqualTo(written);
        assertThat(listed.device.meetings()).isEqualTo(11);

        stepOfSequences(3, true);
        assertThat(listed.written).isEqualTo(written + 1);
        assertThat(listed.device.meetings()).isEqualTo(15);
        stepOfSequences(4, true);
        assertThat(listed.written).isEqualTo(written + 1);

        stepOfSequences(5, false);
        assertThat(listed.written).isEqualTo(written + 2);
        assertThat(listed.device.meetings()).isEqualTo(11);
    }

    @Test
    void paddingAttendsToNothing() {
        for (int padding = 0; padding < 3; padding++) {
            for (Machine machine : List.of(oneByOne, listed)) {
                machine.fill(8 - padding, 11 - 2 * padding, 3);
                machine.batch.padTo(3);
                while (machine.batch.numLogitRows() < 3) {
                    machine.batch.addLogitRow(0);
                }
            }
            run();
            assertThat(listed.contents(listed.attended.rows(0, 3)))
                    .isEqualTo(oneByOne.contents(oneByOne.attended.rows(0, 3)));
        }
    }

    @Test
    void aStepOfMoreOperationsThanAListHasRunsInParts() {
        listed.before =
                () -> {
                    for (int i = 0; i < OpList.MOST_OPS; i++) {
                        listed.device.rmsNorm(
                                listed.qkv.rows(0, 1).columns(0, WIDTH),
                                listed.norm,
                                1,
                                listed.qkv.rows(0, 1).columns(0, WIDTH));
                    }
                };
        step(0, 1, 1);
        step(1, 2, 2);
        assertThat(listed.written).isEqualTo(2);
    }

    @Test
    void whatAnOperationRefusesIsRefusedEachTime() {
        step(0, 1, 1);
        step(1, 2, 2);
        int written = listed.written;
        listed.fill(2, 3, 0);
        listed.batch.tokenIds().set(ValueLayout.JAVA_INT, 0, VOCABULARY);

        assertThatThrownBy(listed::together)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("token id");
        assertThat(listed.written).isEqualTo(written);

        listed.fill(2, 3, 0);
        listed.batch.logitRows().set(ValueLayout.JAVA_INT, 0, 1);
        assertThatThrownBy(listed::together)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("row");

        step(2, 3, 4);
    }

    @Test
    void aStepThatFailsWhileItIsWrittenLeavesNothingBehind() {
        step(0, 1, 1);
        listed.before =
                () -> {
                    listed.device.add(listed.x, listed.x);
                    throw new IllegalStateException("in the middle");
                };
        listed.fill(1, 3, 2);
        assertThatThrownBy(listed::together).hasMessage("in the middle");
        oneByOne.device.add(oneByOne.x, oneByOne.x);
        listed.device.add(listed.x, listed.x);
        assertThat(listed.contents(listed.x)).isEqualTo(oneByOne.contents(oneByOne.x));

        listed.before = () -> {};
        step(1, 3, 2);
        step(3, 4, 3);
    }

    @Test
    void whatTheHostReadsOrWritesInAStepIsInItsPlace() {
        float[] read = new float[64 * WIDTH];
        float[] again = new float[64 * WIDTH];
        float[] other = new Randoms(8).vector(64 * WIDTH);
        listed.before =
                () -> {
                    listed.device.add(listed.x, listed.x);
                    listed.device.download(listed.x, MemorySegment.ofArray(read));
                    listed.device.argmax(listed.x.rows(0, 1), listed.ids);
                    listed.device.add(listed.x, listed.x);
                    listed.upload(other, listed.x);
                    listed.device.download(listed.x, MemorySegment.ofArray(again));
                };
        for (int step = 0; step < 3; step++) {
            float[] values = new float[64 * WIDTH];
            values[7 + step] = step + 1;
            listed.upload(values, listed.x);
            step(step, step + 1, step);
            values[7 + step] *= 2;
            assertThat(read).isEqualTo(values);
            assertThat(again).isEqualTo(other);
            assertThat(listed.ids.get(ValueLayout.JAVA_INT, 0)).isEqualTo(7 + step);
        }
    }

    @Test
    void afterAReleaseTheStepIsWrittenDownAgain() {
        step(0, 1, 1);
        step(1, 2, 2);
        int written = listed.written;
        Tensor other = listed.device.allocate(DType.F32, Shape.of(3));
        step(2, 3, 3);
        assertThat(listed.written).isEqualTo(written);

        listed.device.release(other);
        step(3, 4, 4);

        assertThat(listed.written).isEqualTo(written + 1);
        PackedMatrix matrix = listed.pack(new Randoms(6), DType.F32, 32);
        step(5, 6, 5);
        assertThat(listed.written).isEqualTo(written + 1);

        listed.device.release(matrix);
        step(5, 6, 6);

        assertThat(listed.written).isEqualTo(written + 2);
    }

    /// What lies in the heap is copied each time.
    @Test
    void frequenciesInTheHeapAreThoseOfTheStep() {
        for (int step = 0; step < 4; step++) {
            float[] values = new Randoms(step).vector(HEAD / 2);
            MemorySegment.copy(
                    values, 0, oneByOne.frequencies, ValueLayout.JAVA_FLOAT, 0, values.length);
            listed.inverse = MemorySegment.ofArray(values);
            step(step, step + 1, step);
        }
    }

    @Test
    void operationsOfAListAreMeasuredOneByOne() {
        step(0, 1, 1);
        step(1, 2, 2);
        CpuProfile profile = listed.device.profile();
        profile.start();
        for (int position = 2; position < 5; position++) {
            step(position, position + 1, position);
        }
        profile.stop();
        step(4, 5, 5);

        assertThat(profile.rows())
                .extracting(CpuProfile.Row::name)
                .contains("linear 320x256", "linear 64x256", "attention", "add", "prepare");
        for (CpuProfile.Row row : profile.rows()) {
            boolean once =
                    List.of("embedding", "gatherLogitRows", "rotaryTable").contains(row.name());
            assertThat(row.calls()).as(row.name()).isGreaterThanOrEqualTo(once ? 3 : 6);
            assertThat(row.wallNanos()).isBetween(1L, profile.totalNanos());
            assertThat(row.busyNanos()).isBetween(1L, THREADS * row.wallNanos());
        }
    }
}
