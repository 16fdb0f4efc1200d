package dev.sluice.compute.cpu;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.IntBinaryOperator;

/// The threads of the VM's optimizing compiler, which want the processors that the engine computes
/// on: for half of a server's first seconds, and in stretches of some milliseconds later.
///
/// Concerns the whole process, so it is for programs that are a server and nothing else. Any thread
/// may call it.
public final class CompilerThreads {
    private static final Path THREADS = Path.of("/proc/self/task");

    /// What Linux keeps of "C2 CompilerThread0".
    private static final String NAME = "C2 CompilerThre";

    /// Leaves a tenth of a processor that others want (sched(7)). With less, the compiler would
    /// hold locks for too long that others wait for.
    private static final int NICE = 10;

    private static final int PRIO_PROCESS = 0;

    private CompilerThreads() {}

    /// Lets the compiler's threads take what others leave, and little more.
    ///
    /// @return how many do from now on: none where the system is not Linux or the VM not HotSpot
    public static int giveWay() {
        if (!Files.isDirectory(THREADS)) {
            return 0;
        }
        Optional<IntBinaryOperator> setPriority = setPriority();
        if (setPriority.isEmpty()) {
            return 0;
        }
        int count = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(THREADS)) {
            for (Path thread : threads) {
                if (!nameOf(thread).equals(NAME)) {
                    continue;
                }
                int id = Integer.parseInt(thread.getFileName().toString());
                if (setPriority.get().applyAsInt(id, NICE) == 0) {
                    count++;
                }
            }
        } catch (IOException e) {
            return count;
        }
        return count;
    }

    /// Empty for a thread that has ended.
    private static String nameOf(Path thread) {
        try {
            return Files.readString(thread.resolve("comm")).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /// `setpriority` for one thread, which Linux takes for a process here.
    private static Optional<IntBinaryOperator> setPriority() {
        Linker linker = Linker.nativeLinker();
        Optional<MemorySegment> function = linker.defaultLookup().find("setpriority");
        if (function.isEmpty()) {
            return Optional.empty();
        }
        ValueLayout.OfInt number = ValueLayout.JAVA_INT;
        MethodHandle call =
                linker.downcallHandle(
                        function.get(), FunctionDescriptor.of(number, number, number, number));
        return Optional.of(
                MethodHandleProxies.asInterfaceInstance(
                        IntBinaryOperator.class,
                        MethodHandles.insertArguments(call, 0, PRIO_PROCESS)));
    }
}
