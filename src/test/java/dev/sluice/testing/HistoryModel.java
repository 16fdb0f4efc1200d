package dev.sluice.testing;

import dev.sluice.compute.Activation;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;
import dev.sluice.model.CausalLm;
import dev.sluice.model.KvCache;
import dev.sluice.model.ModelConfig;
import dev.sluice.model.RopeConfig;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/// A model whose logits are a hash of the token ids before them, as it finds them in the KV cache
/// through the block table: wrong bookkeeping of blocks shows as other tokens.
///
/// The "key" of a token is its id, the "value" its position.
public final class HistoryModel implements CausalLm {
    private static final float WIDTH = 4;
    private static final float CERTAIN = 100;

    private final ModelConfig config;
    private Consumer<ForwardBatch> beforeForward = _ -> {};
    private Optional<ToIntFunction<int[]>> speaker = Optional.empty();
    private Predicate<int[]> silent = _ -> false;
    private int numForwards;
    private int largestBatch;

    public HistoryModel(int vocabSize) {
        RopeConfig rope = new RopeConfig(10_000, false, 1, Optional.empty());
        this.config =
                new ModelConfig(
                        "history",
                        vocabSize,
                        1,
                        1,
                        1,
                        1,
                        1,
                        1,
                        1 << 20,
                        1e-5f,
                        Activation.SILU,
                        1,
                        1,
                        rope,
                        rope,
                        List.of(OptionalInt.empty()),
                        true);
    }

    /// Runs something before each forward pass, to count or to fail.
    public HistoryModel beforeForward(Consumer<ForwardBatch> action) {
        this.beforeForward = action;
        return this;
    }

    /// Makes the most likely token a function of the ids before it.
    public HistoryModel saying(ToIntFunction<int[]> nextToken) {
        this.speaker = Optional.of(nextToken);
        return this;
    }

    /// Makes all logits NaN after some histories.
    public HistoryModel withoutNumbersAfter(Predicate<int[]> history) {
        this.silent = history;
        return this;
    }

    /// Forward passes so far.
    public int numForwards() {
        return numForwards;
    }

    /// Most tokens that one forward pass computed.
    public int largestBatch() {
        return largestBatch;
    }

    /// The logits after a history, computed without a cache.
    ///
    /// @param tokens valid below `length`
    public float[] logits(int[] tokens, int length) {
        long hash = 0;
        for (int i = 0; i < length; i++) {
            hash = extend(hash, tokens[i], i);
        }
        float[] logits = new float[config.vocabSize()];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = logit(hash, i);
        }
        return logits;
    }

    @Override
    public ModelConfig config() {
        return config;
    }

    @Override
    public long workspaceBytes(int maxTokens, int maxLogitRows) {
        return Workspace.bytesFor(DType.F32, Shape.of(maxLogitRows, config.vocabSize()));
    }

    @Override
    public Tensor forward(ForwardBatch batch, KvCache cache, Workspace workspace) {
        beforeForward.accept(batch);
        numForwards++;
        largestBatch = Math.max(largestBatch, batch.numTokens());
        workspace.reset();
        for (int token = 0; token < batch.numTokens(); token++) {
            store(batch, cache, token);
        }
        Tensor out = workspace.take(DType.F32, Shape.of(batch.numLogitRows(), config.vocabSize()));
        for (int row = 0; row < batch.numLogitRows(); row++) {
            int last = at(batch.logitRows(), row);
            long hash = hashOfHistory(batch, cache, last);
            boolean noNumbers = silent.test(history(batch, cache, last));
            for (int i = 0; i < config.vocabSize(); i++) {
                out.data()
                        .setAtIndex(
                                ValueLayout.JAVA_FLOAT,
                                (long) row * config.vocabSize() + i,
                                noNumbers ? Float.NaN : logit(hash, i));
            }
            long start = (long) row * config.vocabSize();
            speaker.ifPresent(next ->
                    out.data()
                            .setAtIndex(
                                    ValueLayout.JAVA_FLOAT,
                                    start + next.applyAsInt(history(batch, cache, last)),
                                    CERTAIN));
        }
        return out;
    }

    private static int[] history(ForwardBatch batch, KvCache cache, int token) {
        int sequence = at(batch.sequenceOfToken(), token);
        MemorySegment kv = cache.layer(0).data();
        int[] ids = new int[at(batch.positions(), token) + 1];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (int) kv.getAtIndex(ValueLayout.JAVA_FLOAT, slot(batch, sequence, i));
        }
        return ids;
    }

    private static void store(ForwardBatch batch, KvCache cache, int token) {
        int position = at(batch.positions(), token);
        long slot = slot(batch, at(batch.sequenceOfToken(), token), position);
        MemorySegment kv = cache.layer(0).data();
        kv.setAtIndex(ValueLayout.JAVA_FLOAT, slot, at(batch.tokenIds(), token));
        kv.setAtIndex(ValueLayout.JAVA_FLOAT, slot + batch.blockSize(), position);
    }

    private static long hashOfHistory(ForwardBatch batch, KvCache cache, int token) {
        int sequence = at(batch.sequenceOfToken(), token);
        MemorySegment kv = cache.layer(0).data();
        long hash = 0;
        for (int i = 0; i <= at(batch.positions(), token); i++) {
            long slot = slot(batch, sequence, i);
            hash =
                    extend(
                            hash,
                            (int) kv.getAtIndex(ValueLayout.JAVA_FLOAT, slot),
                            (int) kv.getAtIndex(ValueLayout.JAVA_FLOAT, slot + batch.blockSize()));
        }
        return hash;
    }

    /// Index of a key in `[numBlocks, 2, 1, blockSize, 1]`.
    private static long slot(ForwardBatch batch, int sequence, int position) {
        int entry = sequence * batch.maxBlocksPerSequence() + position / batch.blockSize();
        return 2L * at(batch.blockTables(), entry) * batch.blockSize()
                + position % batch.blockSize();
    }

    private static int at(MemorySegment ints, int index) {
        return ints.getAtIndex(ValueLayout.JAVA_INT, index);
    }

    private static long extend(long hash, int token, int position) {
        return mix(hash * 31 + token * 1_000_003L + position);
    }

    private static float logit(long hash, int id) {
        return (mix(hash + id) >>> 40) * 0x1.0p-24f * WIDTH;
    }

    private static long mix(long z) {
        long a = (z ^ (z >>> 33)) * 0xff51afd7ed558ccdL;
        long b = (a ^ (a >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return b ^ (b >>> 33);
    }

    @Override
    public long weightBytes() {
        return 0;
    }

    @Override
    public String weightFormat() {
        return "f32";
    }

    @Override
    public void close() {}
}
