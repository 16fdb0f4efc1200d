package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// One GPU as the thread that opened this sees it: its primary context, one compute stream, the
/// kernels and cuBLAS. All calls, [#close()] among them, on that thread.
final class CudaContext implements AutoCloseable {
    // What this room made the thread's; a thread that drives several GPUs goes from one to the
    // other.
    private static final ThreadLocal<CudaContext> CURRENT = new ThreadLocal<>();

    private final CudaOptions options;
    private final int device;
    private final MemorySegment handle;
    private final KernelImages images;
    private final CudaStream stream;
    private final Map<String, CudaModule> modules = new HashMap<>();
    private Optional<Cublas> cublas = Optional.empty();
    private boolean closed;

    private CudaContext(CudaOptions options, int device, MemorySegment handle) {
        this.options = options;
        this.device = device;
        this.handle = handle;
        this.images = new KernelImages(options.emulated());
        enter();
        this.stream = new CudaStream();
    }

    /// Opens a GPU and makes its context the calling thread's.
    ///
    /// @throws DeviceException if there is no such GPU
    static CudaContext open(CudaOptions options) {
        if (options.emulated()) {
            EmulatedDriver.install();
        } else if (!Cuda.isPresent()) {
            throw new DeviceException("no NVIDIA driver (" + Cuda.file() + ") here");
        }
        Cuda.initialize();
        int device = Cuda.device(options.ordinal());
        MemorySegment handle = Cuda.retainPrimaryContext(device);
        boolean complete = false;
        try {
            CudaContext context = new CudaContext(options, device, handle);
            complete = true;
            return context;
        } finally {
            if (!complete) {
                Cuda.releasePrimaryContext(device);
            }
        }
    }

    /// Makes the GPU the calling thread's, if it is not already: what comes next is about it.
    void enter() {
        if (CURRENT.get() != this) {
            Cuda.makeCurrent(handle);
            CURRENT.set(this);
        }
    }

    /// Says that a library may have made another GPU the calling thread's.
    static void leave() {
        CURRENT.remove();
    }

    /// How the device was opened.
    CudaOptions options() {
        return options;
    }

    /// The stream that everything is queued on.
    CudaStream stream() {
        return stream;
    }

    /// A kernel of a `.cu` file, the same object each time.
    ///
    /// @param module the file's name without its extension
    /// @throws DeviceException if there is none
    CudaFunction function(String module, String name) {
        return module(module).function(name);
    }

    /// Loads the kernels of a `.cu` file now rather than when the first is asked for.
    void load(String module) {
        module(module);
    }

    private CudaModule module(String name) {
        return modules.computeIfAbsent(name, key -> new CudaModule(images.image(key), stream));
    }

    /// cuBLAS on the stream, opened by the first call.
    Cublas cublas() {
        if (cublas.isEmpty()) {
            cublas = Optional.of(new Cublas(stream));
        }
        return cublas.get();
    }

    /// Multiprocessors of the GPU.
    int multiprocessors() {
        return Cuda.multiprocessors(device);
    }

    /// The GPU in words.
    String describe() {
        return Cuda.gpu(options.ordinal()).describe();
    }

    /// Bytes that may still be allocated: free memory less the share that is left to others.
    long availableBytes() {
        double reserved = Cuda.totalBytes() * (1 - options.gpuMemoryUtilization());
        return Math.max(0, Cuda.freeBytes() - (long) reserved);
    }

    /// Closes all but the memory, which is others'. Idempotent.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        enter();
        cublas.ifPresent(Cublas::close);
        modules.values().forEach(CudaModule::close);
        stream.close();
        Cuda.releasePrimaryContext(device);
        leave();
    }
}
