package dev.sluice.compute.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What the emulated driver lets tests set and ask; `native/cusim/api_cusim.h` says what it means.
public final class Cusim {
    private static final long MAX_TEXT_BYTES = 4096;

    private final SymbolLookup symbols;

    private Cusim(Path library) {
        this.symbols = SymbolLookup.libraryLookup(library, Arena.global());
    }

    /// Skips the test where the emulated driver was not built.
    public static Cusim open() {
        assumeTrue(CudaSupport.canEmulate(), "the emulated driver was not built: no g++");
        return new Cusim(EmulatedDriver.file().orElseThrow());
    }

    private Object call(String name, MemoryLayout result, Object... arguments) {
        MemoryLayout[] layouts = new MemoryLayout[arguments.length];
        for (int i = 0; i < arguments.length; i++) {
            layouts[i] =
                    switch (arguments[i]) {
                        case Integer _ -> ValueLayout.JAVA_INT;
                        case Long _ -> ValueLayout.JAVA_LONG;
                        default -> ValueLayout.ADDRESS;
                    };
        }
        FunctionDescriptor descriptor = FunctionDescriptor.of(result, layouts);
        try {
            return Linker.nativeLinker()
                    .downcallHandle(symbols.findOrThrow(name), descriptor)
                    .invokeWithArguments(arguments);
        } catch (Throwable e) {
            throw new IllegalStateException(name, e);
        }
    }

    private void set(String name, Object... arguments) {
        // A result that is not there is not looked at.
        call(name, ValueLayout.JAVA_INT, arguments);
    }

    /// Runs threads and blocks last to first, or first to last.
    public void reverse(boolean last) {
        set("cusim_set_order", last ? 1 : 0);
    }

    /// Runs work only when somebody waits for it, or at once.
    public void deferStreams(boolean deferred) {
        set("cusim_set_streams", deferred ? 1 : 0);
    }

    /// Makes calls fail, for example `cuMemAlloc_v2:3:2`; an empty text ends that.
    public void fail(String calls) {
        try (Arena arena = Arena.ofConfined()) {
            set("cusim_fail", arena.allocateFrom(calls));
        }
    }

    /// Forgets all devices, what is allocated on them, and their errors.
    public void reset() {
        set("cusim_reset");
    }

    /// Bytes of device memory that are allocated.
    public long allocatedBytes() {
        return (long) call("cusim_allocated_bytes", ValueLayout.JAVA_LONG);
    }

    /// Bytes of pinned host memory that are allocated.
    public long pinnedBytes() {
        return (long) call("cusim_pinned_bytes", ValueLayout.JAVA_LONG);
    }

    /// Calls of NVIDIA's names since [#forgetThreads].
    public long callCount() {
        return (long) call("cusim_call_count", ValueLayout.JAVA_LONG);
    }

    /// Forgets which threads called.
    public void forgetThreads() {
        set("cusim_threads_reset");
    }

    /// Names of the operating system's threads that called since [#forgetThreads].
    public List<String> threads() {
        int count = (int) call("cusim_thread_count", ValueLayout.JAVA_INT);
        List<String> names = new ArrayList<>();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(MAX_TEXT_BYTES);
            for (int i = 0; i < count; i++) {
                call("cusim_thread_name", ValueLayout.JAVA_LONG, i, text, MAX_TEXT_BYTES);
                names.add(text.getString(0));
            }
        }
        return names;
    }
}
