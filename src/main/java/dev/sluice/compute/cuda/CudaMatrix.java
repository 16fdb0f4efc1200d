package dev.sluice.compute.cuda;

import dev.sluice.compute.PackedMatrix;

import java.util.List;
import java.util.stream.Collectors;

/// Weights on the GPU: one or more row segments below one another, each with its own number format.
///
/// @param segments the rows, top to bottom; at least one
record CudaMatrix(List<Segment> segments) implements PackedMatrix {
    /// Takes a copy of the list.
    CudaMatrix {
        segments = List.copyOf(segments);
    }

    /// Rows of one number format. Owns its memory.
    ///
    /// @param layout of each row
    /// @param rows outputs
    /// @param memory the rows, one after the other
    record Segment(RowLayout layout, int rows, DeviceMemory memory) {}

    @Override
    public int rows() {
        return segments.stream().mapToInt(Segment::rows).sum();
    }

    @Override
    public int cols() {
        return segments.getFirst().layout().cols();
    }

    @Override
    public long bytes() {
        return segments.stream().mapToLong(segment -> segment.memory().bytes()).sum();
    }

    @Override
    public String format() {
        return segments.stream()
                .map(segment -> segment.layout().format().label())
                .distinct()
                .collect(Collectors.joining(", "));
    }

    /// Gives the memory back.
    void release() {
        segments.forEach(segment -> segment.memory().close());
    }
}
