package dev.sluice.compute.cpu;

import java.util.ArrayList;
import java.util.List;

/// Memory of the rows that are prepared for a product, for each length of a row its own: rows that
/// one thread prepares lie where another's never do. Grows to the largest batch seen. For the
/// device's calling thread.
final class PreparedRows {
    private final CpuMemory memory;
    private final List<OfLength> known = new ArrayList<>();

    /// @param stride bytes from one row to the next
    private record OfLength(long stride, Scratch rows) {}

    /// @param memory owns the rows
    PreparedRows(CpuMemory memory) {
        this.memory = memory;
    }

    /// The memory of rows that begin so many bytes from each other.
    Scratch of(long stride) {
        for (OfLength length : known) {
            if (length.stride() == stride) {
                return length.rows();
            }
        }
        OfLength added = new OfLength(stride, new Scratch(memory));
        known.add(added);
        return added.rows();
    }
}
