package dev.sluice.compute.cuda;

import dev.sluice.compute.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// A kernel and the block of arguments that its launches share: nothing is allocated in a launch.
///
/// ```
/// function.args().tensor(x).i32(columns).f32(eps).launch(rows, 1, 1, 256, 0);
/// ```
///
/// The order of arguments is that of the kernel's parameters; their types must be the same. The
/// driver copies them before a launch returns.
final class CudaFunction {
    private static final int MAX_ARGUMENTS = 40;
    private static final int DEFAULT_SHARED_BYTES = 48 * 1024;

    private final String name;
    private final MemorySegment handle;
    private final CudaStream stream;
    private final MemorySegment slots;
    private final MemorySegment pointers;
    private int used;
    private int sharedBytesAllowed = DEFAULT_SHARED_BYTES;

    CudaFunction(String name, MemorySegment handle, CudaStream stream, Arena arena) {
        this.name = name;
        this.handle = handle;
        this.stream = stream;
        this.slots = arena.allocate(ValueLayout.JAVA_LONG, MAX_ARGUMENTS);
        this.pointers = arena.allocate(ValueLayout.JAVA_LONG, MAX_ARGUMENTS);
        for (int i = 0; i < MAX_ARGUMENTS; i++) {
            pointers.setAtIndex(ValueLayout.JAVA_LONG, i, slots.address() + 8L * i);
        }
    }

    /// Begins the arguments of a launch.
    CudaFunction args() {
        used = 0;
        return this;
    }

    /// A device address, or a 64-bit number.
    CudaFunction i64(long value) {
        slots.setAtIndex(ValueLayout.JAVA_LONG, used++, value);
        return this;
    }

    /// A 32-bit number.
    CudaFunction i32(int value) {
        slots.set(ValueLayout.JAVA_INT, 8L * used++, value);
        return this;
    }

    /// A float.
    CudaFunction f32(float value) {
        slots.set(ValueLayout.JAVA_FLOAT, 8L * used++, value);
        return this;
    }

    /// A truth as the 32-bit number 1 or 0.
    CudaFunction flag(boolean value) {
        return i32(value ? 1 : 0);
    }

    /// The address of a tensor's first element.
    CudaFunction tensor(Tensor tensor) {
        return i64(tensor.data().address());
    }

    /// A matrix: the address of its first element, then its row stride in elements as a 64-bit
    /// number.
    CudaFunction matrix(Tensor matrix) {
        return tensor(matrix).i64(matrix.rowStride());
    }

    /// Queues the kernel with the arguments since [#args()]; an empty grid does nothing.
    ///
    /// @param block threads of a block
    /// @param sharedBytes dynamic shared memory
    /// @throws dev.sluice.compute.DeviceException if it can't be launched
    void launch(int gridX, int gridY, int gridZ, int block, int sharedBytes) {
        if (gridX == 0 || gridY == 0 || gridZ == 0) {
            return;
        }
        if (sharedBytes > sharedBytesAllowed) {
            Cuda.allowSharedMemory(handle, sharedBytes);
            sharedBytesAllowed = sharedBytes;
        }
        int status =
                Cuda.launch(
                        handle, gridX, gridY, gridZ, block, sharedBytes, stream.handle(), pointers);
        if (status != 0) {
            Cuda.check(
                    status,
                    "cuLaunchKernel of %s on (%d, %d, %d) blocks of %d threads"
                            .formatted(name, gridX, gridY, gridZ, block),
                    "shared bytes",
                    sharedBytes);
        }
    }

    /// Queues the kernel on a line of blocks without dynamic shared memory.
    void launch(int grid, int block) {
        launch(grid, 1, 1, block, 0);
    }
}
