package dev.sluice.compute.cuda;

import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclAllReduce;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclCommAbort;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclCommDestroy;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclCommInitAll;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclFloat32;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclGetErrorString;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclGroupEnd;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclGroupStart;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclRecv;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclSend;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclSuccess;
import static dev.sluice.compute.cuda.ffi.nccl.Nccl.ncclSum;

import dev.sluice.compute.DeviceException;
import dev.sluice.compute.cuda.ffi.NativeLibraries;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.stream.IntStream;

/// Calls of NCCL whose status is checked: a failure is a [DeviceException] with the function, name
/// and words of the error and the sizes involved. Once communicators are there it is a device that
/// is lost: NCCL does not say which of the ranks took part.
final class Nccl {
    private static final String LIBRARY = "nccl";

    private Nccl() {}

    /// Made by the first group, for then the library is there.
    private static final class Group {
        private static final ncclGroupStart START = ncclGroupStart.makeInvoker();
        private static final ncclGroupEnd END = ncclGroupEnd.makeInvoker();
    }

    /// Whether the library can be opened. Only then may the other calls be made.
    static boolean isPresent() {
        return NativeLibraries.isPresent(LIBRARY);
    }

    /// The library, as it is looked for.
    static String file() {
        return NativeLibraries.file(LIBRARY);
    }

    private static String failure(int status, String function, String sizes) {
        return "%s failed with %s (%d), %s%s"
                .formatted(
                        function,
                        name(status),
                        status,
                        ncclGetErrorString(status).getString(0),
                        sizes);
    }

    /// `ncclResult_t` of nccl.h; no function of NCCL has the names.
    private static String name(int status) {
        return switch (status) {
            case 1 -> "ncclUnhandledCudaError";
            case 2 -> "ncclSystemError";
            case 3 -> "ncclInternalError";
            case 4 -> "ncclInvalidArgument";
            case 5 -> "ncclInvalidUsage";
            case 6 -> "ncclRemoteError";
            case 7 -> "ncclInProgress";
            default -> "an error";
        };
    }

    private static void check(int status, String function) {
        if (status != ncclSuccess()) {
            throw DeviceException.lost(failure(status, function, ""));
        }
    }

    /// Demands success of a call that moves floats.
    private static void check(int status, String function, long floats) {
        if (status != ncclSuccess()) {
            throw DeviceException.lost(failure(status, function, ", floats: " + floats));
        }
    }

    /// Communicators between GPUs of this process, one of each.
    ///
    /// @param ordinals of the GPUs; rank `r` is the `r`th
    /// @return to be given back by [#destroy] or [#abort]
    /// @throws DeviceException if the library is not there, or the GPUs can't reach each other
    static List<MemorySegment> communicators(List<Integer> ordinals) {
        if (!isPresent()) {
            throw new DeviceException("NCCL (%s) is not here".formatted(file()));
        }
        try (Arena arena = Arena.ofConfined()) {
            int ranks = ordinals.size();
            MemorySegment out = arena.allocate(ValueLayout.ADDRESS, ranks);
            MemorySegment list =
                    arena.allocateFrom(
                            ValueLayout.JAVA_INT,
                            ordinals.stream().mapToInt(Integer::intValue).toArray());
            int status = ncclCommInitAll(out, ranks, list);
            if (status != ncclSuccess()) {
                throw new DeviceException(failure(status, "ncclCommInitAll", ", GPUs: " + ranks));
            }
            return IntStream.range(0, ranks)
                    .mapToObj(rank -> out.getAtIndex(ValueLayout.ADDRESS, rank))
                    .toList();
        }
    }

    /// Makes calls of several ranks one: each could wait for the next for ever.
    static void group(Runnable calls) {
        check(Group.START.apply(), "ncclGroupStart");
        boolean complete = false;
        try {
            calls.run();
            complete = true;
        } finally {
            int status = Group.END.apply();
            if (complete) {
                check(status, "ncclGroupEnd");
            }
        }
    }

    /// One rank's part of a sum over all ranks.
    ///
    /// @param from address of float32
    /// @param to address of as many; may be `from`
    static void allReduce(
            long from, long to, long count, MemorySegment communicator, CudaStream stream) {
        check(
                ncclAllReduce(
                        MemorySegment.ofAddress(from),
                        MemorySegment.ofAddress(to),
                        count,
                        ncclFloat32(),
                        ncclSum(),
                        communicator,
                        stream.handle()),
                "ncclAllReduce",
                count);
    }

    /// One rank sends to another, which receives as much.
    ///
    /// @param from address of float32
    static void send(
            long from, long count, int peer, MemorySegment communicator, CudaStream stream) {
        check(
                ncclSend(
                        MemorySegment.ofAddress(from),
                        count,
                        ncclFloat32(),
                        peer,
                        communicator,
                        stream.handle()),
                "ncclSend",
                count);
    }

    /// One rank receives what another sends.
    ///
    /// @param to address of float32
    static void receive(
            long to, long count, int peer, MemorySegment communicator, CudaStream stream) {
        check(
                ncclRecv(
                        MemorySegment.ofAddress(to),
                        count,
                        ncclFloat32(),
                        peer,
                        communicator,
                        stream.handle()),
                "ncclRecv",
                count);
    }

    /// Ends a communicator whose work is done.
    static void destroy(MemorySegment communicator) {
        check(ncclCommDestroy(communicator), "ncclCommDestroy");
    }

    /// Ends a communicator and what waits for its peers. Fails silently: something else did before.
    static void abort(MemorySegment communicator) {
        ncclCommAbort(communicator);
    }
}
