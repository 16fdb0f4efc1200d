package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.cuda.ffi.NativeLibraries;
import dev.sluice.compute.cuda.ffi.cuda.CudaDriver;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.util.Set;
import java.util.function.IntConsumer;

/// Calls of the CUDA driver whose status is checked: a failure is a [DeviceException] with the
/// function, the driver's name for the error and the sizes involved.
final class Cuda {
    /// The CUDA version whose headers the bindings have and whose kernels are built: 13.0.
    static final int NEEDED_VERSION = 13_000;

    private static final String LIBRARY = "cuda";
    private static final long MAX_NAME_BYTES = 256;

    /// Errors after which every call of the context fails, as cuda.h says: an uncorrectable ECC or
    /// NVLink error, a destroyed context, an assertion, faults of a kernel, an unknown error.
    private static final Set<Integer> STICKY =
            Set.of(214, 220, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 999);

    private Cuda() {}

    /// Whether the driver's library can be opened. Only then may the other calls be made.
    static boolean isPresent() {
        return NativeLibraries.isPresent(LIBRARY);
    }

    /// The driver's library, as it is looked for.
    static String file() {
        return NativeLibraries.file(LIBRARY);
    }

    /// Puts an emulated driver, which is cuBLAS and NCCL too, in the place of the real libraries.
    ///
    /// @return whether it is in place
    static boolean redirect(String file) {
        return NativeLibraries.redirect(LIBRARY, file)
                && NativeLibraries.redirect("cublas", file)
                && NativeLibraries.redirect("nccl", file);
    }

    /// Whether the driver in use is an emulated one.
    static boolean isEmulated() {
        return NativeLibraries.isRedirected(LIBRARY);
    }

    /// Gives the emulated driver as many GPUs at least.
    static void emulate(int gpus) {
        MethodHandle handle =
                Linker.nativeLinker()
                        .downcallHandle(
                                NativeLibraries.lookup(LIBRARY).findOrThrow("cusim_need_devices"),
                                FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT));
        MethodHandleProxies.asInterfaceInstance(IntConsumer.class, handle).accept(gpus);
    }

    /// Demands success of a call.
    static void check(int status, String function) {
        if (status != CudaDriver.CUDA_SUCCESS()) {
            throw failure(status, function, "");
        }
    }

    /// Demands success of a call that is about a size.
    ///
    /// @param quantity what the size measures, for example `bytes`
    static void check(int status, String function, String quantity, long size) {
        if (status != CudaDriver.CUDA_SUCCESS()) {
            throw failure(status, function, ", %s: %d".formatted(quantity, size));
        }
    }

    /// Demands success of a call that gives something back. A device that is lost takes nothing
    /// back until the process ends, and was complained of before.
    private static void released(int status, String function) {
        if (!STICKY.contains(status)) {
            check(status, function);
        }
    }

    private static DeviceException failure(int status, String function, String sizes) {
        String message = "%s failed with %s%s".formatted(function, errorName(status), sizes);
        return STICKY.contains(status)
                ? DeviceException.lost(message)
                : new DeviceException(message);
    }

    /// Name and number of an error, for example `CUDA_ERROR_NO_DEVICE (100)`; the number alone
    /// where the driver is absent or does not know it.
    static String errorName(int status) {
        if (!isPresent()) {
            return "error " + status;
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(CudaDriver.C_POINTER);
            return CudaDriver.cuGetErrorName(status, name) == CudaDriver.CUDA_SUCCESS()
                    ? "%s (%d)".formatted(name.get(CudaDriver.C_POINTER, 0).getString(0), status)
                    : "error " + status;
        }
    }

    /// The CUDA version that the driver supports, as 1000 times major plus 10 times minor. Works
    /// before [#initialize].
    static int driverVersion() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment version = arena.allocate(ValueLayout.JAVA_INT);
            check(CudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion");
            return version.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /// Must come before all calls about devices; again is harmless.
    static void initialize() {
        check(CudaDriver.cuInit(0), "cuInit");
    }

    /// How many GPUs the driver shows to this process.
    static int deviceCount() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
            check(CudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
            return count.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /// What a GPU is.
    ///
    /// @param ordinal from 0 to [#deviceCount] - 1
    static CudaSupport.Gpu gpu(int ordinal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            check(CudaDriver.cuDeviceGet(number, ordinal), "cuDeviceGet", "ordinal", ordinal);
            int device = number.get(ValueLayout.JAVA_INT, 0);
            MemorySegment name = arena.allocate(MAX_NAME_BYTES);
            check(
                    CudaDriver.cuDeviceGetName(name, (int) name.byteSize(), device),
                    "cuDeviceGetName");
            MemorySegment bytes = arena.allocate(ValueLayout.JAVA_LONG);
            check(CudaDriver.cuDeviceTotalMem_v2(bytes, device), "cuDeviceTotalMem");
            return new CudaSupport.Gpu(
                    name.getString(0),
                    attribute(
                            CudaDriver.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR(),
                            device,
                            number),
                    attribute(
                            CudaDriver.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR(),
                            device,
                            number),
                    bytes.get(ValueLayout.JAVA_LONG, 0));
        }
    }

    private static int attribute(int attribute, int device, MemorySegment value) {
        check(
                CudaDriver.cuDeviceGetAttribute(value, attribute, device),
                "cuDeviceGetAttribute",
                "attribute",
                attribute);
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    /// A property of a GPU, for example the number of its multiprocessors.
    static int attribute(int attribute, int device) {
        try (Arena arena = Arena.ofConfined()) {
            return attribute(attribute, device, arena.allocate(ValueLayout.JAVA_INT));
        }
    }

    /// How many multiprocessors a GPU has.
    static int multiprocessors(int device) {
        return attribute(CudaDriver.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT(), device);
    }

    /// The driver's number of a GPU.
    static int device(int ordinal) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
            check(CudaDriver.cuDeviceGet(number, ordinal), "cuDeviceGet", "ordinal", ordinal);
            return number.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /// The primary context of a GPU, to be given back by [#releasePrimaryContext].
    static MemorySegment retainPrimaryContext(int device) {
        return pointer(
                "cuDevicePrimaryCtxRetain",
                out -> CudaDriver.cuDevicePrimaryCtxRetain(out, device));
    }

    static void releasePrimaryContext(int device) {
        released(CudaDriver.cuDevicePrimaryCtxRelease_v2(device), "cuDevicePrimaryCtxRelease");
    }

    /// Makes a context the calling thread's. That it is lost the next call says, so that it can be
    /// closed.
    static void makeCurrent(MemorySegment context) {
        released(CudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
    }

    /// Bytes of GPU memory that nobody uses.
    static long freeBytes() {
        return memoryInfo(0);
    }

    /// All bytes of GPU memory.
    static long totalBytes() {
        return memoryInfo(1);
    }

    private static long memoryInfo(int which) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment free = arena.allocate(ValueLayout.JAVA_LONG, 2);
            check(CudaDriver.cuMemGetInfo_v2(free, free.asSlice(8)), "cuMemGetInfo");
            return free.getAtIndex(ValueLayout.JAVA_LONG, which);
        }
    }

    /// GPU memory, uninitialised; its address begins at a multiple of 256.
    static long allocate(long bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(ValueLayout.JAVA_LONG);
            check(CudaDriver.cuMemAlloc_v2(address, bytes), "cuMemAlloc", "bytes", bytes);
            return address.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    static void free(long address) {
        released(CudaDriver.cuMemFree_v2(address), "cuMemFree");
    }

    /// Pinned host memory.
    static MemorySegment allocateHost(long bytes) {
        MemorySegment memory =
                pointer(
                        "cuMemHostAlloc",
                        out ->
                                CudaDriver.cuMemHostAlloc(
                                        out, bytes, CudaDriver.CU_MEMHOSTALLOC_PORTABLE()));
        return MemorySegment.ofAddress(memory.address()).reinterpret(bytes);
    }

    static void freeHost(MemorySegment memory) {
        released(CudaDriver.cuMemFreeHost(memory), "cuMemFreeHost");
    }

    static void copyToDevice(long target, MemorySegment host, long bytes, MemorySegment stream) {
        check(
                CudaDriver.cuMemcpyHtoDAsync_v2(target, host, bytes, stream),
                "cuMemcpyHtoDAsync",
                "bytes",
                bytes);
    }

    static void copyToHost(MemorySegment host, long source, long bytes, MemorySegment stream) {
        check(
                CudaDriver.cuMemcpyDtoHAsync_v2(host, source, bytes, stream),
                "cuMemcpyDtoHAsync",
                "bytes",
                bytes);
    }

    static void copy(long target, long source, long bytes, MemorySegment stream) {
        check(
                CudaDriver.cuMemcpyDtoDAsync_v2(target, source, bytes, stream),
                "cuMemcpyDtoDAsync",
                "bytes",
                bytes);
    }

    static void fill(long target, byte value, long bytes, MemorySegment stream) {
        check(
                CudaDriver.cuMemsetD8Async(target, value, bytes, stream),
                "cuMemsetD8Async",
                "bytes",
                bytes);
    }

    /// A stream that does not wait for the default stream.
    static MemorySegment createStream() {
        return pointer(
                "cuStreamCreate",
                out -> CudaDriver.cuStreamCreate(out, CudaDriver.CU_STREAM_NON_BLOCKING()));
    }

    static void synchronize(MemorySegment stream) {
        check(CudaDriver.cuStreamSynchronize(stream), "cuStreamSynchronize");
    }

    /// Whether all that was queued is done.
    static boolean isDone(MemorySegment stream) {
        int status = CudaDriver.cuStreamQuery(stream);
        if (status == CudaDriver.CUDA_ERROR_NOT_READY()) {
            return false;
        }
        check(status, "cuStreamQuery");
        return true;
    }

    static void destroyStream(MemorySegment stream) {
        released(CudaDriver.cuStreamDestroy_v2(stream), "cuStreamDestroy");
    }

    /// An event without a time.
    static MemorySegment createEvent() {
        return pointer(
                "cuEventCreate",
                out -> CudaDriver.cuEventCreate(out, CudaDriver.CU_EVENT_DISABLE_TIMING()));
    }

    static void record(MemorySegment event, MemorySegment stream) {
        check(CudaDriver.cuEventRecord(event, stream), "cuEventRecord");
    }

    static void await(MemorySegment event) {
        check(CudaDriver.cuEventSynchronize(event), "cuEventSynchronize");
    }

    static void destroyEvent(MemorySegment event) {
        released(CudaDriver.cuEventDestroy_v2(event), "cuEventDestroy");
    }

    /// Loads kernels.
    ///
    /// @param image a fatbin, or text that ends with a zero
    static MemorySegment loadModule(MemorySegment image) {
        return pointer("cuModuleLoadData", out -> CudaDriver.cuModuleLoadData(out, image));
    }

    static void unloadModule(MemorySegment module) {
        released(CudaDriver.cuModuleUnload(module), "cuModuleUnload");
    }

    /// A kernel of a module.
    static MemorySegment function(MemorySegment module, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocateFrom(name);
            return pointer(
                    "cuModuleGetFunction of " + name,
                    out -> CudaDriver.cuModuleGetFunction(out, module, text));
        }
    }

    /// Lets a kernel have more than 48 KiB of dynamic shared memory.
    static void allowSharedMemory(MemorySegment function, int bytes) {
        check(
                CudaDriver.cuFuncSetAttribute(
                        function,
                        CudaDriver.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES(),
                        bytes),
                "cuFuncSetAttribute",
                "bytes",
                bytes);
    }

    /// Starts a kernel.
    ///
    /// @param parameters addresses of the arguments
    /// @return a status, for the caller knows what was launched
    static int launch(
            MemorySegment function,
            int gridX,
            int gridY,
            int gridZ,
            int block,
            int sharedBytes,
            MemorySegment stream,
            MemorySegment parameters) {
        return CudaDriver.cuLaunchKernel(
                function,
                gridX,
                gridY,
                gridZ,
                block,
                1,
                1,
                sharedBytes,
                stream,
                parameters,
                MemorySegment.NULL);
    }

    /// From now on what this thread gives the stream is recorded and not run.
    static void beginCapture(MemorySegment stream) {
        check(
                CudaDriver.cuStreamBeginCapture_v2(
                        stream, CudaDriver.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()),
                "cuStreamBeginCapture");
    }

    /// Ends recording.
    ///
    /// @return what was recorded, to be given back by [#destroyGraph]
    static MemorySegment endCapture(MemorySegment stream) {
        return pointer("cuStreamEndCapture", out -> CudaDriver.cuStreamEndCapture(stream, out));
    }

    /// Makes what was recorded ready to run.
    static MemorySegment instantiate(MemorySegment graph) {
        return pointer(
                "cuGraphInstantiateWithFlags",
                out -> CudaDriver.cuGraphInstantiateWithFlags(out, graph, 0));
    }

    static void destroyGraph(MemorySegment graph) {
        released(CudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
    }

    static void launchGraph(MemorySegment executable, MemorySegment stream) {
        check(CudaDriver.cuGraphLaunch(executable, stream), "cuGraphLaunch");
    }

    static void destroyExecutable(MemorySegment executable) {
        released(CudaDriver.cuGraphExecDestroy(executable), "cuGraphExecDestroy");
    }

    /// A call that writes a pointer.
    @FunctionalInterface
    interface PointerCall {
        /// Returns a status.
        int into(MemorySegment out);
    }

    private static MemorySegment pointer(String function, PointerCall call) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(CudaDriver.C_POINTER);
            check(call.into(out), function);
            return out.get(CudaDriver.C_POINTER, 0);
        }
    }
}
