package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// The emulated driver by itself: its own tests, and what only a virtual machine around it can
/// show.
final class EmulatedDriverTest {
    private static final int NO_COMPILER = 3;
    private static final int ILLEGAL_ADDRESS = 700;

    private static int status;
    private static String output = "";

    @BeforeAll
    static void buildAndRun() throws IOException, InterruptedException {
        Process tests =
                new ProcessBuilder("sh", "native/cusim/test", "target")
                        .redirectErrorStream(true)
                        .start();
        output = new String(tests.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        status = tests.waitFor();
        assumeTrue(status != NO_COMPILER, "the emulation was not built: there is no g++");
    }

    /// The functions of the library with the planted bugs, whose state no other test shares.
    private static final class Emulation {
        private final SymbolLookup symbols =
                SymbolLookup.libraryLookup(
                        Path.of("target/native/cusim/tests/libcusim_tests.so"), Arena.global());

        int call(String name, Object... arguments) {
            return (int)
                    invoke(name, FunctionDescriptor.of(JAVA_INT, layouts(arguments)), arguments);
        }

        long ask(String name, Object... arguments) {
            return (long)
                    invoke(name, FunctionDescriptor.of(JAVA_LONG, layouts(arguments)), arguments);
        }

        void set(String name, Object... arguments) {
            invoke(name, FunctionDescriptor.ofVoid(layouts(arguments)), arguments);
        }

        private static MemoryLayout[] layouts(Object[] arguments) {
            return List.of(arguments).stream()
                    .map(argument ->
                            switch (argument) {
                                case Integer _ -> JAVA_INT;
                                case Long _ -> JAVA_LONG;
                                default -> ADDRESS;
                            })
                    .toArray(MemoryLayout[]::new);
        }

        private Object invoke(String name, FunctionDescriptor descriptor, Object[] arguments) {
            MethodHandle handle =
                    Linker.nativeLinker()
                            .downcallHandle(symbols.find(name).orElseThrow(), descriptor);
            try {
                Object result = handle.invokeWithArguments(arguments);
                return result == null ? 0 : result;
            } catch (Throwable e) {
                throw new AssertionError(name, e);
            }
        }
    }

    @Test
    void passesItsOwnTests() {
        assertThat(status).as(output).isZero();
    }

    @Test
    void aFaultOfAKernelIsAnErrorAndTheVirtualMachineGoesOn() {
        Emulation emulation = new Emulation();
        emulation.set("cusim_reset");
        try (Arena arena = Arena.ofConfined()) {
            long memory = start(emulation, arena);
            MemorySegment function = kernel(emulation, arena, "write_at");

            assertThat(writeAt(emulation, arena, function, memory, 10)).isZero();
            assertThat(writeAt(emulation, arena, function, memory, 1000))
                    .isEqualTo(ILLEGAL_ADDRESS);

            MemorySegment text = arena.allocate(1024);
            emulation.ask("cusim_last_failure", text, 1024L);
            assertThat(text.getString(0))
                    .contains("kernel write_at, block (1,0,0), thread (5,0,0) touched 0x");
            assertThat(emulation.call("cuCtxSynchronize")).isEqualTo(ILLEGAL_ADDRESS);
        }

        // What the virtual machine finds out by memory faults of its own.
        assertThatThrownBy(() -> deepen(0)).isInstanceOf(StackOverflowError.class);
        int nulls = 0;
        String[] strings = new String[100_000];
        for (String string : strings) {
            try {
                nulls += string.length();
            } catch (NullPointerException _) {
                nulls++;
            }
        }
        assertThat(nulls).isEqualTo(strings.length);
    }

    @Test
    void recordsTheThreadThatCalls() throws InterruptedException {
        Emulation emulation = new Emulation();
        emulation.set("cusim_threads_reset");

        Thread thread = new Thread(() -> emulation.call("cuInit", 0), "engine-test");
        thread.start();
        thread.join();

        assertThat(emulation.call("cusim_thread_count")).isEqualTo(1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocate(32);
            emulation.ask("cusim_thread_name", 0, name, 32L);
            assertThat(name.getString(0)).isEqualTo("engine-test");
        }
    }

    /// Makes a context current; gives 1024 bytes of device memory.
    private static long start(Emulation emulation, Arena arena) {
        MemorySegment out = arena.allocate(JAVA_LONG);
        assertThat(emulation.call("cuInit", 0)).isZero();
        assertThat(emulation.call("cuDevicePrimaryCtxRetain", out, 0)).isZero();
        assertThat(emulation.call("cuCtxSetCurrent", out.get(ADDRESS, 0))).isZero();
        assertThat(emulation.call("cuMemAlloc_v2", out, 1024L)).isZero();
        return out.get(JAVA_LONG, 0);
    }

    private static MemorySegment kernel(Emulation emulation, Arena arena, String name) {
        MemorySegment out = arena.allocate(ADDRESS);
        MemorySegment image = arena.allocateFrom("cusim:planted");
        assertThat(emulation.call("cuModuleLoadData", out, image)).isZero();
        MemorySegment module = out.get(ADDRESS, 0);
        assertThat(emulation.call("cuModuleGetFunction", out, module, arena.allocateFrom(name)))
                .isZero();
        return out.get(ADDRESS, 0);
    }

    /// Lets one thread of two blocks write the integer of an index; the status of the wait.
    private static int writeAt(
            Emulation emulation, Arena arena, MemorySegment function, long memory, long index) {
        MemorySegment slots = arena.allocateFrom(JAVA_LONG, memory, index);
        MemorySegment pointers = arena.allocate(ADDRESS, 2);
        pointers.setAtIndex(ADDRESS, 0, slots);
        pointers.setAtIndex(ADDRESS, 1, slots.asSlice(8));
        MemorySegment none = MemorySegment.NULL;
        int launched =
                emulation.call(
                        "cuLaunchKernel", function, 2, 1, 1, 64, 1, 1, 0, none, pointers, none);
        return launched != 0 ? launched : emulation.call("cuCtxSynchronize");
    }

    /// Overflows the stack on purpose.
    @SuppressWarnings("InfiniteRecursion")
    private static int deepen(int depth) {
        return deepen(depth + 1) + 1;
    }
}
