package dev.sluice.compute.cuda;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.StepLimits;
import dev.sluice.compute.Tensor;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Attention over paged keys and values: `native/cuda/attention_decode.cu` for sequences with one
/// token in a step, `native/cuda/attention_prefill.cu` for those with several.
///
/// A step in which every sequence has one token is launched by its number of tokens alone, padding
/// among them, so that a captured graph serves all steps of that size. Partial results of splits
/// lie in scratch memory that is taken once; a batch too large for it is decoded piece by piece.
final class CudaAttention implements AutoCloseable {
    private static final int SPLIT_KEYS = 256;
    private static final int MAX_MERGE_THREADS = 256;
    private static final int MAX_GRID_ROWS = 65_535;
    private static final long SCRATCH_BYTES = 64L << 20;

    /// Rows of a launch stand for tokens, not for sequences.
    private static final int BY_TOKEN = -1;

    private final CudaContext context;
    private final CudaBatch batches;
    private final Map<Kind, AttentionPlan> plans = new HashMap<>();

    /// The last is in use. Those before stay, for captured graphs write to them.
    private final List<DeviceMemory> scratch = new ArrayList<>();

    CudaAttention(CudaContext context, CudaBatch batches) {
        this.context = context;
        this.batches = batches;
    }

    /// What a plan is for.
    private record Kind(AttentionSpec spec, DType type) {}

    /// Operands of one call.
    private record Operands(
            Tensor q,
            Tensor kv,
            ForwardBatch batch,
            AttentionSpec spec,
            Tensor out,
            CudaBatch step) {
        int window() {
            return spec.slidingWindow().orElse(0);
        }

        /// Splits that a context of this step may have.
        int splits() {
            return splitsOf(step.contextBound());
        }

        /// A window's keys lie in few splits.
        private int splitsOf(int context) {
            int all = Math.ceilDiv(context, SPLIT_KEYS);
            return window() == 0 ? all : Math.min(all, Math.ceilDiv(window() - 1, SPLIT_KEYS) + 1);
        }

        /// Bytes of one token's partial results.
        long partialBytes() {
            return partialBytes(splits());
        }

        private long partialBytes(int splits) {
            return CudaAttention.partialBytes(spec.numHeads(), spec.headDim(), splits);
        }

        /// Bytes of the partial results of the largest batch.
        long mostBytes() {
            int context = Math.multiplyExact(batch.maxBlocksPerSequence(), batch.blockSize());
            return partialBytes(splitsOf(CudaBatch.boundOf(context))) * batch.maxSequences();
        }
    }

    /// Takes scratch memory for all steps within limits.
    void reserve(StepLimits limits) {
        int splits = Math.ceilDiv(CudaBatch.boundOf(limits.maxContext()), SPLIT_KEYS);
        long token = partialBytes(limits.numHeads(), limits.headDim(), splits);
        reserve(Math.max(token, Math.min(SCRATCH_BYTES, token * limits.maxSequences())));
    }

    private void reserve(long bytes) {
        if (scratch.isEmpty() || scratch.getLast().bytes() < bytes) {
            scratch.add(DeviceMemory.allocate(bytes));
        }
    }

    private static long partialBytes(int numHeads, int headDim, int splits) {
        return (long) numHeads * splits * (headDim + 2) * Float.BYTES;
    }

    /// As [dev.sluice.compute.Device#attention]; the shapes are checked.
    void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        AttentionPlan plan =
                plans.computeIfAbsent(
                        new Kind(spec, kv.dtype()),
                        kind -> AttentionPlan.of(context, kind.spec(), kind.type()));
        Operands operands = new Operands(q, kv, batch, spec, out, batches.of(batch));
        int sequences = batch.numSequences();
        int tokens = sequences == 0 ? 0 : seqStart(batch, sequences);
        int padding = batch.numTokens() - tokens;
        if (tokens == sequences) {
            decode(plan, operands, batch.numTokens(), BY_TOKEN);
            return;
        }
        if (padding > 0 || hasDecoding(batch)) {
            decode(plan, operands, sequences + padding, sequences);
        }
        prefill(plan, operands, tokens);
    }

    private static int seqStart(ForwardBatch batch, int sequence) {
        return batch.seqStarts().getAtIndex(ValueLayout.JAVA_INT, sequence);
    }

    private static boolean hasDecoding(ForwardBatch batch) {
        for (int s = 0; s < batch.numSequences(); s++) {
            if (seqStart(batch, s + 1) - seqStart(batch, s) == 1) {
                return true;
            }
        }
        return false;
    }

    private void decode(AttentionPlan plan, Operands operands, int rows, int sequences) {
        DeviceMemory partials = scratchFor(operands, rows);
        long most = Math.min(partials.bytes() / operands.partialBytes(), MAX_GRID_ROWS);
        for (int first = 0; first < rows; first += (int) most) {
            int count = (int) Math.min(most, rows - first);
            attend(plan, operands, partials.address(), first, count, sequences);
            if (operands.splits() > 1) {
                merge(operands, partials.address(), first, count, sequences);
            }
        }
    }

    private DeviceMemory scratchFor(Operands operands, int rows) {
        long wanted = Math.min(rows * operands.partialBytes(), SCRATCH_BYTES);
        wanted = Math.max(wanted, operands.partialBytes());
        if (scratch.isEmpty() || scratch.getLast().bytes() < wanted) {
            reserve(Math.max(wanted, Math.min(SCRATCH_BYTES, operands.mostBytes())));
        }
        return scratch.getLast();
    }

    private void attend(
            AttentionPlan plan, Operands o, long partials, int first, int count, int sequences) {
        CudaFunction kernel = plan.decode().args();
        kernel.matrix(o.q()).tensor(o.kv()).matrix(o.out()).i64(partials);
        sequenceArguments(kernel, o.step());
        kernel.i64(o.step().blockTables()).i32(o.step().tableStride()).i32(first).i32(sequences);
        layerArguments(kernel, o, plan.decodeHeads());
        int pieces = plan.decodePieces(o.spec());
        kernel.launch(o.splits(), pieces, count, AttentionPlan.THREADS, plan.decodeSharedBytes());
    }

    private void merge(Operands o, long partials, int first, int count, int sequences) {
        CudaFunction kernel =
                context.function(AttentionPlan.DECODE_MODULE, "attention_merge").args();
        kernel.i64(partials).matrix(o.out());
        sequenceArguments(kernel, o.step());
        kernel.i32(first).i32(sequences).i32(o.splits()).i32(o.spec().headDim()).i32(o.window());
        int threads = Math.min(Math.ceilDiv(o.spec().headDim(), 32) * 32, MAX_MERGE_THREADS);
        kernel.launch(o.spec().numHeads(), count, 1, threads, 0);
    }

    private static void prefill(AttentionPlan plan, Operands o, int tokens) {
        CudaFunction kernel = plan.prefill().args();
        kernel.matrix(o.q()).tensor(o.kv()).matrix(o.out());
        sequenceArguments(kernel, o.step());
        kernel.i64(o.step().blockTables()).i32(o.step().tableStride()).i32(tokens);
        layerArguments(kernel, o, plan.prefillHeads());
        int runs = Math.ceilDiv(tokens, plan.prefillTokens());
        int pieces = plan.prefillPieces(o.spec());
        kernel.launch(runs, pieces, 1, AttentionPlan.THREADS, plan.prefillSharedBytes());
    }

    private static void sequenceArguments(CudaFunction kernel, CudaBatch step) {
        kernel.i64(step.sequenceOfToken()).i64(step.seqStarts()).i64(step.contextLengths());
    }

    private static void layerArguments(CudaFunction kernel, Operands o, int heads) {
        AttentionSpec spec = o.spec();
        kernel.i32(spec.numHeads()).i32(spec.numKvHeads()).i32(heads).i32(o.batch().blockSize());
        kernel.i32(spec.headDim()).i32(o.window()).f32(spec.scale());
    }

    /// Gives back scratch memory.
    @Override
    public void close() {
        scratch.forEach(DeviceMemory::close);
        scratch.clear();
    }
}
