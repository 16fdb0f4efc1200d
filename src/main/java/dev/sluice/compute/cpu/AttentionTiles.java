package dev.sluice.compute.cpu;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.weights.Bits;

import java.lang.foreign.MemorySegment;

/// How one call of attention is cut into units. The result does not depend on it.
///
/// @param headsPerUnit query heads of one unit; divides the heads that share a key/value head
/// @param tokens most tokens of one tile
/// @param tiles number of tiles
record AttentionTiles(int headsPerUnit, int tokens, int tiles) {

    /// Bytes of one entry: sequence, first token row, number of tokens.
    static final long ENTRY_BYTES = 12;

    /// Takes as many heads into a unit as still leave enough units for all threads: more heads read
    /// the keys and values less often, more units share the work more evenly.
    static AttentionTiles choose(
            CpuKernels kernels, int threads, ForwardBatch batch, AttentionSpec spec) {
        int shared = spec.numHeads() / spec.numKvHeads();
        for (int heads = shared; ; heads--) {
            if (shared % heads != 0) {
                continue;
            }
            int tokens = kernels.attentionTile(heads, spec.headDim());
            int tiles = count(batch, tokens);
            long units = (long) tiles * (spec.numHeads() / heads);
            boolean even = units >= 2L * threads && units % threads == 0;
            if (even || units >= 4L * threads || heads == 1) {
                return new AttentionTiles(heads, tokens, tiles);
            }
        }
    }

    private static int count(ForwardBatch batch, int tokens) {
        int tiles = 0;
        for (int s = 0; s < batch.numSequences(); s++) {
            tiles += Math.ceilDiv(start(batch, s + 1) - start(batch, s), tokens);
        }
        return tiles;
    }

    private static int start(ForwardBatch batch, int sequence) {
        return Bits.i32(batch.seqStarts(), sequence);
    }

    /// Writes the tiles: int32 `[tiles, 3]`.
    void write(ForwardBatch batch, MemorySegment into) {
        long at = 0;
        for (int s = 0; s < batch.numSequences(); s++) {
            int end = start(batch, s + 1);
            for (int first = start(batch, s); first < end; first += tokens) {
                Bits.setI32At(into, at, s);
                Bits.setI32At(into, at + 4, first);
                Bits.setI32At(into, at + 8, Math.min(tokens, end - first));
                at += ENTRY_BYTES;
            }
        }
    }
}
