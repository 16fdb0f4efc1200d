package dev.sluice.compute.cpu;

import dev.sluice.compute.weights.WeightFormat;

import java.lang.foreign.MemorySegment;

/// Rows of one number format in packed form: `ceil(rows / 32)` panels, one after the other.
///
/// @param data the panels; begins at a multiple of 64 bytes
/// @param rows outputs, without padding
/// @param cols inputs, without padding
record Panels(MemorySegment data, WeightFormat format, int rows, int cols) {
    /// Panels of `rows` outputs.
    static int count(int rows) {
        return Math.ceilDiv(rows, PanelLayout.WIDTH);
    }

    int count() {
        return count(rows);
    }

    /// Units of work where that many panels are taken together: panels `u`, `together + u`, `2
    /// together + u`, ... for `u` below [#together]; those that are left are a unit each, evenly
    /// between the others.
    int units(int streams) {
        return count() - (streams - 1) * together(streams);
    }

    /// Units of several panels; with one stream all whole panels.
    int together(int streams) {
        return rows / PanelLayout.WIDTH / streams;
    }

    long panelBytes() {
        return PanelLayout.panelBytes(format, cols);
    }

    /// Blocks of 32 inputs in one panel.
    int blocks() {
        return Math.ceilDiv(cols, PanelLayout.BLOCK);
    }

    /// Where a block of 32 inputs by 32 outputs begins in [#data].
    long blockOffset(long panel, int block) {
        return panel * panelBytes() + (long) block * PanelLayout.blockBytes(format);
    }
}
