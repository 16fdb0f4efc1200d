package dev.sluice.testing;

import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/// Seeded numbers and weights for tests.
public final class Randoms {
    private final SplittableRandom random;

    public Randoms(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /// Normally distributed values.
    public float[][] matrix(int rows, int columns) {
        float[][] values = new float[rows][];
        for (int r = 0; r < rows; r++) {
            values[r] = vector(columns);
        }
        return values;
    }

    /// Normally distributed values.
    public float[] vector(int length) {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    /// A number in `[0, bound)`.
    public int below(int bound) {
        return random.nextInt(bound);
    }

    /// A permutation of `0 .. length - 1`.
    public int[] permutation(int length) {
        int[] order = new int[length];
        for (int i = 0; i < length; i++) {
            int j = random.nextInt(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }

    /// Weights of any type: normal for the float types; random codes with scales between 2^-8 and
    /// 2^-6, some negative, some zero, for the block types.
    ///
    /// @return `bytesFor(elements)` bytes
    public MemorySegment weights(DType type, long elements, SegmentAllocator allocator) {
        MemorySegment data = allocator.allocate(type.bytesFor(elements), 1);
        switch (type) {
            case F32, F16, BF16 -> {
                for (long i = 0; i < elements; i++) {
                    store(type, data, i, (float) random.nextGaussian());
                }
            }
            default -> {
                for (long i = 0; i < data.byteSize(); i++) {
                    data.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
                }
                for (long block = 0; block < data.byteSize(); block += type.blockBytes()) {
                    blockScales(type, data, block);
                }
            }
        }
        return data;
    }

    /// A matrix of random weights, and of random scales where they lie beside it.
    public MatrixSource source(DType type, int rows, int cols, SegmentAllocator allocator) {
        MemorySegment data = weights(type, (long) rows * cols, allocator);
        MatrixSource source = MatrixSource.of(data, type, rows, cols);
        if (type != DType.I8) {
            return source;
        }
        float[] scales = new float[rows];
        for (int r = 0; r < rows; r++) {
            scales[r] = 0.001f * (1 + random.nextInt(16)) + 1e-6f * r;
        }
        return source.withRowScales(scales);
    }

    private static void store(DType type, MemorySegment data, long index, float value) {
        switch (type) {
            case F32 -> data.set(ValueLayout.JAVA_FLOAT_UNALIGNED, 4 * index, value);
            case F16 -> setShort(data, 2 * index, Float.floatToFloat16(value));
            default -> setShort(data, 2 * index, (short) (Float.floatToRawIntBits(value) >>> 16));
        }
    }

    private void blockScales(DType type, MemorySegment data, long block) {
        switch (type) {
            case Q4_1, Q5_1, Q4_K, Q5_K -> {
                setShort(data, block, scale());
                setShort(data, block + 2, scale());
            }
            case Q6_K -> setShort(data, block + 208, scale());
            default -> setShort(data, block, scale());
        }
    }

    private short scale() {
        int exponent = 15 - 8 + random.nextInt(2);
        int sign = random.nextInt(2);
        boolean zero = random.nextInt(16) == 0;
        return zero ? 0 : (short) (sign << 15 | exponent << 10 | random.nextInt(1024));
    }

    private static void setShort(MemorySegment data, long at, short value) {
        data.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, value);
    }
}
