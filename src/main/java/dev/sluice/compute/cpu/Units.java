package dev.sluice.compute.cpu;

/// The work of one operation, cut into independent units that any thread may do in any order.
@FunctionalInterface
interface Units {
    /// Does the units `[begin, end)`.
    void run(long begin, long end);
}
