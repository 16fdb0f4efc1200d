package dev.sluice.compute.cuda;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;
import dev.sluice.testing.DeviceMatrix;
import dev.sluice.testing.Oracle;
import dev.sluice.testing.Randoms;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/// Sequences of random queries, and one layer of a paged cache on the CUDA device that holds their
/// keys and values already, rounded to its type, and NaN in all other places.
final class TypedCache implements AutoCloseable {
    private static final int SPARE_BLOCKS = 2;

    private final Device device;
    private final DType type;
    private final AttentionSpec spec;
    private final int blockSize;
    private final int maxBlocks;
    private final int[][] tables;
    private final float[][][] queries;
    private final float[][][] keys;
    private final float[][][] values;
    private final Tensor kv;

    /// @param lengths positions of each sequence that may be asked for
    TypedCache(Device device, DType type, int blockSize, AttentionSpec spec, int... lengths) {
        Randoms random = new Randoms(51);
        this.device = device;
        this.type = type;
        this.spec = spec;
        this.blockSize = blockSize;
        this.maxBlocks = Math.ceilDiv(Arrays.stream(lengths).max().orElseThrow(), blockSize);
        this.tables = new int[lengths.length][];
        this.queries = new float[lengths.length][][];
        this.keys = new float[lengths.length][][];
        this.values = new float[lengths.length][][];
        int[] blocks = random.permutation(lengths.length * maxBlocks + SPARE_BLOCKS);
        Shape shape = Shape.of(blocks.length, 2, spec.numKvHeads(), blockSize, spec.headDim());
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(type.bytesFor(shape.elements()), 8);
            host.fill((byte) 0xFF);
            for (int s = 0; s < lengths.length; s++) {
                tables[s] = Arrays.copyOfRange(blocks, s * maxBlocks, (s + 1) * maxBlocks);
                queries[s] = random.matrix(lengths[s], spec.numHeads() * spec.headDim());
                keys[s] = random.matrix(lengths[s], spec.numKvHeads() * spec.headDim());
                values[s] = random.matrix(lengths[s], spec.numKvHeads() * spec.headDim());
                fill(host, s);
            }
            this.kv = device.allocate(type, shape);
            device.upload(host, kv);
        }
    }

    private void fill(MemorySegment host, int sequence) {
        int dim = spec.headDim();
        long plane = (long) blockSize * dim;
        for (int p = 0; p < keys[sequence].length; p++) {
            long block = tables[sequence][p / blockSize];
            for (int i = 0; i < keys[sequence][p].length; i++) {
                long key = (2 * block * spec.numKvHeads() + i / dim) * plane;
                key += (long) (p % blockSize) * dim + i % dim;
                long value = key + spec.numKvHeads() * plane;
                keys[sequence][p][i] = put(host, key, keys[sequence][p][i]);
                values[sequence][p][i] = put(host, value, values[sequence][p][i]);
            }
        }
    }

    /// Stores a value and returns what it was rounded to.
    private float put(MemorySegment host, long element, float value) {
        return switch (type) {
            case F32 -> {
                host.setAtIndex(ValueLayout.JAVA_FLOAT, element, value);
                yield value;
            }
            case F16 -> {
                short bits = Float.floatToFloat16(value);
                host.setAtIndex(ValueLayout.JAVA_SHORT, element, bits);
                yield Float.float16ToFloat(bits);
            }
            default -> {
                int bits = Float.floatToRawIntBits(value) & 0xFFFF0000;
                host.setAtIndex(ValueLayout.JAVA_SHORT, element, (short) (bits >>> 16));
                yield Float.intBitsToFloat(bits);
            }
        };
    }

    /// The attention of the positions `[from[s], to[s])` of all sequences in one batch; sequences
    /// without positions are not in it.
    ///
    /// @param padTo tokens that the batch is padded to
    float[][] attend(int[] from, int[] to, int padTo) {
        int tokens = 0;
        for (int s = 0; s < from.length; s++) {
            tokens += to[s] - from[s];
        }
        int rows = Math.max(tokens, padTo);
        float[][] asked = new float[rows][spec.numHeads() * spec.headDim()];
        try (ForwardBatch batch = new ForwardBatch(rows, from.length, maxBlocks, blockSize)) {
            for (int s = 0; s < from.length; s++) {
                if (to[s] > from[s]) {
                    System.arraycopy(
                            queries[s], from[s], asked, batch.numTokens(), to[s] - from[s]);
                    batch.add(new int[to[s]], from[s], to[s], tables[s], maxBlocks, false);
                }
            }
            batch.padTo(rows);
            return attend(batch, asked);
        }
    }

    private float[][] attend(ForwardBatch batch, float[][] asked) {
        try (DeviceMatrix q = DeviceMatrix.of(device, asked);
                DeviceMatrix out = DeviceMatrix.blank(device, asked.length, asked[0].length)) {
            device.attention(q.tensor(), kv, batch, spec, out.tensor());
            return out.read();
        }
    }

    /// The attention of the last position of each sequence, all of one block, in one batch. The
    /// last sequence is made as long as told by repeating its block, which changes nothing.
    float[][] attendWithOneRepeated(int length) {
        int sequences = tables.length;
        int blocks = length / blockSize;
        float[][] asked = new float[sequences][];
        try (ForwardBatch batch = new ForwardBatch(sequences, sequences, blocks, blockSize)) {
            for (int s = 0; s < sequences; s++) {
                int to = s + 1 < sequences ? blockSize : length;
                int[] table = new int[to / blockSize];
                Arrays.fill(table, tables[s][0]);
                asked[s] = queries[s][blockSize - 1];
                batch.add(new int[to], to - 1, to, table, table.length, false);
            }
            return attend(batch, asked);
        }
    }

    /// The attention of some positions of one sequence, alone in a batch.
    float[][] attend(int sequence, int from, int to) {
        int[] begins = new int[tables.length];
        int[] ends = new int[tables.length];
        begins[sequence] = from;
        ends[sequence] = to;
        return attend(begins, ends, 0);
    }

    /// Plain attention at a position, in double precision.
    double[] expected(int sequence, int position) {
        int dim = spec.headDim();
        int window = spec.slidingWindow().orElse(position + 1);
        int from = Math.max(0, position + 1 - window);
        double[] out = new double[spec.numHeads() * dim];
        for (int h = 0; h < spec.numHeads(); h++) {
            int kvHead = h / (spec.numHeads() / spec.numKvHeads());
            double[][] k = heads(keys[sequence], kvHead, position + 1);
            double[][] v = heads(values[sequence], kvHead, position + 1);
            double[] query = head(queries[sequence][position], h);
            double[] result = Oracle.attention(query, k, v, spec.scale(), from, position + 1);
            System.arraycopy(result, 0, out, h * dim, dim);
        }
        return out;
    }

    private double[][] heads(float[][] rows, int head, int count) {
        double[][] heads = new double[count][];
        Arrays.setAll(heads, p -> head(rows[p], head));
        return heads;
    }

    private double[] head(float[] row, int head) {
        double[] values = new double[spec.headDim()];
        Arrays.setAll(values, i -> row[head * spec.headDim() + i]);
        return values;
    }

    @Override
    public void close() {
        device.release(kv);
    }
}
