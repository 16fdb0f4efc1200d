package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// One GPU as the thread that opened this sees it: its primary context, one compute stream, the
/// kernels and cuBLAS. All calls, [#close()] among them, on that thread.
final class CudaContext implements AutoCloseable {
    private final CudaOptions options;
    private final int device;
    private final KernelImages images;
    private final CudaStream stream;
    private final Map<String, CudaModule> modules = new HashMap<>();
    private Optional<Cublas> cublas = Optional.empty();
    private boolean closed;

    private CudaContext(CudaOptions options, int device) {
        this.options = options;
        this.device = device;
        this.images = new KernelImages(options.emulated());
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
        Cuda.makeCurrent(Cuda.retainPrimaryContext(device));
        boolean complete = false;
        try {
            CudaContext context = new CudaContext(options, device);
            complete = true;
            return context;
        } finally {
            if (!complete) {
                Cuda.releasePrimaryContext(device);
            }
        }
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
        return modules.computeIfAbsent(module, key -> new CudaModule(images.image(key), stream))
                .function(name);
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

    /// Closes all but the memory, which is others'. The context stays the thread's, for another
    /// device may use it. Idempotent.
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        cublas.ifPresent(Cublas::close);
        modules.values().forEach(CudaModule::close);
        stream.close();
        Cuda.releasePrimaryContext(device);
    }
}
