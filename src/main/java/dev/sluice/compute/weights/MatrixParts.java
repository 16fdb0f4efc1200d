package dev.sluice.compute.weights;

import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Packing;
import dev.sluice.compute.ShapeChecks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The parts that one packed matrix is made of, checked and put into segments.
public final class MatrixParts {
    private static final String OP = "pack";

    /// Sums of more products of bytes may not fit into 32 bits.
    private static final int MOST_BYTE_COLUMNS = 65_536;

    private MatrixParts() {}

    /// Neighbouring parts that become one number format.
    ///
    /// @param parts one below the other, at least one
    public record Segment(WeightFormat format, List<MatrixSource> parts) {
        /// Takes a copy of the list.
        public Segment {
            parts = List.copyOf(parts);
        }

        /// Rows of all parts.
        public int rows() {
            return parts.stream().mapToInt(MatrixSource::rows).reduce(0, Math::addExact);
        }

        /// Columns of each part.
        public int cols() {
            return parts.getFirst().cols();
        }
    }

    /// Checks parts and puts neighbours whose number format is the same into one segment.
    ///
    /// @throws IllegalArgumentException if there is no part, or parts do not fit together, or one
    ///   names memory that it does not have
    public static List<Segment> segments(List<MatrixSource> parts, Packing packing) {
        ShapeChecks.that(!parts.isEmpty(), OP, "a matrix needs a part");
        parts.forEach(part -> check(part, parts.getFirst().cols()));
        List<Segment> segments = new ArrayList<>();
        int first = 0;
        while (first < parts.size()) {
            WeightFormat format = WeightFormat.of(packing, parts.get(first).dtype());
            int end = first + 1;
            while (end < parts.size()
                    && WeightFormat.of(packing, parts.get(end).dtype()).equals(format)) {
                end++;
            }
            segments.add(new Segment(format, parts.subList(first, end)));
            first = end;
        }
        return segments;
    }

    private static void check(MatrixSource part, int cols) {
        int block = part.dtype().blockElements();
        ShapeChecks.that(
                part.cols() == cols && cols > 0 && part.rows() >= 0,
                OP,
                "a part is [%d, %d], expected [rows, %d]"
                        .formatted(part.rows(), part.cols(), cols));
        int group = Math.min(block, MatrixSource.GROUP);
        ShapeChecks.that(
                cols % group == 0 && part.rowStride() % block == 0,
                OP,
                "%d columns, %d apart, are no whole number of %s blocks"
                        .formatted(cols, part.rowStride(), part.dtype()));
        ShapeChecks.that(
                part.firstColumn() >= 0
                        && part.firstColumn() < block
                        && part.firstColumn() % group == 0,
                OP,
                "column %d is no beginning of a group of %s"
                        .formatted(part.firstColumn(), part.dtype()));
        ShapeChecks.that(
                !(part.transposed() && part.dtype().isQuantized()),
                OP,
                part.dtype() + " can't be transposed");
        boolean bytes = part.dtype() == DType.I8;
        ShapeChecks.that(
                part.rowScales().isPresent() == bytes,
                OP,
                bytes ? "I8 without scales" : "scales of " + part.dtype() + ", which has its own");
        ShapeChecks.that(
                !bytes || cols <= MOST_BYTE_COLUMNS,
                OP,
                "%d columns of I8, expected up to %d".formatted(cols, MOST_BYTE_COLUMNS));
        int[] order = part.rowOrder().orElse(new int[0]);
        ShapeChecks.that(
                part.rowOrder().isEmpty() || order.length == part.rows(),
                OP,
                "the row order names %d rows of %d".formatted(order.length, part.rows()));
        ShapeChecks.that(
                Arrays.stream(order).noneMatch(row -> row < 0), OP, "a negative row in the order");
        if (part.rows() > 0) {
            int stored = storedRows(part, order);
            part.rowScales()
                    .ifPresent(scales ->
                            ShapeChecks.that(
                                    scales.length >= stored,
                                    OP,
                                    "%d scales for %d rows".formatted(scales.length, stored)));
            ShapeChecks.host(OP, "the source", part.data(), neededBytes(part, order));
            ShapeChecks.that(part.data().isNative(), OP, "the source lies in the Java heap");
        }
    }

    /// Rows up to the last one that is read.
    private static int storedRows(MatrixSource part, int[] order) {
        return order.length == 0 ? part.rows() : Arrays.stream(order).max().orElse(0) + 1;
    }

    private static long neededBytes(MatrixSource part, int[] order) {
        long lastRow = storedRows(part, order) - 1L;
        long elements =
                part.transposed()
                        ? (part.cols() - 1L) * part.rowStride() + lastRow + 1
                        : lastRow * part.rowStride() + part.firstColumn() + part.cols();
        int block = part.dtype().blockElements();
        return part.dtype().bytesFor(Math.ceilDiv(elements, block) * block);
    }
}
