package dev.sluice.compute.cpu;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.weights.Bits;

import java.util.Arrays;

/// Plain twin of `sl_attention`.
///
/// Each block of the cache is unpacked once a unit and met by every query of the unit that sees it.
/// The softmax is computed online: a running maximum, a running sum, and an output that is rescaled
/// when the maximum grows.
///
/// @see "Online normalizer calculation for softmax: Milakov and Gimelshein 2018"
final class JavaAttention implements Units {
    /// Tokens of one tile.
    static final int TILE = 16;

    private final KernelArgs.Attention args;
    private final AttentionSpec spec;
    private final CacheLayout cache;
    private final int parts;

    JavaAttention(KernelArgs.Attention args) {
        this.args = args;
        this.spec = args.spec();
        this.cache = CacheLayout.of(args.kv());
        this.parts = spec.numHeads() / args.headsPerUnit();
    }

    @Override
    public void run(long begin, long end) {
        Unit unit = new Unit();
        for (long u = begin; u < end; u++) {
            unit.attend((int) (u / parts), (int) (u % parts));
        }
    }

    /// The state of one unit at a time, reused by its thread.
    private final class Unit {
        private final int headDim = spec.headDim();
        private final int blockSize = cache.blockSize();
        private final int heads = args.headsPerUnit();
        private final boolean rounds = cache.type() == DType.BF16;
        private final float[] keys = new float[headDim * blockSize];
        private final float[] values = new float[headDim * blockSize];
        private final float[] scores = new float[blockSize];
        private final float[] query = new float[headDim];
        private final float[] outputs = new float[TILE * heads * headDim];
        private final float[] largest = new float[TILE * heads];
        private final float[] sums = new float[TILE * heads];

        void attend(int tile, int part) {
            long entry = (long) AttentionTiles.ENTRY_INTS * tile;
            int sequence = Bits.i32(args.tiles(), entry);
            int first = Bits.i32(args.tiles(), entry + 1);
            int count = Bits.i32(args.tiles(), entry + 2);
            ForwardBatch batch = args.batch();
            int seqEnd = Bits.i32(batch.seqStarts(), sequence + 1L);
            int firstPosition = Bits.i32(batch.contextLengths(), sequence) - (seqEnd - first);
            int firstHead = part * heads;
            int kvHead = firstHead / (spec.numHeads() / spec.numKvHeads());

            Arrays.fill(outputs, 0);
            Arrays.fill(sums, 0);
            Arrays.fill(largest, Float.NEGATIVE_INFINITY);
            int lastBlock = (firstPosition + count - 1) / blockSize;
            for (int b = firstKey(firstPosition) / blockSize; b <= lastBlock; b++) {
                long at = (long) sequence * batch.maxBlocksPerSequence() + b;
                unpack(Bits.i32(batch.blockTables(), at), kvHead);
                for (int t = 0; t < count; t++) {
                    int position = firstPosition + t;
                    int from = Math.max(firstKey(position) - b * blockSize, 0);
                    int to = Math.min(position + 1 - b * blockSize, blockSize);
                    for (int h = 0; from < to && h < heads; h++) {
                        meet(first + t, firstHead + h, t * heads + h, from, to);
                    }
                }
            }
            store(first, count, firstHead);
        }

        private int firstKey(int position) {
            return spec.slidingWindow().isPresent()
                    ? Math.max(0, position - spec.slidingWindow().getAsInt() + 1)
                    : 0;
        }

        /// Keys become `[headDim][blockSize]`, values `[blockSize][headDim]`.
        private void unpack(int block, int kvHead) {
            long k = cache.keys(block, kvHead);
            long v = cache.values(block, kvHead);
            for (int d = 0; d < headDim; d++) {
                for (int t = 0; t < blockSize; t++) {
                    keys[d * blockSize + t] = cache.get(k + cache.keyAt(t, d));
                    values[t * headDim + d] = cache.get(v + cache.valueAt(t, d));
                }
            }
        }

        /// Lets one query meet the slots `[from, to)` of the unpacked block.
        private void meet(int token, int head, int state, int from, int to) {
            float top = Math.max(largest[state], score(token, head, from, to));
            float rescale = (float) Math.exp(largest[state] - top);
            int out = state * headDim;
            for (int d = 0; d < headDim; d++) {
                outputs[out + d] *= rescale;
            }
            float sum = 0;
            for (int t = from; t < to; t++) {
                float p = (float) Math.exp(scores[t] - top);
                sum += p;
                float weight = rounds ? Bfloat16.round(p) : p;
                for (int d = 0; d < headDim; d++) {
                    outputs[out + d] += weight * values[t * headDim + d];
                }
            }
            sums[state] = sums[state] * rescale + sum;
            largest[state] = top;
        }

        /// Fills the scores of the slots and returns the largest.
        private float score(int token, int head, int from, int to) {
            long q = token * args.q().rowStride() + (long) head * headDim;
            Bits.readF32(args.q().data(), q, query, 0, headDim);
            Arrays.fill(scores, from, to, 0);
            for (int d = 0; d < headDim; d++) {
                float x = rounds ? Bfloat16.round(query[d]) : query[d];
                for (int t = from; t < to; t++) {
                    scores[t] += x * keys[d * blockSize + t];
                }
            }
            float top = Float.NEGATIVE_INFINITY;
            for (int t = from; t < to; t++) {
                scores[t] *= spec.scale();
                top = Math.max(top, scores[t]);
            }
            return top;
        }

        private void store(int first, int count, int firstHead) {
            for (int t = 0; t < count; t++) {
                for (int h = 0; h < heads; h++) {
                    int state = t * heads + h;
                    float inverse = 1 / sums[state];
                    for (int d = 0; d < headDim; d++) {
                        outputs[state * headDim + d] *= inverse;
                    }
                }
                long at = (first + t) * args.out().rowStride() + (long) firstHead * headDim;
                Bits.writeF32(outputs, t * heads * headDim, args.out().data(), at, heads * headDim);
            }
        }
    }
}
