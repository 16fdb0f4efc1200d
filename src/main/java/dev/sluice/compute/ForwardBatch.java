package dev.sluice.compute;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The tokens of one step: several sequences, each with its next tokens, one after the other.
///
/// A prompt chunk and a decoding sequence look alike; a decoding sequence has one token. The arrays
/// lie in off-heap staging rows that are sized at construction and reused: [#clear()], then [#add]
/// per sequence.
///
/// ```
/// tokens     | s0 s0 s0 | s1 | s2 s2 |      numTokens = 6
/// seqStarts    0          3    4       6
/// ```
///
/// Owned by the engine's model runner, which closes it. Call only on the engine thread.
public final class ForwardBatch implements AutoCloseable {
    private final Arena arena;
    private final int maxTokens;
    private final int maxSequences;
    private final int maxBlocksPerSequence;
    private final int blockSize;
    private final MemorySegment tokenIds;
    private final MemorySegment positions;
    private final MemorySegment sequenceOfToken;
    private final MemorySegment seqStarts;
    private final MemorySegment contextLengths;
    private final MemorySegment blockTables;
    private final MemorySegment logitRows;
    private int numTokens;
    private int numSequences;
    private int numLogitRows;
    private long version;

    /// Reserves the staging rows.
    ///
    /// @param maxTokens most tokens of one step
    /// @param maxSequences most sequences of one step
    /// @param maxBlocksPerSequence longest block table
    /// @param blockSize tokens of one KV block
    public ForwardBatch(int maxTokens, int maxSequences, int maxBlocksPerSequence, int blockSize) {
        this.arena = Arena.ofShared();
        this.maxTokens = maxTokens;
        this.maxSequences = maxSequences;
        this.maxBlocksPerSequence = maxBlocksPerSequence;
        this.blockSize = blockSize;
        this.tokenIds = ints(maxTokens);
        this.positions = ints(maxTokens);
        this.sequenceOfToken = ints(maxTokens);
        this.seqStarts = ints(maxSequences + 1L);
        this.contextLengths = ints(maxSequences);
        this.blockTables = ints((long) maxSequences * maxBlocksPerSequence);
        this.logitRows = ints(maxTokens);
    }

    private MemorySegment ints(long n) {
        return arena.allocate(ValueLayout.JAVA_INT, Math.max(1, n));
    }

    /// Empties the batch.
    public void clear() {
        numTokens = 0;
        numSequences = 0;
        numLogitRows = 0;
        version++;
    }

    /// Appends one sequence's next tokens.
    ///
    /// @param tokens source of the ids; the tokens `[from, to)` are computed in this step
    /// @param from position of the first token of this step, which is also the number of tokens
    ///   whose keys and values are already in the cache
    /// @param to one past the last position of this step
    /// @param blockTable physical block of each logical block; covers `to` tokens at least
    /// @param numBlocks valid entries of `blockTable`
    /// @param lastLogits whether the logits of the last token are wanted
    /// @throws IllegalArgumentException if the batch has no room
    public void add(
            int[] tokens, int from, int to, int[] blockTable, int numBlocks, boolean lastLogits) {
        int n = to - from;
        if (n <= 0
                || numTokens + n > maxTokens
                || numSequences == maxSequences
                || numBlocks > maxBlocksPerSequence
                || (long) numBlocks * blockSize < to) {
            throw new IllegalArgumentException(
                    "no room for tokens [%d, %d) with %d blocks in %s"
                            .formatted(from, to, numBlocks, this));
        }
        for (int i = 0; i < n; i++) {
            long at = (long) numTokens + i;
            tokenIds.setAtIndex(ValueLayout.JAVA_INT, at, tokens[from + i]);
            positions.setAtIndex(ValueLayout.JAVA_INT, at, from + i);
            sequenceOfToken.setAtIndex(ValueLayout.JAVA_INT, at, numSequences);
        }
        seqStarts.setAtIndex(ValueLayout.JAVA_INT, numSequences, numTokens);
        seqStarts.setAtIndex(ValueLayout.JAVA_INT, numSequences + 1L, numTokens + n);
        contextLengths.setAtIndex(ValueLayout.JAVA_INT, numSequences, to);
        MemorySegment.copy(
                blockTable,
                0,
                blockTables,
                ValueLayout.JAVA_INT,
                4L * numSequences * maxBlocksPerSequence,
                numBlocks);
        numTokens += n;
        numSequences++;
        version++;
        if (lastLogits) {
            addLogitRow(numTokens - 1);
        }
    }

    /// Appends tokens that belong to no sequence, so that steps of several sizes become equal in
    /// shape. A padding token has the sequence -1, the id 0, the position 0 and a row of logits; it
    /// writes no keys and values and attends to nothing: its attention is zeros, and its logits
    /// mean nothing.
    ///
    /// @param tokens that the batch then has; fewer than there are change nothing
    /// @throws IllegalArgumentException if the batch has no room
    public void padTo(int tokens) {
        if (tokens > maxTokens) {
            throw new IllegalArgumentException(
                    "no room for %d tokens in %s".formatted(tokens, this));
        }
        for (; numTokens < tokens; numTokens++) {
            tokenIds.setAtIndex(ValueLayout.JAVA_INT, numTokens, 0);
            positions.setAtIndex(ValueLayout.JAVA_INT, numTokens, 0);
            sequenceOfToken.setAtIndex(ValueLayout.JAVA_INT, numTokens, -1);
            addLogitRow(numTokens);
        }
    }

    /// Asks for the logits of one more token of the batch.
    ///
    /// @param tokenRow index of the token in this batch
    public void addLogitRow(int tokenRow) {
        logitRows.setAtIndex(ValueLayout.JAVA_INT, numLogitRows++, tokenRow);
        version++;
    }

    /// A number that differs between any two states of this batch: a device that keeps a copy sees
    /// by it that the copy is old.
    public long version() {
        return version;
    }

    /// Most tokens of one step.
    public int maxTokens() {
        return maxTokens;
    }

    /// Most sequences of one step.
    public int maxSequences() {
        return maxSequences;
    }

    /// Tokens in the batch, padding among them.
    public int numTokens() {
        return numTokens;
    }

    /// Sequences in the batch.
    public int numSequences() {
        return numSequences;
    }

    /// Rows of logits that the forward pass returns, in the order in which they were asked for.
    public int numLogitRows() {
        return numLogitRows;
    }

    /// Tokens of one KV block.
    public int blockSize() {
        return blockSize;
    }

    /// Entries between the block tables of two sequences.
    public int maxBlocksPerSequence() {
        return maxBlocksPerSequence;
    }

    /// Token ids, int32 `[numTokens]`.
    public MemorySegment tokenIds() {
        return tokenIds;
    }

    /// Position of each token in its sequence, int32 `[numTokens]`.
    public MemorySegment positions() {
        return positions;
    }

    /// Index of each token's sequence in this batch, int32 `[numTokens]`; -1 for padding.
    public MemorySegment sequenceOfToken() {
        return sequenceOfToken;
    }

    /// First token row of each sequence and the end of the last, behind which there is padding
    /// only; int32 `[numSequences + 1]`.
    public MemorySegment seqStarts() {
        return seqStarts;
    }

    /// Tokens of each sequence in the cache once this step is done, int32 `[numSequences]`.
    public MemorySegment contextLengths() {
        return contextLengths;
    }

    /// Physical block numbers, int32 `[numSequences, maxBlocksPerSequence]`; entries past a
    /// sequence's length are undefined.
    public MemorySegment blockTables() {
        return blockTables;
    }

    /// Token rows whose logits are wanted, int32 `[numLogitRows]`.
    public MemorySegment logitRows() {
        return logitRows;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    @Override
    public String toString() {
        return "ForwardBatch[%d of %d tokens, %d of %d sequences, %d blocks each]"
                .formatted(numTokens, maxTokens, numSequences, maxSequences, maxBlocksPerSequence);
    }
}
