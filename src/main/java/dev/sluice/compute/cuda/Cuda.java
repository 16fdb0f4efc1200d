package dev.sluice.compute.cuda;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.cuda.ffi.NativeLibraries;
import dev.sluice.compute.cuda.ffi.cuda.CudaDriver;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Calls of the CUDA driver whose status is checked: a failure is a [DeviceException] with the
/// function, the driver's name for the error and the sizes involved.
final class Cuda {
    /// The CUDA version whose headers the bindings have and whose kernels are built: 13.0.
    static final int NEEDED_VERSION = 13_000;

    private static final String LIBRARY = "cuda";
    private static final long MAX_NAME_BYTES = 256;

    private Cuda() {}

    /// Whether the driver's library can be opened. Only then may the other calls be made.
    static boolean isPresent() {
        return NativeLibraries.isPresent(LIBRARY);
    }

    /// The driver's library, as it is looked for.
    static String file() {
        return NativeLibraries.file(LIBRARY);
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

    private static DeviceException failure(int status, String function, String sizes) {
        return new DeviceException(
                "%s failed with %s%s".formatted(function, errorName(status), sizes));
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
}
