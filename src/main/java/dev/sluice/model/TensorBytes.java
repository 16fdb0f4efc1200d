package dev.sluice.model;

import dev.sluice.compute.Bfloat16;
import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Shape;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The bytes of stored tensors.
final class TensorBytes {
    private TensorBytes() {}

    /// The part of a file that holds a tensor.
    ///
    /// @param base where the tensors' data begins
    /// @param offset from there, not negative
    /// @throws ModelFileException if it does not lie within the file
    static MemorySegment slice(
            MappedFile file, String name, DType dtype, Shape shape, long base, long offset) {
        try {
            long bytes = dtype.bytesFor(shape.elements());
            return file.slice(Math.addExact(base, offset), bytes, "tensor " + name);
        } catch (ArithmeticException e) {
            throw new ModelFileException(
                    "%s is damaged: tensor %s of shape %s at offset %d is larger than any file"
                            .formatted(file.path(), name, shape, offset),
                    e);
        }
    }

    /// An element of a plain type as float32.
    static float floatAt(MemorySegment data, DType dtype, long index) {
        return switch (dtype) {
            case F32 -> data.get(ByteCursor.FLOAT, 4 * index);
            case F16 -> Float.float16ToFloat(data.get(ByteCursor.SHORT, 2 * index));
            case BF16 -> Bfloat16.value(data.get(ByteCursor.SHORT, 2 * index));
            default -> throw new IllegalArgumentException(dtype + " is no plain float type");
        };
    }

    /// Whether two matrices of one shape hold the same numbers.
    static boolean areEqual(MatrixSource a, MatrixSource b) {
        if (a.dtype() == b.dtype() && !a.transposed() && !b.transposed()) {
            return a.data().mismatch(b.data()) < 0
                    && Arrays.equals(
                            a.rowScales().orElse(new float[0]), b.rowScales().orElse(new float[0]));
        }
        if (!isPlain(a.dtype()) || !isPlain(b.dtype())) {
            return false;
        }
        for (int row = 0; row < a.rows(); row++) {
            for (int col = 0; col < a.cols(); col++) {
                if (floatAt(a, row, col) != floatAt(b, row, col)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean isPlain(DType dtype) {
        return dtype == DType.F32 || dtype == DType.F16 || dtype == DType.BF16;
    }

    private static float floatAt(MatrixSource matrix, int row, int col) {
        long stride = matrix.rowStride();
        long index = matrix.transposed() ? col * stride + row : row * stride + col;
        return floatAt(matrix.data(), matrix.dtype(), index);
    }

    /// Gives the memory of mapped pages back to the operating system, which reads them again should
    /// they be needed.
    static void release(MemorySegment data) {
        if (data.isMapped() && data.byteSize() > 0) {
            data.unload();
        }
    }
}
