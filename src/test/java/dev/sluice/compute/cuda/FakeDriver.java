package dev.sluice.compute.cuda;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.Optional;

/// The few functions of a driver that say what a machine has, in Java. They are called as native
/// functions.
final class FakeDriver implements SymbolLookup {
    private static final int NO_DEVICE = 100;
    private static final int INVALID_VALUE = 1;
    private static final AddressLayout POINTER =
            ValueLayout.ADDRESS.withTargetLayout(
                    MemoryLayout.sequenceLayout(256, ValueLayout.JAVA_BYTE));

    private final Arena arena = Arena.global();
    private final int version;
    private final int initStatus;
    private final int gpus;
    private final int major;

    /// GPUs of compute capability 9.0.
    ///
    /// @param version what cuDriverGetVersion says
    /// @param initStatus what cuInit returns
    /// @param gpus how many GPUs there are
    FakeDriver(int version, int initStatus, int gpus) {
        this(version, initStatus, gpus, 9);
    }

    /// @param major of the GPUs' compute capability
    FakeDriver(int version, int initStatus, int gpus, int major) {
        this.version = version;
        this.initStatus = initStatus;
        this.gpus = gpus;
        this.major = major;
    }

    @Override
    public Optional<MemorySegment> find(String name) {
        return Arrays.stream(FakeDriver.class.getDeclaredMethods())
                .filter(method -> method.getName().equals(name) && name.startsWith("cu"))
                .findFirst()
                .map(this::stub);
    }

    private MemorySegment stub(Method method) {
        MemoryLayout[] parameters =
                Arrays.stream(method.getParameterTypes())
                        .map(type -> type == int.class ? ValueLayout.JAVA_INT : POINTER)
                        .toArray(MemoryLayout[]::new);
        try {
            return Linker.nativeLinker()
                    .upcallStub(
                            MethodHandles.lookup().unreflect(method).bindTo(this),
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters),
                            arena);
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    int cuInit(int flags) {
        return flags == 0 ? initStatus : INVALID_VALUE;
    }

    int cuDriverGetVersion(MemorySegment version) {
        version.set(ValueLayout.JAVA_INT, 0, this.version);
        return 0;
    }

    int cuGetErrorName(int status, MemorySegment name) {
        if (status != NO_DEVICE) {
            return INVALID_VALUE;
        }
        name.set(ValueLayout.ADDRESS, 0, arena.allocateFrom("CUDA_ERROR_NO_DEVICE"));
        return 0;
    }

    int cuDeviceGetCount(MemorySegment count) {
        count.set(ValueLayout.JAVA_INT, 0, gpus);
        return 0;
    }

    int cuDeviceGet(MemorySegment device, int ordinal) {
        device.set(ValueLayout.JAVA_INT, 0, 70 + ordinal);
        return 0;
    }

    int cuDeviceGetName(MemorySegment name, int length, int device) {
        name.setString(0, ("GPU at " + device + " in " + length + " bytes"));
        return 0;
    }

    int cuDeviceTotalMem_v2(MemorySegment bytes, int device) {
        bytes.set(ValueLayout.JAVA_LONG, 0, 1_000_000_000L * device);
        return 0;
    }

    int cuDeviceGetAttribute(MemorySegment value, int attribute, int device) {
        value.set(ValueLayout.JAVA_INT, 0, attribute == 75 ? major : attribute == 76 ? 0 : -1);
        return 0;
    }
}
