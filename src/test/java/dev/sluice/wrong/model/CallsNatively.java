package dev.sluice.wrong.model;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;

final class CallsNatively {
    private CallsNatively() {}

    static MemorySegment wide() {
        MemorySegment symbol = Linker.nativeLinker().defaultLookup().findOrThrow("getpid");
        return Arena.ofAuto().allocate(symbol.byteSize() + 1).reinterpret(Long.MAX_VALUE);
    }
}
