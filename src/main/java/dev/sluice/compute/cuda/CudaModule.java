package dev.sluice.compute.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/// The kernels of one `.cu` file. Owned by the [CudaContext].
final class CudaModule implements AutoCloseable {
    private final MemorySegment handle;
    private final CudaStream stream;
    private final Arena arena = Arena.ofShared();
    private final Map<String, CudaFunction> functions = new HashMap<>();

    /// @param image as [KernelImages] has it
    /// @param stream where the kernels run
    CudaModule(byte[] image, CudaStream stream) {
        this.stream = stream;
        try (Arena loading = Arena.ofConfined()) {
            MemorySegment bytes = loading.allocate(image.length + 1L, 16);
            MemorySegment.copy(MemorySegment.ofArray(image), 0, bytes, 0, image.length);
            this.handle = Cuda.loadModule(bytes);
        }
    }

    /// A kernel, the same object each time.
    ///
    /// @throws dev.sluice.compute.DeviceException if there is none of that name
    CudaFunction function(String name) {
        return functions.computeIfAbsent(
                name, key -> new CudaFunction(key, Cuda.function(handle, key), stream, arena));
    }

    @Override
    public void close() {
        Cuda.unloadModule(handle);
        arena.close();
    }
}
