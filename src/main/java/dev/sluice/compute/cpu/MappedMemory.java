package dev.sluice.compute.cpu;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.util.Optional;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/// Linux's `mmap`, `munmap` and `madvise` for anonymous memory.
final class MappedMemory {
    private static final Logger log = LoggerFactory.getLogger(MappedMemory.class);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    private static final long HUGE_PAGE = 2 << 20;
    private static final int PROT_READ_WRITE = 1 | 2;
    // MAP_PRIVATE, MAP_ANONYMOUS, MAP_NORESERVE
    private static final int MAP_FLAGS = 0x2 | 0x20 | 0x4000;
    private static final int MADV_HUGEPAGE = 14;
    private static final long FAILED = -1;

    private final LongUnaryOperator map;
    private final LongBinaryOperator unmap;
    private final LongBinaryOperator adviseHugePages;

    private MappedMemory(Linker linker, SymbolLookup lookup) {
        MethodHandle mmap =
                linker.downcallHandle(
                        lookup.findOrThrow("mmap"),
                        FunctionDescriptor.of(LONG, LONG, LONG, INT, INT, INT, LONG));
        this.map =
                proxy(
                        LongUnaryOperator.class,
                        MethodHandles.insertArguments(
                                MethodHandles.insertArguments(
                                        mmap, 2, PROT_READ_WRITE, MAP_FLAGS, -1, 0L),
                                0,
                                0L));
        this.unmap =
                proxy(
                        LongBinaryOperator.class,
                        linker.downcallHandle(
                                lookup.findOrThrow("munmap"),
                                FunctionDescriptor.of(INT, LONG, LONG)));
        MethodHandle madvise =
                linker.downcallHandle(
                        lookup.findOrThrow("madvise"), FunctionDescriptor.of(INT, LONG, LONG, INT));
        this.adviseHugePages =
                proxy(
                        LongBinaryOperator.class,
                        MethodHandles.insertArguments(madvise, 2, MADV_HUGEPAGE));
    }

    private static <T> T proxy(Class<T> type, MethodHandle handle) {
        return MethodHandleProxies.asInterfaceInstance(type, handle);
    }

    /// Finds the calls; empty where they are not Linux's on a 64-bit processor.
    static Optional<MappedMemory> find() {
        Linker linker = Linker.nativeLinker();
        MemoryLayout pointer = ValueLayout.ADDRESS;
        SymbolLookup lookup = linker.defaultLookup();
        boolean there =
                System.getProperty("os.name").equals("Linux")
                        && pointer.byteSize() == 8
                        && lookup.find("mmap").isPresent()
                        && lookup.find("munmap").isPresent()
                        && lookup.find("madvise").isPresent();
        return there ? Optional.of(new MappedMemory(linker, lookup)) : Optional.empty();
    }

    /// Maps zeroed memory that is unmapped when the arena closes; empty if the system refuses.
    ///
    /// @param hugePages align to 2 MiB and ask for pages of that size; without effect where the
    ///   kernel has none
    Optional<MemorySegment> map(Arena arena, long bytes, boolean hugePages) {
        long reserved = hugePages ? bytes + HUGE_PAGE : bytes;
        long start = map.applyAsLong(reserved);
        if (start == FAILED) {
            return Optional.empty();
        }
        long aligned = hugePages ? Math.ceilDiv(start, HUGE_PAGE) * HUGE_PAGE : start;
        if (hugePages) {
            long whole = Math.ceilDiv(bytes, HUGE_PAGE) * HUGE_PAGE;
            long advised = Math.min(whole, start + reserved - aligned);
            if (adviseHugePages.applyAsLong(aligned, advised) != 0) {
                log.debug("this kernel has no huge pages to give");
            }
        }
        return Optional.of(
                MemorySegment.ofAddress(aligned)
                        .reinterpret(bytes, arena, _ -> unmap(start, reserved)));
    }

    private void unmap(long start, long bytes) {
        if (unmap.applyAsLong(start, bytes) != 0) {
            throw new IllegalStateException("munmap refused %d bytes".formatted(bytes));
        }
    }
}
