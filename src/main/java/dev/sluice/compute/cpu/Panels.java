package dev.sluice.compute.cpu;

import java.lang.foreign.MemorySegment;

/// Rows of one number format in packed form: `ceil(rows / 32)` panels, one after the other.
///
/// @param data the panels; begins at a multiple of 64 bytes
/// @param rows outputs, without padding
/// @param cols inputs, without padding
record Panels(MemorySegment data, PanelFormat format, int rows, int cols) {
    /// Panels of `rows` outputs.
    static int count(int rows) {
        return Math.ceilDiv(rows, PanelFormat.WIDTH);
    }

    int count() {
        return count(rows);
    }

    long panelBytes() {
        return format.panelBytes(cols);
    }

    /// Blocks of 32 inputs in one panel.
    int blocks() {
        return Math.ceilDiv(cols, PanelFormat.BLOCK);
    }

    /// Where a block of 32 inputs by 32 outputs begins in [#data].
    long blockOffset(long panel, int block) {
        return panel * panelBytes() + (long) block * format.blockBytes();
    }
}
