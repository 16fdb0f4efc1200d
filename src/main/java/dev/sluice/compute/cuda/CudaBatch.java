package dev.sluice.compute.cuda;

import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.StepLimits;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/// The tokens of the step on the GPU: one copy a step, at addresses that depend on [#tokens()]
/// alone, so that a captured graph finds the next step of as many tokens in the same place.
///
/// ```
/// counts | tokenIds | positions | sequenceOfToken | logitRows | seqStarts | contextLengths | tables
/// ```
///
/// What differs from step to step (number of sequences, lengths, tables) kernels read from here;
/// launch arguments may depend on [#tokens()], [#contextBound()] and [#tableStride()] only, which
/// are equal in all steps that share a graph.
final class CudaBatch implements AutoCloseable {
    /// Least context that kernels are launched for.
    private static final int LEAST_CONTEXT = 512;

    private static final int COUNTS = 16;
    private static final int ALIGNMENT = 16;
    private static final int STAGING_BLOCKS = 2;

    private final CudaStream stream;
    private Optional<ForwardBatch> batch = Optional.empty();
    private Optional<StagingRing> staging = Optional.empty();
    private Optional<DeviceMemory> memory = Optional.empty();
    private long version;
    private long base;
    private int rows;
    private int contextBound;
    private int tableStride;

    CudaBatch(CudaStream stream) {
        this.stream = stream;
    }

    /// The batch on the GPU; copied if it is not there as it is now.
    CudaBatch of(ForwardBatch current) {
        if (batch.isEmpty() || batch.get() != current || version != current.version()) {
            batch = Optional.of(current);
            version = current.version();
            upload(current);
        }
        return this;
    }

    private void upload(ForwardBatch step) {
        measure(step);
        long bytes = tables() + 4L * step.numSequences() * tableStride - base;
        reserve(
                Math.max(
                        bytes,
                        capacityOf(
                                step.maxTokens(),
                                step.maxSequences(),
                                step.maxBlocksPerSequence())));
        StagingRing ring = staging.orElseThrow();
        MemorySegment block = ring.next();
        block.setAtIndex(ValueLayout.JAVA_INT, 0, step.numTokens());
        block.setAtIndex(ValueLayout.JAVA_INT, 1, step.numSequences());
        block.setAtIndex(ValueLayout.JAVA_INT, 2, step.numLogitRows());
        put(step.tokenIds(), step.numTokens(), block, tokenIds());
        put(step.positions(), step.numTokens(), block, positions());
        put(step.sequenceOfToken(), step.numTokens(), block, sequenceOfToken());
        put(step.logitRows(), step.numLogitRows(), block, logitRows());
        put(step.seqStarts(), step.numSequences() + 1, block, seqStarts());
        put(step.contextLengths(), step.numSequences(), block, contextLengths());
        for (int s = 0; s < step.numSequences(); s++) {
            MemorySegment.copy(
                    step.blockTables(),
                    4L * s * step.maxBlocksPerSequence(),
                    block,
                    tables() - base + 4L * s * tableStride,
                    4L * tableStride);
        }
        ring.send(base, bytes);
    }

    private void put(MemorySegment from, int count, MemorySegment block, long address) {
        MemorySegment.copy(from, 0, block, address - base, 4L * count);
    }

    private void measure(ForwardBatch step) {
        int most = Math.max(step.numTokens(), step.numLogitRows());
        rows = Math.ceilDiv(most + 1, ALIGNMENT) * ALIGNMENT;
        contextBound = boundOf(step);
        tableStride =
                Math.min(step.maxBlocksPerSequence(), Math.ceilDiv(contextBound, step.blockSize()));
    }

    /// The longest context of a step, rounded up to a power of two: steps with equal bounds may
    /// share a graph.
    static int boundOf(ForwardBatch step) {
        int longest = LEAST_CONTEXT;
        for (int s = 0; s < step.numSequences(); s++) {
            int length = step.contextLengths().getAtIndex(ValueLayout.JAVA_INT, s);
            longest = Math.max(longest, length);
        }
        return boundOf(longest);
    }

    /// The bound of a step whose longest context has so many tokens.
    static int boundOf(int longest) {
        return longest <= LEAST_CONTEXT ? LEAST_CONTEXT : Integer.highestOneBit(longest - 1) << 1;
    }

    /// Takes memory for all steps within limits.
    void reserve(StepLimits limits) {
        reserve(capacityOf(limits.maxTokens(), limits.maxSequences(), limits.maxBlocks()));
    }

    /// Grows only while the first steps of an engine are seen, for its batch has a fixed capacity.
    private void reserve(long bytes) {
        if (memory.isPresent() && memory.get().bytes() >= bytes) {
            return;
        }
        stream.synchronize();
        close();
        memory = Optional.of(DeviceMemory.allocate(bytes));
        staging = Optional.of(new StagingRing(stream, STAGING_BLOCKS, bytes));
        base = memory.get().address();
    }

    private static long capacityOf(int maxTokens, int maxSequences, int maxBlocks) {
        long rows = maxTokens + 2L * ALIGNMENT;
        long tables = (long) maxSequences * maxBlocks;
        return 4 * (COUNTS + 6 * rows + tables);
    }

    /// Tokens of the step, padding among them.
    int tokens() {
        return batch.orElseThrow().numTokens();
    }

    /// Tokens that no context of this step exceeds: a power of two.
    int contextBound() {
        return contextBound;
    }

    /// Entries between the block tables of two sequences.
    int tableStride() {
        return tableStride;
    }

    /// Address of int32 `[3]`: tokens, sequences, rows of logits.
    long counts() {
        return base;
    }

    /// Address of int32 `[tokens]`.
    long tokenIds() {
        return base + 4L * COUNTS;
    }

    /// Address of int32 `[tokens]`.
    long positions() {
        return tokenIds() + 4L * rows;
    }

    /// Address of int32 `[tokens]`; -1 for padding.
    long sequenceOfToken() {
        return positions() + 4L * rows;
    }

    /// Address of int32 `[rows of logits]`.
    long logitRows() {
        return sequenceOfToken() + 4L * rows;
    }

    /// Address of int32 `[sequences + 1]`.
    long seqStarts() {
        return logitRows() + 4L * rows;
    }

    /// Address of int32 `[sequences]`.
    long contextLengths() {
        return seqStarts() + 4L * rows;
    }

    /// Address of int32 `[sequences, tableStride]`; entries past a sequence's length are undefined.
    long blockTables() {
        return tables();
    }

    private long tables() {
        return contextLengths() + 4L * rows;
    }

    /// Gives the memory back, for no copy is on its way; the next batch takes it again.
    @Override
    public void close() {
        memory.ifPresent(DeviceMemory::close);
        staging.ifPresent(StagingRing::close);
        memory = Optional.empty();
        staging = Optional.empty();
    }
}
