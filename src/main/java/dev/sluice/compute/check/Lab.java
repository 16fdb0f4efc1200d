package dev.sluice.compute.check;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/// Operands of one trial on one device: the same numbers in the same order on any. Gives back what
/// it took when it is closed.
final class Lab implements AutoCloseable {
    private static final long SEED = 20;

    /// A float16 of 2^-7 with an empty mantissa.
    private static final int SCALE = 0x2000;

    private final Device device;
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final Arena arena = Arena.ofConfined();
    private final Deque<Runnable> undo = new ArrayDeque<>();

    Lab(Device device) {
        this.device = device;
    }

    Device device() {
        return device;
    }

    /// Normally distributed numbers.
    float[] normal(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    int below(int bound) {
        return random.nextInt(bound);
    }

    /// Host memory with the given numbers.
    MemorySegment host(float[] values) {
        return arena.allocateFrom(ValueLayout.JAVA_FLOAT, values);
    }

    MemorySegment hostInts(int count) {
        return arena.allocate(ValueLayout.JAVA_INT, count);
    }

    /// Zeros.
    Tensor blank(DType type, int... dims) {
        Tensor tensor = device.allocate(type, Shape.of(dims));
        undo.push(() -> device.release(tensor));
        return tensor;
    }

    /// A float32 tensor of normally distributed numbers.
    Tensor random(int... dims) {
        return tensor(normal(Math.toIntExact(Shape.of(dims).elements())), dims);
    }

    /// A float32 tensor.
    Tensor tensor(float[] values, int... dims) {
        Tensor tensor = blank(DType.F32, dims);
        device.upload(host(values), tensor);
        return tensor;
    }

    /// Reads a contiguous float32 tensor; waits for what was queued before.
    float[] read(Tensor tensor) {
        float[] values = new float[Math.toIntExact(tensor.shape().elements())];
        device.download(tensor, MemorySegment.ofArray(values));
        return values;
    }

    /// A matrix of any type: normally distributed floats, or random codes with scales between 2^-7
    /// and 2^-6.
    MatrixSource weights(DType type, int rows, int cols) {
        long elements = (long) rows * cols;
        MemorySegment data = arena.allocate(type.bytesFor(elements), Long.BYTES);
        if (type.isQuantized()) {
            for (long at = 0; at < data.byteSize(); at++) {
                data.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt());
            }
            for (long block = 0; block < data.byteSize(); block += type.blockBytes()) {
                scales(type, data, block);
            }
        } else {
            for (long i = 0; i < elements; i++) {
                store(type, data, i, (float) random.nextGaussian());
            }
        }
        MatrixSource source = MatrixSource.of(data, type, rows, cols);
        return type == DType.I8 ? source.withRowScales(rowScales(rows)) : source;
    }

    private float[] rowScales(int rows) {
        float[] scales = new float[rows];
        for (int r = 0; r < rows; r++) {
            scales[r] = Float.float16ToFloat((short) (SCALE | random.nextInt(1024)));
        }
        return scales;
    }

    private void scales(DType type, MemorySegment data, long block) {
        long first = type == DType.Q6_K ? block + type.blockBytes() - Short.BYTES : block;
        scale(data, first);
        switch (type) {
            case Q4_1, Q5_1, Q4_K, Q5_K -> scale(data, block + Short.BYTES);
            default -> {}
        }
    }

    private void scale(MemorySegment data, long at) {
        data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) (SCALE | random.nextInt(1024)));
    }

    private static void store(DType type, MemorySegment data, long i, float value) {
        switch (type) {
            case F32 -> data.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            case F16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(value));
            default ->
                    data.setAtIndex(
                            ValueLayout.JAVA_SHORT,
                            i,
                            (short) (Float.floatToRawIntBits(value) >>> 16));
        }
    }

    PackedMatrix pack(MatrixSource source) {
        PackedMatrix matrix = device.pack(List.of(source), Packing.SOURCE);
        undo.push(() -> device.release(matrix));
        return matrix;
    }

    /// A batch for so many tokens of so many sequences.
    ForwardBatch batch(int tokens, int sequences, int blocks, int blockSize) {
        ForwardBatch batch = new ForwardBatch(tokens, sequences, blocks, blockSize);
        undo.push(batch::close);
        return batch;
    }

    /// A batch of draws without edits.
    SamplingBatch sampling(int rows, int ids) {
        SamplingBatch batch = new SamplingBatch(rows, ids, 0);
        undo.push(batch::close);
        return batch;
    }

    @Override
    public void close() {
        while (!undo.isEmpty()) {
            undo.pop().run();
        }
        arena.close();
    }
}
