package dev.sluice.model;

import dev.sluice.compute.MatrixSource;

import java.util.List;
import java.util.stream.IntStream;

/// The numbers of ranks that a model can be spread over.
///
/// @param quantized whether its file has matrices that can be cut between groups of inputs only
record RankCounts(ModelConfig config, boolean quantized) {

    /// @throws ShardingException if the model can't be spread over as many
    void check(int ranks) {
        if (!allows(ranks)) {
            throw new ShardingException(ranks, all());
        }
    }

    private List<Integer> all() {
        return IntStream.rangeClosed(1, config.numHeads()).filter(this::allows).boxed().toList();
    }

    /// Each rank must have whole query heads and as many as the others, whole key and value heads
    /// or one that it shares with others, and as much of the feed-forward layer and as many tokens
    /// of the vocabulary as the others.
    private boolean allows(int ranks) {
        if (ranks == 1) {
            return true;
        }
        int kvHeads = config.numKvHeads();
        boolean even =
                config.numHeads() % ranks == 0
                        && config.intermediateSize() % ranks == 0
                        && config.vocabSize() % ranks == 0;
        if (!even || (kvHeads % ranks != 0 && ranks % kvHeads != 0)) {
            return false;
        }
        ModelConfig shard = config.shard(ranks);
        int attended = shard.numHeads() * shard.headDim();
        return !quantized
                || (attended % MatrixSource.GROUP == 0
                        && shard.intermediateSize() % MatrixSource.GROUP == 0);
    }
}
