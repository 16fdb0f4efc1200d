package dev.sluice.compute.cpu;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.weights.Bits;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/// Cuts attention into units: tiles of adjacent tokens times groups of query heads. Where that
/// leaves few units, or one much longer than the others, a tile is cut once more, into the segments
/// of the positions that it sees. The result depends on none of it.
///
/// Keeps the last cut, which all layers of a kind share. For the device's calling thread.
final class AttentionTiles {
    /// Integers of a tile: sequence, first token row, number of tokens, segment or -1 for all,
    /// first row of partials.
    static final int ENTRY_INTS = 5;

    /// Integers of a row to merge: token row, first of its rows of partials, number of them, how
    /// far apart they are.
    private static final int MERGE_INTS = 4;

    /// Positions from which a decoding token is cut even beside many others.
    private static final int LONG = 2048;

    private static final int WHOLE = -1;

    /// Most memory for what parts leave; beyond it tiles stay whole.
    private static final long MOST_PARTIAL_BYTES = 16L << 20;

    private final CpuKernels kernels;
    private final int threads;
    private final AttentionSpec spec;
    private final DType cache;
    private final int segment;
    private final Scratch list;
    private final Scratch mergeList;
    private final Scratch partialRows;

    private @Nullable ForwardBatch batch;
    private long version;

    private int headsPerUnit;
    private int tokens;
    private boolean few;
    private int tiles;
    private int parts;
    private int merged;
    private int longestMerge;
    private boolean apart;

    // Physical blocks in which the batch's tokens are stored, one each.
    private final BitSet stored = new BitSet();

    AttentionTiles(
            CpuKernels kernels, int threads, CpuMemory memory, AttentionSpec spec, DType cache) {
        this.kernels = kernels;
        this.threads = threads;
        this.spec = spec;
        this.cache = cache;
        this.segment = kernels.attentionSegment().orElse(Integer.MAX_VALUE);
        this.list = new Scratch(memory);
        this.mergeList = new Scratch(memory);
        this.partialRows = new Scratch(memory);
    }

    /// Floats of a row of partials for one head.
    static int partialStride(AttentionSpec spec) {
        return 32 + Math.ceilDiv(spec.headDim(), 16) * 16;
    }

    /// Whether this cuts attention of that kind.
    boolean serves(AttentionSpec spec, DType cache) {
        return this.spec.equals(spec) && this.cache == cache;
    }

    /// Cuts the attention of a batch; what was cut before is overwritten.
    void cut(ForwardBatch batch) {
        if (this.batch == batch && version == batch.version()) {
            return;
        }
        this.batch = null;
        chooseHeads(batch);
        lay(batch, false);
        list.take(4L * ENTRY_INTS * tiles);
        mergeList.take(4L * MERGE_INTS * merged);
        partialRows.take(parts * partialBytes());
        lay(batch, true);
        apart = isApart(batch);
        this.batch = batch;
        this.version = batch.version();
    }

    /// All that operations know of a cut: batches of the same form differ in what the lists hold.
    Form form() {
        return new Form(
                headsPerUnit,
                tiles,
                merged,
                longestMerge,
                apart,
                list().address(),
                merges().address(),
                partials().address());
    }

    /// @param headsPerUnit as [#headsPerUnit()], and so on
    /// @param list where things lie
    record Form(
            int headsPerUnit,
            int tiles,
            int merged,
            int longestMerge,
            boolean apart,
            long list,
            long merges,
            long partials) {}

    /// Query heads of one unit; divides the heads that share a key/value head.
    int headsPerUnit() {
        return headsPerUnit;
    }

    /// Number of tiles.
    int tiles() {
        return tiles;
    }

    /// The tiles: int32 `[tiles, 5]`.
    MemorySegment list() {
        return list.take(0);
    }

    /// Number of rows to merge.
    int merged() {
        return merged;
    }

    /// Most parts that a row is merged of.
    long longestMerge() {
        return longestMerge;
    }

    /// Whether there are many tiles, one for each token, in their order, and none reads the keys
    /// and values that another token of the batch stores.
    boolean apart() {
        return apart;
    }

    /// The rows to merge: int32 `[merged, 4]`.
    MemorySegment merges() {
        return mergeList.take(0);
    }

    /// What the parts leave: float32 `[rows, numHeads, partialStride]`. The same memory until
    /// another batch is cut.
    MemorySegment partials() {
        return partialRows.take(0);
    }

    /// Bytes of a row of partials.
    private long partialBytes() {
        return 4L * spec.numHeads() * partialStride(spec);
    }

    /// Takes as many heads into a unit as are done soonest: more heads read the keys and values
    /// less often, more units share the work more evenly. With tiles it takes them all, for one
    /// head alone would cost as much.
    private void chooseHeads(ForwardBatch batch) {
        boolean all = kernels.attentionByTiles(cache, batch.blockSize(), spec.headDim());
        int shared = spec.numHeads() / spec.numKvHeads();
        takeHeads(batch, shared, all);
        if (all || !few) {
            return;
        }
        int best = shared;
        long least = cost(batch);
        for (int heads = shared - 1; heads > 0; heads--) {
            if (shared % heads == 0) {
                takeHeads(batch, heads, false);
                if (cost(batch) < least) {
                    best = heads;
                    least = cost(batch);
                }
            }
        }
        takeHeads(batch, best, false);
    }

    private void takeHeads(ForwardBatch batch, int heads, boolean all) {
        headsPerUnit = heads;
        tokens = kernels.attentionTile(heads, all);
        few = count(batch, tokens) * (spec.numHeads() / heads) < 4L * threads;
    }

    /// What the thread with the most units spends, in half of what a row costs in a segment: to
    /// bring keys and values in costs about as much as half a row that meets them.
    private long cost(ForwardBatch batch) {
        long parts = spec.numHeads() / headsPerUnit;
        long whole = count(batch, tokens);
        long segments = countSegments(batch);
        long units = (few ? segments : whole) * parts;
        long length = few ? 1 : Math.ceilDiv(segments, whole);
        int rows = Math.min(tokens, longest(batch)) * headsPerUnit;
        return Math.ceilDiv(units, threads) * length * (2L * rows + 1);
    }

    private boolean isApart(ForwardBatch batch) {
        return !few
                && tiles == batch.numTokens()
                && tiles == batch.numSequences()
                && !readOthers(batch);
    }

    /// Whether some of the sequences, which have a token each, read what others store, as those do
    /// that follow one another in the same text.
    private boolean readOthers(ForwardBatch batch) {
        stored.clear();
        int sequences = batch.numSequences();
        for (int s = 0; s < sequences; s++) {
            int block = block(batch, s, lastBlock(batch, s));
            if (stored.get(block)) {
                return true;
            }
            stored.set(block);
        }
        for (int s = 0; s < sequences; s++) {
            for (int i = 0; i < lastBlock(batch, s); i++) {
                if (stored.get(block(batch, s, i))) {
                    return true;
                }
            }
        }
        return false;
    }

    private static int lastBlock(ForwardBatch batch, int sequence) {
        return (Bits.i32(batch.contextLengths(), sequence) - 1) / batch.blockSize();
    }

    private static int block(ForwardBatch batch, int sequence, int index) {
        return Bits.i32(batch.blockTables(), sequence * batch.maxBlocksPerSequence() + index);
    }

    private static int longest(ForwardBatch batch) {
        int longest = 0;
        for (int s = 0; s < batch.numSequences(); s++) {
            longest = Math.max(longest, start(batch, s + 1) - start(batch, s));
        }
        return longest;
    }

    private static long count(ForwardBatch batch, int tokens) {
        long tiles = 0;
        for (int s = 0; s < batch.numSequences(); s++) {
            tiles += Math.ceilDiv(start(batch, s + 1) - start(batch, s), tokens);
        }
        return tiles;
    }

    /// Segments that the tiles see, of all tiles together.
    private long countSegments(ForwardBatch batch) {
        long segments = 0;
        for (int s = 0; s < batch.numSequences(); s++) {
            int end = start(batch, s + 1);
            for (int first = start(batch, s); first < end; first += tokens) {
                int last = Math.min(first + tokens, end) - 1;
                segments += lastSegment(batch, s, last) - firstSegment(batch, s, first) + 1L;
            }
        }
        return segments;
    }

    /// Of what a token sees.
    ///
    /// @param token a row of the batch
    private int firstSegment(ForwardBatch batch, int sequence, int token) {
        int position = position(batch, sequence, token);
        int low = position - spec.slidingWindow().orElse(position + 1) + 1;
        return segment(batch, Math.max(0, low));
    }

    private int lastSegment(ForwardBatch batch, int sequence, int token) {
        return segment(batch, position(batch, sequence, token));
    }

    private static int position(ForwardBatch batch, int sequence, int token) {
        return Bits.i32(batch.contextLengths(), sequence) - start(batch, sequence + 1) + token;
    }

    private static int start(ForwardBatch batch, int sequence) {
        return Bits.i32(batch.seqStarts(), sequence);
    }

    /// Counts tiles and rows, or writes them as well.
    private void lay(ForwardBatch batch, boolean write) {
        tiles = 0;
        parts = 0;
        merged = 0;
        longestMerge = 0;
        for (int s = 0; s < batch.numSequences(); s++) {
            int end = start(batch, s + 1);
            for (int first = start(batch, s); first < end; first += tokens) {
                int count = Math.min(tokens, end - first);
                int from = firstSegment(batch, s, first);
                int to = lastSegment(batch, s, first + count - 1);
                boolean worthwhile = few || (count == 1 && (long) (to - from) * segment >= LONG);
                long bytes = (parts + count * (to - from + 1L)) * partialBytes();
                if (to > from && worthwhile && bytes <= MOST_PARTIAL_BYTES) {
                    layParts(s, first, count, from, to, write);
                } else {
                    layTile(s, first, count, WHOLE, write);
                }
            }
        }
    }

    /// The segment of the block that holds a position.
    private int segment(ForwardBatch batch, int position) {
        return position / batch.blockSize() * batch.blockSize() / segment;
    }

    private void layParts(int sequence, int first, int count, int from, int to, boolean write) {
        longestMerge = Math.max(longestMerge, to - from + 1);
        for (int t = 0; t < count; t++, merged++) {
            if (write) {
                long at = 4L * MERGE_INTS * merged;
                MemorySegment rows = mergeList.take(0);
                Bits.setI32At(rows, at, first + t);
                Bits.setI32At(rows, at + 4, parts + t);
                Bits.setI32At(rows, at + 8, to - from + 1);
                Bits.setI32At(rows, at + 12, count);
            }
        }
        for (int segment = from; segment <= to; segment++) {
            layTile(sequence, first, count, segment, write);
            parts += count;
        }
    }

    private void layTile(int sequence, int first, int count, int segment, boolean write) {
        if (write) {
            long at = 4L * ENTRY_INTS * tiles;
            MemorySegment entries = list.take(0);
            Bits.setI32At(entries, at, sequence);
            Bits.setI32At(entries, at + 4, first);
            Bits.setI32At(entries, at + 8, count);
            Bits.setI32At(entries, at + 12, segment);
            Bits.setI32At(entries, at + 16, parts);
        }
        tiles++;
    }
}
