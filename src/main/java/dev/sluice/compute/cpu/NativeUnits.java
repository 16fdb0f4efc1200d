package dev.sluice.compute.cpu;

import java.lang.foreign.MemorySegment;

/// A native kernel and its arguments.
///
/// @param function the kernel; nothing keeps its library loaded
/// @param args its argument struct
record NativeUnits(MemorySegment function, MemorySegment args) implements Units {
    @Override
    public void run(long begin, long end) {
        NativeCalls.run(function, args.address(), begin, end);
    }
}
