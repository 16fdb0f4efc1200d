package dev.sluice.model;

import dev.sluice.compute.MatrixSource;

import java.util.Arrays;

/// What one of several ranks has of a weight.
///
/// @param rank from 0
record Shard(int rank, int ranks) {

    /// The rows of a part: an equal share of its units, or where there are more ranks than units
    /// the one that the rank shares with its neighbours.
    MatrixSource rows(MatrixSource matrix, int units) {
        return matrix.rows(first(matrix.rows(), units), end(matrix.rows(), units));
    }

    /// The same of a vector.
    float[] elements(float[] vector, int units) {
        return Arrays.copyOfRange(vector, first(vector.length, units), end(vector.length, units));
    }

    private int first(int rows, int units) {
        return (int) ((long) rank * units / ranks) * (rows / units);
    }

    private int end(int rows, int units) {
        return first(rows, units) + Math.max(1, units / ranks) * (rows / units);
    }

    /// An equal share of the columns.
    MatrixSource columns(MatrixSource matrix) {
        int share = matrix.cols() / ranks;
        return matrix.columns(rank * share, (rank + 1) * share);
    }

    /// An equal share of the vocabulary.
    MatrixSource tokens(MatrixSource table) {
        int share = table.rows() / ranks;
        return table.rows(rank * share, (rank + 1) * share);
    }
}
