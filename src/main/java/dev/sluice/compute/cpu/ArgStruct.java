package dev.sluice.compute.cpu;

import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/// The argument struct of one native kernel, reserved once and filled field by field before each
/// operation; a field of the wrong kind, too many or too few are an [IllegalStateException].
final class ArgStruct {
    private final NativeOp op;
    private final NativeOp.Kind[] kinds;
    private final MemorySegment memory;
    private int next;

    ArgStruct(NativeOp op, SegmentAllocator allocator) {
        this.op = op;
        this.kinds = op.fields().stream().map(NativeOp.Field::kind).toArray(NativeOp.Kind[]::new);
        this.memory = allocator.allocate(ValueLayout.JAVA_LONG, kinds.length);
    }

    /// The struct.
    MemorySegment memory() {
        return memory;
    }

    /// Starts over with the first field.
    ArgStruct begin() {
        next = 0;
        return this;
    }

    ArgStruct pointer(MemorySegment target) {
        return pointer(target, 0);
    }

    ArgStruct pointer(MemorySegment target, long offset) {
        if (!target.isNative() || !target.scope().isAlive()) {
            throw new IllegalStateException(
                    op + ": field " + next + " points to memory that is gone or in the heap");
        }
        if (offset < 0 || offset > target.byteSize()) {
            throw new IllegalStateException(op + ": field " + next + " points behind its memory");
        }
        put(NativeOp.Kind.POINTER, target.address() + offset);
        return this;
    }

    ArgStruct integer(long value) {
        put(NativeOp.Kind.INTEGER, value);
        return this;
    }

    ArgStruct flag(boolean value) {
        return integer(value ? 1 : 0);
    }

    ArgStruct real(double value) {
        put(NativeOp.Kind.REAL, Double.doubleToRawLongBits(value));
        return this;
    }

    ArgStruct matrix(Panels panels) {
        WeightFormat format = panels.format();
        return pointer(panels.data())
                .integer(format.encoding().code())
                .integer(panels.rows())
                .integer(panels.cols())
                .integer(panels.panelBytes())
                .integer(format.group())
                .integer(format.scaleBits())
                .flag(format.hasMin());
    }

    private void put(NativeOp.Kind kind, long bits) {
        if (next == kinds.length || kinds[next] != kind) {
            throw new IllegalStateException(op + ": field " + next + " is no " + kind);
        }
        memory.setAtIndex(ValueLayout.JAVA_LONG, next++, bits);
    }

    /// Checks that all fields were filled.
    void end() {
        if (next != kinds.length) {
            throw new IllegalStateException(op + ": only " + next + " fields were filled");
        }
    }
}
