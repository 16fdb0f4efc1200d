package dev.sluice.model;

import java.util.List;

/// A model can't be spread over as many ranks as were asked for.
public final class ShardingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int ranks;
    private final transient List<Integer> possible;

    /// @param ranks what was asked for
    /// @param possible the numbers of ranks that the model can be spread over, in ascending order
    ShardingException(int ranks, List<Integer> possible) {
        super("no %d ranks, but %s".formatted(ranks, possible));
        this.ranks = ranks;
        this.possible = List.copyOf(possible);
    }

    /// What was asked for.
    public int ranks() {
        return ranks;
    }

    /// The numbers of ranks that the model can be spread over, in ascending order.
    public List<Integer> possible() {
        return possible;
    }
}
