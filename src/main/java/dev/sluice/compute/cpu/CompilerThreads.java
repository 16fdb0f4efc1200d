package dev.sluice.compute.cpu;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.IntBinaryOperator;

/// The threads of the VM's optimizing compiler, which want the processors that the engine computes
/// on: half of one in a server's first seconds, and stretches of some milliseconds later.
public final class CompilerThreads {
    private static final Path PROCESS = Path.of("/proc/self");

    /// What Linux keeps of "C2 CompilerThread0".
    private static final String NAME = "C2 CompilerThre";

    /// Leaves a tenth of a processor that others want (sched(7)). With less, the compiler would
    /// hold locks for too long that others wait for.
    private static final int NICER = 10;

    private static final int NICEST = 19;
    private static final int PRIO_PROCESS = 0;

    /// Where the nice value is in what follows a name in `stat` (proc(5), field 19).
    private static final int NICE_FIELD = 16;

    private CompilerThreads() {}

    /// A thread's name and nice value.
    private record Priority(String name, int nice) {}

    /// Lets the compiler's threads take what the other threads of the process leave, and little
    /// more: their nice value is 10 above the process's from now on, which cannot be taken back
    /// without rights. Threads that the VM starts later are not concerned.
    ///
    /// It is the whole process's matter, so this is for programs that are a server and nothing
    /// else. Any thread may call it; the first call takes a tenth of a second or two.
    ///
    /// @return how many do: none where the system is not Linux, the VM not HotSpot or has no such
    ///   compiler, or native access is denied
    public static int giveWay() {
        if (!Files.isDirectory(PROCESS)) {
            return 0;
        }
        int count = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(PROCESS.resolve("task"))) {
            Optional<IntBinaryOperator> setPriority = setPriority();
            int nice = Math.min(priority(PROCESS).map(Priority::nice).orElse(0) + NICER, NICEST);
            for (Path thread : threads) {
                boolean isCompiler =
                        priority(thread).filter(now -> now.name().equals(NAME)).isPresent();
                if (isCompiler && setPriority.isPresent()) {
                    int id = Integer.parseInt(thread.getFileName().toString());
                    count += setPriority.get().applyAsInt(id, nice) == 0 ? 1 : 0;
                }
            }
        } catch (IOException
                | DirectoryIteratorException
                | IllegalCallerException
                | UnsupportedOperationException e) {
            return count;
        }
        return count;
    }

    /// Of the process or of a thread; empty for a thread that has ended.
    private static Optional<Priority> priority(Path of) {
        try {
            String line = Files.readString(of.resolve("stat"));
            int begin = line.indexOf('('), end = line.lastIndexOf(')');
            String[] fields = line.substring(end + 2).split(" ", -1);
            return Optional.of(
                    new Priority(
                            line.substring(begin + 1, end), Integer.parseInt(fields[NICE_FIELD])));
        } catch (IOException e) {
            return Optional.empty();
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
