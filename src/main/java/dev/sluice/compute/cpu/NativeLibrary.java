package dev.sluice.compute.cpu;

import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleProxies;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.LongBinaryOperator;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;

/// The loaded `libsluice_cpu.so`: its functions as Java ones. The instruction set is a setting of
/// the library, so devices of one process that are open at the same time share it.
final class NativeLibrary implements AutoCloseable {
    /// The interface version that this program speaks: `SL_ABI_VERSION`.
    static final long ABI_VERSION = 11;

    private static final long MAX_NAME_BYTES = 64;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

    private final Arena arena;
    private final SymbolLookup symbols;
    private final Linker linker = Linker.nativeLinker();

    private NativeLibrary(Arena arena, SymbolLookup symbols) {
        this.arena = arena;
        this.symbols = symbols;
    }

    /// What came of loading a library.
    sealed interface Loading {
        /// It can be used; the receiver closes it.
        record Loaded(Path path, NativeLibrary library) implements Loading {}

        /// It can't, for a reason.
        record Refused(String reason) implements Loading {}
    }

    /// Loads a library and compares its interface version and functions with what is expected.
    static Loading load(Path path) {
        if (!Files.isRegularFile(path)) {
            return new Loading.Refused("there is no file " + path);
        }
        Arena arena = Arena.ofShared();
        Optional<String> trouble;
        try {
            NativeLibrary library =
                    new NativeLibrary(arena, SymbolLookup.libraryLookup(path, arena));
            trouble = library.trouble();
            if (trouble.isEmpty()) {
                return new Loading.Loaded(path, library);
            }
        } catch (IllegalArgumentException e) {
            trouble = Optional.of("can't be loaded: " + e.getMessage());
        }
        arena.close();
        return new Loading.Refused(path + " " + trouble.get());
    }

    private Optional<String> trouble() {
        Stream<String> names =
                Stream.concat(
                        Stream.of(
                                "sl_abi_version",
                                "sl_isa_supported",
                                "sl_isa_set",
                                "sl_isa_name",
                                "sl_linear_streams",
                                "sl_linear_part_rows",
                                "sl_attention_tile",
                                "sl_attention_by_tiles",
                                "sl_attention_segment",
                                "sl_peak",
                                "sl_read",
                                "sl_team_bytes",
                                "sl_team_init",
                                "sl_team_begin",
                                "sl_team_work"),
                        Arrays.stream(NativeOp.values()).map(NativeOp::symbol));
        Optional<String> absent = names.filter(name -> symbols.find(name).isEmpty()).findFirst();
        if (absent.isPresent()) {
            return Optional.of("has no function " + absent.get());
        }
        long version = supplier("sl_abi_version").getAsLong();
        return version == ABI_VERSION
                ? Optional.empty()
                : Optional.of(
                        "has interface version %d, this program needs %d"
                                .formatted(version, ABI_VERSION));
    }

    /// The best instruction set of library and processor.
    long supportedLevel() {
        return supplier("sl_isa_supported").getAsLong();
    }

    /// Chooses the instruction set of all later calls and returns what it became.
    long useLevel(long level) {
        return proxy(LongUnaryOperator.class, "sl_isa_set", FunctionDescriptor.of(LONG, LONG))
                .applyAsLong(level);
    }

    /// Name of an instruction set, for example `avx2`.
    String levelName(long level) {
        // An address travels as a number here only to be read at once.
        long address =
                proxy(LongUnaryOperator.class, "sl_isa_name", FunctionDescriptor.of(LONG, LONG))
                        .applyAsLong(level);
        return MemorySegment.ofAddress(address).reinterpret(MAX_NAME_BYTES).getString(0);
    }

    /// Streams of panels that suit one row of inputs, by the code of the number format.
    int[] linearStreams() {
        return byFormat("sl_linear_streams");
    }

    /// Rows that a thread should have for itself, or 0, by the code of the number format.
    int[] linearPartRows() {
        return byFormat("sl_linear_part_rows");
    }

    private int[] byFormat(String symbol) {
        LongUnaryOperator function =
                proxy(LongUnaryOperator.class, symbol, FunctionDescriptor.of(LONG, LONG));
        return Arrays.stream(WeightFormat.Encoding.values())
                .mapToInt(encoding -> Math.toIntExact(function.applyAsLong(encoding.code())))
                .toArray();
    }

    /// The function that says how many tokens of attention make a good tile.
    LongBinaryOperator attentionTile() {
        return binary("sl_attention_tile");
    }

    /// The function that says whether queries meet a bfloat16 cache in tiles: block size and head
    /// size to 1 or 0.
    LongBinaryOperator attentionByTiles() {
        return binary("sl_attention_by_tiles");
    }

    /// Positions of a segment of attention.
    long attentionSegment() {
        return supplier("sl_attention_segment").getAsLong();
    }

    /// The function that does arithmetic only: format and rounds to operations.
    LongBinaryOperator peak() {
        return binary("sl_peak");
    }

    private LongBinaryOperator binary(String symbol) {
        return proxy(LongBinaryOperator.class, symbol, FunctionDescriptor.of(LONG, LONG, LONG));
    }

    /// The function that reads memory only: address and bytes to anything.
    LongBinaryOperator read(ReadOrder order) {
        MethodHandle call =
                linker.downcallHandle(
                        symbols.findOrThrow("sl_read"),
                        FunctionDescriptor.of(LONG, LONG, LONG, LONG));
        return MethodHandleProxies.asInterfaceInstance(
                LongBinaryOperator.class,
                MethodHandles.insertArguments(call, 2, (long) order.code()));
    }

    /// A list of operations for so many threads.
    ///
    /// @param memory where it lies
    OpList opList(int threads, CpuProfile profile, CpuMemory memory) {
        long bytes =
                proxy(LongUnaryOperator.class, "sl_team_bytes", FunctionDescriptor.of(LONG, LONG))
                        .applyAsLong(threads);
        MemorySegment team = arena.allocate(bytes, OpList.TEAM_ALIGNMENT);
        NativeCalls.setUp(function("sl_team_init"), team.address(), threads);
        return new OpList(
                function("sl_team_begin"), function("sl_team_work"), team, memory, profile);
    }

    /// Reserves the argument struct of an operation, as long-lived as the library.
    ArgStruct struct(NativeOp op) {
        return new ArgStruct(op, arena);
    }

    /// Binds an operation to its argument struct.
    Units bind(NativeOp op, ArgStruct struct) {
        return new NativeUnits(function(op.symbol()), struct.memory());
    }

    /// A function without a scope, so that no call has to lock the library's arena; nor does a call
    /// keep it open.
    private MemorySegment function(String symbol) {
        return MemorySegment.ofAddress(symbols.findOrThrow(symbol).address());
    }

    private LongSupplier supplier(String name) {
        return proxy(LongSupplier.class, name, FunctionDescriptor.of(LONG));
    }

    private <T> T proxy(Class<T> type, String name, FunctionDescriptor descriptor) {
        return MethodHandleProxies.asInterfaceInstance(
                type, linker.downcallHandle(symbols.findOrThrow(name), descriptor));
    }

    /// Unloads the library. No operation may be under way, or come later.
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
