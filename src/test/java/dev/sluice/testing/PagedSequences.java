package dev.sluice.testing;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.HeadNorms;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/// Three sequences of random queries, keys and values over one layer of a paged cache whose blocks
/// are scattered and hold rubbish (NaN) at first; a device rotates, stores and attends step by
/// step.
public final class PagedSequences implements AutoCloseable {
    private static final int SEQUENCES = 3;
    private static final int DEFAULT_LENGTH = 80;
    private static final float EPS = 1e-6f;

    private final Device device;
    private final AttentionSpec spec;
    private final RotarySpec rotarySpec;
    private final int maxLength;
    private final int maxBlocks;
    private final int[][] tables = new int[SEQUENCES][];
    private final float[][][] queries = new float[SEQUENCES][][];
    private final float[][][] keys = new float[SEQUENCES][][];
    private final float[][][] values = new float[SEQUENCES][][];
    private final float[][][] rotated;
    private final float[][][] outputs;
    private final double[][][] rotatedKeys;
    private final int[] lengths = new int[SEQUENCES];
    private final ForwardBatch batch;
    private final Tensor kv;
    private Optional<DeviceMatrix> ownTable = Optional.empty();
    private Optional<Norms> norms = Optional.empty();

    /// Weights of the norms before the rotation.
    private static final class Norms {
        private final float[] queries;
        private final float[] keys;
        private final HeadNorms onDevice;

        Norms(float[] queries, float[] keys, HeadNorms onDevice) {
            this.queries = queries;
            this.keys = keys;
            this.onDevice = onDevice;
        }
    }

    /// Rotates whole heads, in halves.
    public PagedSequences(
            Device device, Randoms random, DType type, int blockSize, AttentionSpec spec) {
        this(
                device,
                random,
                type,
                blockSize,
                spec,
                new RotarySpec(spec.headDim(), spec.headDim(), false));
    }

    /// The same with a largest length.
    public static PagedSequences ofLength(
            int maxLength,
            Device device,
            Randoms random,
            DType type,
            int block,
            AttentionSpec spec) {
        RotarySpec rotary = new RotarySpec(spec.headDim(), spec.headDim(), false);
        return new PagedSequences(maxLength, device, random, type, block, spec, rotary);
    }

    /// Makes the sequences; equal seeds give equal sequences.
    public PagedSequences(
            Device device,
            Randoms random,
            DType type,
            int blockSize,
            AttentionSpec spec,
            RotarySpec rotarySpec) {
        this(DEFAULT_LENGTH, device, random, type, blockSize, spec, rotarySpec);
    }

    private PagedSequences(
            int maxLength,
            Device device,
            Randoms random,
            DType type,
            int blockSize,
            AttentionSpec spec,
            RotarySpec rotarySpec) {
        this.maxLength = maxLength;
        this.rotated = new float[SEQUENCES][maxLength][];
        this.outputs = new float[SEQUENCES][maxLength][];
        this.rotatedKeys = new double[SEQUENCES][maxLength][0];
        this.device = device;
        this.spec = spec;
        this.rotarySpec = rotarySpec;
        this.maxBlocks = Math.ceilDiv(maxLength, blockSize);
        int[] blocks = random.permutation(SEQUENCES * maxBlocks + 2);
        for (int s = 0; s < SEQUENCES; s++) {
            tables[s] = Arrays.copyOfRange(blocks, s * maxBlocks, (s + 1) * maxBlocks);
            queries[s] = random.matrix(maxLength, spec.numHeads() * spec.headDim());
            keys[s] = random.matrix(maxLength, spec.numKvHeads() * spec.headDim());
            values[s] = random.matrix(maxLength, spec.numKvHeads() * spec.headDim());
        }
        this.batch = new ForwardBatch(SEQUENCES * maxLength, SEQUENCES, maxBlocks, blockSize);
        Shape shape = Shape.of(blocks.length, 2, spec.numKvHeads(), blockSize, spec.headDim());
        this.kv = device.allocate(type, shape);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment rubbish = arena.allocate(type.bytesFor(shape.elements()));
            device.upload(rubbish.fill((byte) 0xFF), kv);
        }
    }

    /// RoPE frequencies of base 10,000.
    public static float[] frequencies(int half) {
        float[] frequencies = new float[half];
        for (int i = 0; i < half; i++) {
            frequencies[i] = (float) Math.pow(10_000, -(double) i / half);
        }
        return frequencies;
    }

    /// Rotates by random numbers instead of the device's own cosines and sines, which two devices
    /// may round differently.
    public void useTable(Randoms random) {
        float[][] rows = random.matrix(SEQUENCES * maxLength, rotarySpec.rotaryDim());
        ownTable = Optional.of(DeviceMatrix.of(device, rows));
    }

    /// Norms every head of queries and keys before it is rotated.
    public void useNorms(Randoms random) {
        float[] forQueries = random.vector(spec.headDim());
        float[] forKeys = random.vector(spec.headDim());
        norms =
                Optional.of(
                        new Norms(
                                forQueries,
                                forKeys,
                                new HeadNorms(upload(forQueries), upload(forKeys), EPS)));
    }

    private Tensor upload(float[] values) {
        Tensor vector = device.allocate(DType.F32, Shape.of(values.length));
        try (Arena arena = Arena.ofConfined()) {
            device.upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), vector);
        }
        return vector;
    }

    /// The layer of the cache.
    public Tensor cache() {
        return kv;
    }

    /// Runs the tokens `[from[s], to[s])` of each sequence in one batch; a sequence without tokens
    /// is not in it.
    public void step(int[] from, int[] to) {
        batch.clear();
        for (int s = 0; s < SEQUENCES; s++) {
            if (to[s] > from[s]) {
                batch.add(new int[maxLength], from[s], to[s], tables[s], maxBlocks, false);
                lengths[s] = Math.max(lengths[s], to[s]);
            }
        }
        int half = rotarySpec.rotaryDim() / 2;
        try (Arena arena = Arena.ofConfined();
                DeviceMatrix q = DeviceMatrix.of(device, rows(queries, from, to));
                DeviceMatrix k = DeviceMatrix.of(device, rows(keys, from, to));
                DeviceMatrix v = DeviceMatrix.of(device, rows(values, from, to));
                DeviceMatrix table = DeviceMatrix.blank(device, batch.numTokens(), 2 * half);
                DeviceMatrix out =
                        DeviceMatrix.blank(device, batch.numTokens(), q.tensor().columns())) {
            MemorySegment f = arena.allocateFrom(ValueLayout.JAVA_FLOAT, frequencies(half));
            device.rotaryTable(batch, f, 1, table.tensor());
            Tensor rotary = ownTable.map(DeviceMatrix::tensor).orElse(table.tensor());
            rotary = rotary.rows(0, batch.numTokens());
            store(q.tensor(), k.tensor(), v.tensor(), rotary);
            device.attention(q.tensor(), kv, batch, spec, out.tensor());
            keep(q.read(), rotated, from, to);
            keep(out.read(), outputs, from, to);
        }
    }

    private void store(Tensor q, Tensor k, Tensor v, Tensor rotary) {
        if (norms.isPresent()) {
            HeadNorms weights = norms.get().onDevice;
            device.normRotaryAndStore(q, k, v, weights, rotary, rotarySpec, batch, kv);
        } else {
            device.rotaryAndStore(q, k, v, rotary, rotarySpec, batch, kv);
        }
    }

    private static float[][] rows(float[][][] all, int[] from, int[] to) {
        float[][] rows = new float[0][];
        for (int s = 0; s < SEQUENCES; s++) {
            int end = rows.length;
            rows = Arrays.copyOf(rows, end + to[s] - from[s]);
            System.arraycopy(all[s], from[s], rows, end, to[s] - from[s]);
        }
        return rows;
    }

    private static void keep(float[][] rows, float[][][] all, int[] from, int[] to) {
        int row = 0;
        for (int s = 0; s < SEQUENCES; s++) {
            for (int p = from[s]; p < to[s]; p++) {
                all[s][p] = rows[row++];
            }
        }
    }

    /// Positions of a sequence that were computed.
    public int length(int sequence) {
        return lengths[sequence];
    }

    /// A query before rotation.
    public float[] query(int sequence, int position) {
        return queries[sequence][position];
    }

    /// A query as the device rotated it.
    public float[] rotatedQuery(int sequence, int position) {
        return rotated[sequence][position];
    }

    /// The device's attention at a position.
    public float[] output(int sequence, int position) {
        return outputs[sequence][position];
    }

    /// Plain attention at a position, in double precision.
    public double[] expected(int sequence, int position) {
        int headDim = spec.headDim();
        int from =
                spec.slidingWindow().isPresent()
                        ? Math.max(0, position + 1 - spec.slidingWindow().getAsInt())
                        : 0;
        double[] q = expectedQuery(sequence, position);
        double[] out = new double[q.length];
        for (int h = 0; h < spec.numHeads(); h++) {
            int kvHead = h / (spec.numHeads() / spec.numKvHeads());
            double[][] k = new double[position + 1][];
            double[][] v = new double[position + 1][headDim];
            for (int p = 0; p <= position; p++) {
                k[p] = head(rotatedKey(sequence, p), kvHead);
                for (int d = 0; d < headDim; d++) {
                    v[p][d] = values[sequence][p][kvHead * headDim + d];
                }
            }
            double[] result = Oracle.attention(head(q, h), k, v, spec.scale(), from, position + 1);
            System.arraycopy(result, 0, out, h * headDim, headDim);
        }
        return out;
    }

    /// A query as it must be rotated, in double precision.
    public double[] expectedQuery(int sequence, int position) {
        float[] query = queries[sequence][position];
        return rotate(norms.map(n -> normed(query, n.queries)).orElse(query), position);
    }

    /// Rounded to float32, for that is what is rotated.
    private static float[] normed(float[] heads, float[] weight) {
        double[] exact = Oracle.rmsNorm(heads, weight, EPS);
        float[] rounded = new float[exact.length];
        for (int i = 0; i < exact.length; i++) {
            rounded[i] = (float) exact[i];
        }
        return rounded;
    }

    private double[] rotatedKey(int sequence, int position) {
        if (rotatedKeys[sequence][position].length == 0) {
            float[] key = keys[sequence][position];
            rotatedKeys[sequence][position] =
                    rotate(norms.map(n -> normed(key, n.keys)).orElse(key), position);
        }
        return rotatedKeys[sequence][position];
    }

    private double[] rotate(float[] heads, int position) {
        return Oracle.rotate(
                heads,
                rotarySpec.headDim(),
                rotarySpec.rotaryDim(),
                rotarySpec.interleaved(),
                position,
                frequencies(rotarySpec.rotaryDim() / 2));
    }

    private double[] head(double[] heads, int head) {
        return Arrays.copyOfRange(heads, head * spec.headDim(), (head + 1) * spec.headDim());
    }

    @Override
    public void close() {
        ownTable.ifPresent(DeviceMatrix::close);
        norms.ifPresent(n -> {
            device.release(n.onDevice.queries());
            device.release(n.onDevice.keys());
        });
        device.release(kv);
        batch.close();
    }
}
