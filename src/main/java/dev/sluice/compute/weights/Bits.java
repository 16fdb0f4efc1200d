package dev.sluice.compute.weights;

import dev.sluice.compute.Bfloat16;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Elements of memory as numbers: unaligned reads and writes, also of the 16-bit float types.
public final class Bits {
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort I16 = ValueLayout.JAVA_SHORT_UNALIGNED;

    private Bits() {}

    /// Element `index` of float32 memory.
    public static float f32(MemorySegment memory, long index) {
        return memory.get(F32, index * 4);
    }

    /// Sets element `index` of float32 memory.
    public static void setF32(MemorySegment memory, long index, float value) {
        memory.set(F32, index * 4, value);
    }

    /// Element `index` of int32 memory.
    public static int i32(MemorySegment memory, long index) {
        return memory.get(I32, index * 4);
    }

    /// The float32 at a byte offset.
    public static float f32At(MemorySegment memory, long offset) {
        return memory.get(F32, offset);
    }

    /// Sets the float32 at a byte offset.
    public static void setF32At(MemorySegment memory, long offset, float value) {
        memory.set(F32, offset, value);
    }

    /// Sets the int32 at a byte offset.
    public static void setI32At(MemorySegment memory, long offset, int value) {
        memory.set(I32, offset, value);
    }

    /// The 16 bits at a byte offset.
    public static short i16At(MemorySegment memory, long offset) {
        return memory.get(I16, offset);
    }

    /// Sets the 16 bits at a byte offset.
    public static void setI16At(MemorySegment memory, long offset, short value) {
        memory.set(I16, offset, value);
    }

    /// The byte at an offset, 0 to 255.
    public static int u8(MemorySegment memory, long offset) {
        return memory.get(ValueLayout.JAVA_BYTE, offset) & 0xFF;
    }

    /// Sets the byte at a byte offset to the low 8 bits of `value`.
    public static void setU8(MemorySegment memory, long offset, int value) {
        memory.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
    }

    /// The float16 at a byte offset.
    public static float f16At(MemorySegment memory, long offset) {
        return Float.float16ToFloat(i16At(memory, offset));
    }

    /// The bfloat16 at a byte offset.
    public static float bf16At(MemorySegment memory, long offset) {
        return Bfloat16.value(i16At(memory, offset));
    }

    /// Copies float32 elements out of memory.
    public static void readF32(MemorySegment memory, long index, float[] into, int at, int count) {
        MemorySegment.copy(memory, F32, index * 4, into, at, count);
    }

    /// Copies float32 elements into memory.
    public static void writeF32(float[] from, int at, MemorySegment memory, long index, int count) {
        MemorySegment.copy(from, at, memory, F32, index * 4, count);
    }
}
