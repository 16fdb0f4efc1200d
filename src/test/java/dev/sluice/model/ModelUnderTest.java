package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/// A loaded model with a small paged cache, run without the engine. Every sequence gets blocks from
/// all over the pool, in shuffled order.
final class ModelUnderTest implements AutoCloseable {
    private static final int BLOCK_SIZE = 16;

    private final Device device;
    private final CausalLm model;
    private final KvCache cache;
    private final ForwardBatch batch;
    private final Workspace workspace;
    private final int[][] blockTables;

    /// @param device closed with this
    /// @param maxTokens longest sequence
    /// @param maxSequences most sequences of one step
    ModelUnderTest(
            Path checkpoint,
            Device device,
            Packing packing,
            DType kv,
            int maxTokens,
            int maxSequences) {
        this.device = device;
        try (ModelCheckpoint opened = ModelCheckpoint.open(checkpoint)) {
            this.model = opened.load(device, packing);
        }
        int blocks = Math.ceilDiv(maxTokens, BLOCK_SIZE);
        this.cache = new KvCache(device, model.config(), kv, blocks * maxSequences, BLOCK_SIZE);
        int rows = maxTokens * maxSequences;
        this.batch = new ForwardBatch(rows, maxSequences, blocks, BLOCK_SIZE);
        this.workspace = new Workspace(device, model.workspaceBytes(rows, rows));
        this.blockTables = shuffled(blocks, maxSequences);
    }

    private static int[][] shuffled(int blocks, int maxSequences) {
        int[] order = IntStream.range(0, blocks * maxSequences).toArray();
        SplittableRandom random = new SplittableRandom(11);
        for (int i = order.length - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int swapped = order[i];
            order[i] = order[other];
            order[other] = swapped;
        }
        int[][] tables = new int[maxSequences][];
        for (int i = 0; i < maxSequences; i++) {
            tables[i] = Arrays.copyOfRange(order, i * blocks, (i + 1) * blocks);
        }
        return tables;
    }

    /// Logits at every position of one sequence, computed at most `chunk` positions a step.
    Logits logits(int[] tokens, int chunk) {
        int vocabulary = model.config().vocabSize();
        float[] all = new float[tokens.length * vocabulary];
        for (int from = 0; from < tokens.length; from += chunk) {
            int to = Math.min(tokens.length, from + chunk);
            batch.clear();
            add(0, tokens, from, to);
            float[] step = forward();
            System.arraycopy(step, 0, all, from * vocabulary, step.length);
        }
        return new Logits(all, vocabulary);
    }

    /// Logits at every position of several sequences in one step, one below the other.
    Logits logitsTogether(List<int[]> sequences) {
        batch.clear();
        for (int i = 0; i < sequences.size(); i++) {
            add(i, sequences.get(i), 0, sequences.get(i).length);
        }
        return new Logits(forward(), model.config().vocabSize());
    }

    /// The tokens that follow, each computed from the cached ones before it.
    int[] greedy(int[] prompt, int steps) {
        int[] tokens = Arrays.copyOf(prompt, prompt.length + steps);
        int computed = 0;
        for (int length = prompt.length; length < tokens.length; length++) {
            batch.clear();
            batch.add(tokens, computed, length, blockTables[0], blockTables[0].length, true);
            tokens[length] = new Logits(forward(), model.config().vocabSize()).argmax(0);
            computed = length;
        }
        return Arrays.copyOfRange(tokens, prompt.length, tokens.length);
    }

    private void add(int sequence, int[] tokens, int from, int to) {
        int first = batch.numTokens();
        batch.add(tokens, from, to, blockTables[sequence], blockTables[sequence].length, false);
        for (int i = first; i < batch.numTokens(); i++) {
            batch.addLogitRow(i);
        }
    }

    private float[] forward() {
        Tensor logits = model.forward(batch, cache, workspace);
        float[] values = new float[batch.numLogitRows() * model.config().vocabSize()];
        device.download(logits, MemorySegment.ofArray(values));
        return values;
    }

    @Override
    public void close() {
        workspace.close();
        batch.close();
        cache.close();
        model.close();
        device.close();
    }
}
