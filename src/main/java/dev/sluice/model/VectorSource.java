package dev.sluice.model;

import dev.sluice.compute.DType;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// A vector of weights as a file holds it: a norm or a bias.
///
/// @param dtype F32, F16 or BF16
/// @param order when present, element `i` is stored element `order[i]`
record VectorSource(MemorySegment data, DType dtype, int length, Optional<int[]> order) {

    /// The elements as float32.
    float[] read() {
        float[] values = new float[length];
        for (int i = 0; i < length; i++) {
            long index = order.isPresent() ? order.get()[i] : i;
            values[i] = TensorBytes.floatAt(data, dtype, index);
        }
        return values;
    }

    /// The same vector in another order.
    VectorSource withOrder(int[] newOrder) {
        return new VectorSource(data, dtype, length, Optional.of(newOrder));
    }

    /// Some of its elements.
    VectorSource slice(int from, int count) {
        return new VectorSource(
                data.asSlice(dtype.bytesFor(from), dtype.bytesFor(count)),
                dtype,
                count,
                Optional.empty());
    }
}
