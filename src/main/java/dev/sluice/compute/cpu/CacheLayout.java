package dev.sluice.compute.cpu;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.weights.Bits;
import dev.sluice.compute.weights.SourceRows;

import java.lang.foreign.MemorySegment;

/// Where keys and values lie in one layer of the cache; the header has the picture.
///
/// @param data the layer
/// @param type float32, float16 or bfloat16
record CacheLayout(MemorySegment data, DType type, int numKvHeads, int blockSize, int headDim) {

    static CacheLayout of(Tensor kv) {
        return new CacheLayout(
                kv.data(), kv.dtype(), kv.shape().dim(2), kv.shape().dim(3), kv.shape().dim(4));
    }

    /// First element of the keys of a block and head.
    long keys(int block, int head) {
        return (2L * block * numKvHeads + head) * blockSize * headDim;
    }

    /// First element of the values of a block and head.
    long values(int block, int head) {
        return ((2L * block + 1) * numKvHeads + head) * blockSize * headDim;
    }

    /// Element `d` of the key in a slot, from the first element of the keys.
    int keyAt(int slot, int d) {
        return type == DType.BF16 ? d / 2 * 2 * blockSize + 2 * slot + d % 2 : d * blockSize + slot;
    }

    /// Element `d` of the value in a slot, from the first element of the values.
    int valueAt(int slot, int d) {
        return type == DType.BF16 ? slot / 2 * 2 * headDim + 2 * d + slot % 2 : slot * headDim + d;
    }

    float get(long element) {
        return SourceRows.element(type, data, element);
    }

    /// Rounds to nearest even; float16 saturates.
    void set(long element, float value) {
        switch (type) {
            case F32 -> Bits.setF32(data, element, value);
            case BF16 -> Bits.setI16At(data, 2 * element, Bfloat16.bits(value));
            default ->
                    Bits.setI16At(
                            data,
                            2 * element,
                            Float.floatToFloat16(Math.max(-65504f, Math.min(65504f, value))));
        }
    }
}
