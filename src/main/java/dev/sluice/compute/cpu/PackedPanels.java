package dev.sluice.compute.cpu;

import dev.sluice.compute.PackedMatrix;

import java.util.List;
import java.util.stream.Collectors;

/// A packed matrix: one or more row segments below one another, each with its own number format.
///
/// @param segments the rows, top to bottom
/// @param blocks memory of the segments
/// @param rows of all segments
record PackedPanels(List<Panels> segments, List<PanelMemory.Block> blocks, int rows)
        implements PackedMatrix {

    static PackedPanels of(List<Panels> segments, List<PanelMemory.Block> blocks) {
        int rows = segments.stream().mapToInt(Panels::rows).sum();
        return new PackedPanels(List.copyOf(segments), List.copyOf(blocks), rows);
    }

    @Override
    public int cols() {
        return segments.getFirst().cols();
    }

    @Override
    public long bytes() {
        return segments.stream().mapToLong(panels -> panels.data().byteSize()).sum();
    }

    @Override
    public String format() {
        return segments.stream()
                .map(panels -> panels.format().label())
                .distinct()
                .collect(Collectors.joining(", "));
    }

    void release() {
        blocks.forEach(PanelMemory.Block::release);
    }
}
