package dev.sluice.testing;

import dev.sluice.compute.Activation;
import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// A device that does every operation in the most obvious way, in double precision between float32
/// tensors. Whatever the packing, weights are kept as float32. Counts what is allocated.
public final class NaiveDevice implements Device {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemoryDevice memory = new MemoryDevice();
    private final Set<PackedMatrix> packed = new HashSet<>();

    private static final class Matrix implements PackedMatrix {
        private final int rows;
        private final int cols;
        private final float[] values;

        Matrix(int rows, int cols, float[] values) {
            this.rows = rows;
            this.cols = cols;
            this.values = values;
        }

        @Override
        public int rows() {
            return rows;
        }

        @Override
        public int cols() {
            return cols;
        }

        @Override
        public long bytes() {
            return 4L * values.length;
        }

        @Override
        public String format() {
            return "f32";
        }
    }

    /// Tensors and matrices that were not released.
    public int numAllocated() {
        return memory.numAllocated() + packed.size();
    }

    @Override
    public String describe() {
        return "naive";
    }

    @Override
    public long availableBytes() {
        return memory.availableBytes();
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        return memory.allocate(dtype, shape);
    }

    @Override
    public void release(Tensor tensor) {
        memory.release(tensor);
    }

    @Override
    public void upload(MemorySegment host, Tensor target) {
        memory.upload(host, target);
    }

    @Override
    public void download(Tensor source, MemorySegment host) {
        memory.download(source, host);
    }

    @Override
    public void argmax(Tensor logits, MemorySegment ids) {
        memory.argmax(logits, ids);
    }

    @Override
    public void close() {
        packed.clear();
        memory.close();
    }

    @Override
    public PackedMatrix pack(List<MatrixSource> parts, Packing packing) {
        int cols = parts.getFirst().cols();
        int rows = parts.stream().mapToInt(MatrixSource::rows).sum();
        float[] values = new float[Math.multiplyExact(rows, cols)];
        int row = 0;
        for (MatrixSource part : parts) {
            for (int r = 0; r < part.rows(); r++, row++) {
                for (int c = 0; c < cols; c++) {
                    values[row * cols + c] = element(part, r, c);
                }
            }
        }
        Matrix matrix = new Matrix(rows, cols, values);
        packed.add(matrix);
        return matrix;
    }

    private static float element(MatrixSource part, int row, int col) {
        long stored = part.rowOrder().isPresent() ? part.rowOrder().get()[row] : row;
        long index =
                part.transposed()
                        ? col * part.rowStride() + stored
                        : stored * part.rowStride() + part.firstColumn() + col;
        MemorySegment data = part.data();
        long block = index / 32;
        int inBlock = (int) (index % 32);
        return switch (part.dtype()) {
            case F32 -> data.get(FLOAT, 4 * index);
            case F16 -> half(data, 2 * index);
            case BF16 -> Float.intBitsToFloat(data.get(SHORT, 2 * index) << 16);
            case Q8_0 ->
                    half(data, 34 * block)
                            * data.get(ValueLayout.JAVA_BYTE, 34 * block + 2 + inBlock);
            case Q4_0 -> half(data, 18 * block) * (nibble(data, 18 * block + 2, inBlock) - 8);
            case Q4_1 ->
                    half(data, 20 * block) * nibble(data, 20 * block + 4, inBlock)
                            + half(data, 20 * block + 2);
            default -> throw new UnsupportedOperationException("naive " + part.dtype());
        };
    }

    private static float half(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(SHORT, at));
    }

    private static int nibble(MemorySegment data, long at, int inBlock) {
        int pair = data.get(ValueLayout.JAVA_BYTE, at + inBlock % 16);
        return inBlock < 16 ? pair & 15 : pair >> 4 & 15;
    }

    @Override
    public void release(PackedMatrix matrix) {
        if (!packed.remove(matrix)) {
            throw new IllegalStateException("not packed here");
        }
    }

    @Override
    public void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out) {
        Matrix weights = (Matrix) table;
        for (int t = 0; t < batch.numTokens(); t++) {
            int id = at(batch.tokenIds(), t);
            for (int c = 0; c < weights.cols; c++) {
                set(out, t, c, (double) scale * weights.values[id * weights.cols + c]);
            }
        }
    }

    @Override
    public void embeddingShard(
            PackedMatrix shard, int firstToken, ForwardBatch batch, float scale, Tensor out) {
        Matrix weights = (Matrix) shard;
        for (int t = 0; t < batch.numTokens(); t++) {
            int id = at(batch.tokenIds(), t) - firstToken;
            boolean has = id >= 0 && id < weights.rows;
            for (int c = 0; c < weights.cols; c++) {
                set(out, t, c, has ? (double) scale * weights.values[id * weights.cols + c] : 0);
            }
        }
    }

    @Override
    public void linear(Tensor x, PackedMatrix w, Tensor out) {
        Matrix weights = (Matrix) w;
        for (int t = 0; t < x.rows(); t++) {
            for (int r = 0; r < weights.rows; r++) {
                double sum = 0;
                for (int c = 0; c < weights.cols; c++) {
                    sum += (double) get(x, t, c) * weights.values[r * weights.cols + c];
                }
                set(out, t, r, sum);
            }
        }
    }

    @Override
    public void addBias(Tensor x, Tensor bias) {
        for (int t = 0; t < x.rows(); t++) {
            for (int c = 0; c < x.columns(); c++) {
                set(x, t, c, get(x, t, c) + vectorAt(bias, c));
            }
        }
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        int width = weight.shape().dim(0);
        for (int t = 0; t < x.rows(); t++) {
            for (int start = 0; start < x.columns(); start += width) {
                double squares = 0;
                for (int c = 0; c < width; c++) {
                    squares += Math.pow(get(x, t, start + c), 2);
                }
                double scale = 1 / Math.sqrt(squares / width + eps);
                for (int c = 0; c < width; c++) {
                    set(out, t, start + c, get(x, t, start + c) * scale * vectorAt(weight, c));
                }
            }
        }
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        add(residual, x);
        rmsNorm(residual, weight, eps, out);
    }

    @Override
    public void add(Tensor x, Tensor y) {
        for (int t = 0; t < x.rows(); t++) {
            for (int c = 0; c < x.columns(); c++) {
                set(x, t, c, get(x, t, c) + get(y, t, c));
            }
        }
    }

    @Override
    public void rotaryTable(
            ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out) {
        int half = (int) (inverseFrequencies.byteSize() / 4);
        for (int t = 0; t < batch.numTokens(); t++) {
            for (int i = 0; i < half; i++) {
                float angle =
                        at(batch.positions(), t)
                                * inverseFrequencies.getAtIndex(ValueLayout.JAVA_FLOAT, i);
                set(out, t, i, factor * Math.cos(angle));
                set(out, t, half + i, factor * Math.sin(angle));
            }
        }
    }

    @Override
    public void rotaryAndStore(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv) {
        for (int t = 0; t < batch.numTokens(); t++) {
            rotate(q, t, rotary, spec);
            rotate(k, t, rotary, spec);
            int position = at(batch.positions(), t);
            int sequence = at(batch.sequenceOfToken(), t);
            for (int c = 0; c < k.columns(); c++) {
                int head = c / spec.headDim();
                int d = c % spec.headDim();
                long key = slot(kv, batch, sequence, position, 0, head) + d;
                long value = slot(kv, batch, sequence, position, 1, head) + d;
                kv.data().setAtIndex(ValueLayout.JAVA_FLOAT, key, get(k, t, c));
                kv.data().setAtIndex(ValueLayout.JAVA_FLOAT, value, get(v, t, c));
            }
        }
    }

    private static void rotate(Tensor x, int t, Tensor rotary, RotarySpec spec) {
        int half = spec.rotaryDim() / 2;
        for (int head = 0; head < x.columns(); head += spec.headDim()) {
            for (int i = 0; i < half; i++) {
                int first = head + (spec.interleaved() ? 2 * i : i);
                int second = head + (spec.interleaved() ? 2 * i + 1 : i + half);
                double cos = get(rotary, t, i);
                double sin = get(rotary, t, half + i);
                double a = get(x, t, first);
                double b = get(x, t, second);
                set(x, t, first, a * cos - b * sin);
                set(x, t, second, a * sin + b * cos);
            }
        }
    }

    /// Index of a token's first element in `[numBlocks, 2, numKvHeads, blockSize, headDim]`.
    private static long slot(
            Tensor kv, ForwardBatch batch, int sequence, int position, int which, int head) {
        Shape shape = kv.shape();
        int entry = sequence * batch.maxBlocksPerSequence() + position / batch.blockSize();
        long row = 2L * at(batch.blockTables(), entry) + which;
        row = row * shape.dim(2) + head;
        return (row * batch.blockSize() + position % batch.blockSize()) * shape.dim(4);
    }

    @Override
    public void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        int group = spec.numHeads() / spec.numKvHeads();
        for (int t = 0; t < batch.numTokens(); t++) {
            for (int head = 0; head < spec.numHeads(); head++) {
                attend(q, kv, batch, spec, t, head, head / group, out);
            }
        }
    }

    private static void attend(
            Tensor q,
            Tensor kv,
            ForwardBatch batch,
            AttentionSpec spec,
            int t,
            int head,
            int kvHead,
            Tensor out) {
        int position = at(batch.positions(), t);
        int sequence = at(batch.sequenceOfToken(), t);
        int first =
                spec.slidingWindow().isPresent()
                        ? Math.max(0, position - spec.slidingWindow().getAsInt() + 1)
                        : 0;
        double[] weights = new double[position + 1];
        double total = 0;
        for (int p = first; p <= position; p++) {
            long key = slot(kv, batch, sequence, p, 0, kvHead);
            double score = 0;
            for (int d = 0; d < spec.headDim(); d++) {
                score +=
                        (double) get(q, t, head * spec.headDim() + d)
                                * kv.data().getAtIndex(ValueLayout.JAVA_FLOAT, key + d);
            }
            weights[p] = Math.exp(score * spec.scale());
            total += weights[p];
        }
        for (int d = 0; d < spec.headDim(); d++) {
            double sum = 0;
            for (int p = first; p <= position; p++) {
                long value = slot(kv, batch, sequence, p, 1, kvHead);
                sum += weights[p] * kv.data().getAtIndex(ValueLayout.JAVA_FLOAT, value + d);
            }
            set(out, t, head * spec.headDim() + d, sum / total);
        }
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        for (int t = 0; t < out.rows(); t++) {
            for (int c = 0; c < out.columns(); c++) {
                double x = get(gateUp, t, c);
                double gated =
                        switch (activation) {
                            case SILU -> x / (1 + Math.exp(-x));
                            case GELU_TANH ->
                                    0.5
                                            * x
                                            * (1
                                                    + Math.tanh(
                                                            Math.sqrt(2 / Math.PI)
                                                                    * (x + 0.044715 * x * x * x)));
                        };
                set(out, t, c, gated * get(gateUp, t, out.columns() + c));
            }
        }
    }

    @Override
    public void gatherLogitRows(Tensor x, ForwardBatch batch, Tensor out) {
        for (int row = 0; row < batch.numLogitRows(); row++) {
            for (int c = 0; c < x.columns(); c++) {
                set(out, row, c, get(x, at(batch.logitRows(), row), c));
            }
        }
    }

    private static float get(Tensor x, int row, int col) {
        return x.data().getAtIndex(ValueLayout.JAVA_FLOAT, row * x.rowStride() + col);
    }

    private static void set(Tensor x, int row, int col, double value) {
        x.data().setAtIndex(ValueLayout.JAVA_FLOAT, row * x.rowStride() + col, (float) value);
    }

    private static float vectorAt(Tensor x, int index) {
        return x.data().getAtIndex(ValueLayout.JAVA_FLOAT, index);
    }

    private static int at(MemorySegment ints, int index) {
        return ints.getAtIndex(ValueLayout.JAVA_INT, index);
    }
}
