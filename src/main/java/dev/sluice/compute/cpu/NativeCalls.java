package dev.sluice.compute.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The calls that a step makes by the hundred. Their handles are constants, which the VM compiles
/// to the call itself; one that an object holds is passed through half a dozen methods each time,
/// and between two products none of them is in a cache any more. Nothing keeps the functions loaded
/// meanwhile: that is up to the caller. Any thread.
final class NativeCalls {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    // The address is a number, for which nothing has to be kept alive meanwhile.
    private static final MethodHandle RUN =
            LINKER.downcallHandle(FunctionDescriptor.ofVoid(LONG, LONG, LONG));

    // It takes less time than telling the garbage collector about it.
    private static final MethodHandle FETCH =
            LINKER.downcallHandle(
                    FunctionDescriptor.of(LONG, LONG, LONG), Linker.Option.critical(false));

    private NativeCalls() {}

    /// Does units of an operation.
    ///
    /// @param function the kernel
    /// @param args address of its argument struct
    /// @param begin the first unit
    /// @param end the unit behind the last
    static void run(MemorySegment function, long args, long begin, long end) {
        try {
            RUN.invokeExact(function, args, begin, end);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Brings memory into the caller's cache.
    ///
    /// @param function `sl_fetch`
    /// @param address of memory that need not be valid
    /// @return the bytes
    static long fetch(MemorySegment function, long address, long bytes) {
        try {
            return (long) FETCH.invokeExact(function, address, bytes);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Native code throws nothing: what comes is the VM's.
    private static RuntimeException unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException known ? known : new IllegalStateException(e);
    }
}
