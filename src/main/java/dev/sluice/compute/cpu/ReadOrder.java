package dev.sluice.compute.cpu;

/// An order of reading memory, for measuring what it gives at most: which is the quickest depends
/// on how a processor fetches ahead.
enum ReadOrder {
    /// From the first line to the last, with software that fetches ahead.
    IN_ORDER(0),
    /// Four streams, a line of each in turns.
    STREAMS(1),
    /// The same, with software that fetches ahead.
    STREAMS_AHEAD(2);

    private final int code;

    ReadOrder(int code) {
        this.code = code;
    }

    /// `SL_READ_*` of `native/cpu/sluice_cpu.h`.
    int code() {
        return code;
    }
}
