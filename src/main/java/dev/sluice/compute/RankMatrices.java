package dev.sluice.compute;

import java.util.List;

/// A matrix on several ranks: the same on all of them, or a share of it on each.
///
/// @param perRank of equal shapes; the same object for ranks that share a device, where it is the
///   same matrix
/// @param sharded whether they are shares
record RankMatrices(List<PackedMatrix> perRank, boolean sharded) implements PackedMatrix {

    /// What one rank has.
    PackedMatrix on(int rank) {
        return perRank.get(rank);
    }

    @Override
    public int rows() {
        return on(0).rows();
    }

    @Override
    public int cols() {
        return on(0).cols();
    }

    @Override
    public long bytes() {
        return perRank.stream().distinct().mapToLong(PackedMatrix::bytes).sum();
    }

    @Override
    public String format() {
        return on(0).format();
    }
}
