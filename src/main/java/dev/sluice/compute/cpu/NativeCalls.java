package dev.sluice.compute.cpu;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The calls that steps make. Their handles are constants, which the VM compiles to the call
/// itself; one that an object holds is passed through half a dozen methods each time, and between
/// two products none of them is in a cache any more. Nothing keeps the functions loaded meanwhile:
/// that is up to the caller. Any thread.
final class NativeCalls {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    // The address is a number, for which nothing has to be kept alive meanwhile.
    private static final MethodHandle RUN =
            LINKER.downcallHandle(FunctionDescriptor.ofVoid(LONG, LONG, LONG));

    private static final MethodHandle BEGIN =
            LINKER.downcallHandle(FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG));

    private static final MethodHandle WITH_TEAM =
            LINKER.downcallHandle(FunctionDescriptor.ofVoid(LONG, LONG));

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

    /// Begins a list of operations.
    ///
    /// @param function `sl_team_begin`
    /// @param team address of what the threads share
    /// @param ops address of the operations
    /// @return 1 where there is something to share, else 0
    static long begin(MemorySegment function, long team, long ops, long count, long timed) {
        try {
            return (long) BEGIN.invokeExact(function, team, ops, count, timed);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /// Makes the memory that threads share ready.
    ///
    /// @param function `sl_team_init`
    /// @param team its address
    static void setUp(MemorySegment function, long team, long threads) {
        withTeam(function, team, threads);
    }

    /// Takes part in a list of operations.
    ///
    /// @param function `sl_team_work`
    /// @param team address of what the threads share
    static void work(MemorySegment function, long team, long thread) {
        withTeam(function, team, thread);
    }

    private static void withTeam(MemorySegment function, long team, long number) {
        try {
            WITH_TEAM.invokeExact(function, team, number);
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
