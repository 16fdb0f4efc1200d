package dev.sluice.embed;

import dev.sluice.compute.DType;
import dev.sluice.model.KvCache;
import dev.sluice.model.ModelConfig;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;

/// How many keys and values are kept, decided before memory is reserved.
///
/// Without an override the pool holds what all sequences together can use, `max-num-seqs` times
/// `max-model-len` tokens, but takes no more than a quarter of the available memory. On a GPU it
/// takes no more than what is left, and an override may not either.
///
/// @param maxModelLen most tokens of one sequence; no more than the model was made for
/// @param numBlocks blocks of the pool
/// @param blockSize tokens of one block
/// @param bytes memory that the pool reserves
record KvPool(int maxModelLen, int numBlocks, int blockSize, long bytes) {
    private static final String NO_BLOCK = "--block-size, for not one block fits";
    private static final Logger LOG = LoggerFactory.getLogger(KvPool.class);
    private static final int SHARE_OF_MEMORY = 4;
    private static final long MEGABYTE = 1_000_000;
    private static final int MAX_BLOCKS = 1 << 26;
    private static final long ADDRESSABLE = 1L << 46;

    /// Decides.
    ///
    /// @param ranks that the model is spread over
    /// @param availableBytes memory that the device can still give, for all ranks together
    /// @throws ConfigurationException if the pool would not hold one whole sequence
    static KvPool plan(
            BatchOptions batch, ModelConfig model, DType dtype, int ranks, long availableBytes) {
        return plan(batch, model, Optional.empty(), dtype, ranks, availableBytes);
    }

    /// Decides.
    ///
    /// @param draft a model that has a cache of its own with as many blocks
    /// @param ranks that the model is spread over
    /// @param availableBytes memory that the device can still give, for all ranks together
    /// @throws ConfigurationException if the pool would not hold one whole sequence
    static KvPool plan(
            BatchOptions batch,
            ModelConfig model,
            Optional<ModelConfig> draft,
            DType dtype,
            int ranks,
            long availableBytes) {
        int maxModelLen = maxModelLen(batch, model);
        int blockSize = batch.blockSize();
        long perBlock = perBlock(model, draft, dtype, ranks, blockSize);
        // The last token of a full context is never computed.
        long needed = Math.ceilDiv(maxModelLen - 1, blockSize);
        if (batch.numBlocks().isPresent()) {
            int numBlocks = batch.numBlocks().getAsInt();
            if (numBlocks < needed) {
                throw tooFewBlocks(numBlocks, maxModelLen, needed, blockSize);
            }
            return overridden(maxModelLen, numBlocks, blockSize, perBlock, availableBytes);
        }
        long affordable = availableBytes / SHARE_OF_MEMORY / perBlock;
        if (affordable < needed) {
            throw tooLittleMemory(
                    maxModelLen,
                    needed * perBlock,
                    availableBytes,
                    lower("--max-model-len", affordable * blockSize));
        }
        return useful(batch, maxModelLen, affordable, perBlock);
    }

    private static long perBlock(
            ModelConfig model, Optional<ModelConfig> draft, DType dtype, int ranks, int blockSize) {
        long own = KvCache.bytesPerBlock(model.shard(ranks), dtype, blockSize);
        long other =
                draft.map(d -> KvCache.bytesPerBlock(d.shard(ranks), dtype, blockSize)).orElse(0L);
        return ranks * (own + other);
    }

    private static KvPool useful(
            BatchOptions batch, int maxModelLen, long affordable, long perBlock) {
        int blockSize = batch.blockSize();
        long useful = (long) batch.maxNumSeqs() * Math.ceilDiv(maxModelLen - 1, blockSize);
        int numBlocks = (int) Math.min(MAX_BLOCKS, Math.min(useful, affordable));
        return new KvPool(maxModelLen, numBlocks, blockSize, numBlocks * perBlock);
    }

    /// Decides for a GPU, whose memory is all taken at the start.
    ///
    /// @param ranks that the model is spread over
    /// @param leftBytes memory that may be used, beside weights and activations, for all ranks
    /// @throws ConfigurationException if the pool does not fit, or would not hold one whole
    ///   sequence
    static KvPool planOnGpu(
            BatchOptions batch, ModelConfig model, DType dtype, int ranks, long leftBytes) {
        return planOnGpu(batch, model, Optional.empty(), dtype, ranks, leftBytes);
    }

    /// Decides for a GPU.
    ///
    /// @param draft a model that has a cache of its own with as many blocks
    /// @param ranks that the model is spread over
    /// @param leftBytes memory that may be used, beside weights and activations, for all ranks
    /// @throws ConfigurationException if the pool does not fit, or would not hold one whole
    ///   sequence
    static KvPool planOnGpu(
            BatchOptions batch,
            ModelConfig model,
            Optional<ModelConfig> draft,
            DType dtype,
            int ranks,
            long leftBytes) {
        int maxModelLen = maxModelLen(batch, model);
        int blockSize = batch.blockSize();
        long perBlock = perBlock(model, draft, dtype, ranks, blockSize);
        long needed = Math.ceilDiv(maxModelLen - 1, blockSize);
        long affordable = Math.max(0, leftBytes) / perBlock;
        if (batch.numBlocks().isPresent()) {
            int numBlocks = batch.numBlocks().getAsInt();
            if (numBlocks < needed) {
                throw tooFewBlocks(numBlocks, maxModelLen, needed, blockSize);
            }
            if (numBlocks > affordable) {
                throw tooLittleGpuMemory(
                        "--num-gpu-blocks-override %d needs".formatted(numBlocks),
                        numBlocks * perBlock,
                        leftBytes,
                        lower("--num-gpu-blocks-override", affordable));
            }
            return new KvPool(maxModelLen, numBlocks, blockSize, numBlocks * perBlock);
        }
        if (affordable < needed) {
            throw tooLittleGpuMemory(
                    "One sequence of %d tokens needs".formatted(maxModelLen),
                    needed * perBlock,
                    leftBytes,
                    lower("--max-model-len", affordable * blockSize));
        }
        return useful(batch, maxModelLen, affordable, perBlock);
    }

    private static ConfigurationException tooLittleGpuMemory(
            String what, long neededBytes, long leftBytes, String lower) {
        return new ConfigurationException(
                "%s %d MB of KV cache, but %d MB of the GPU's memory are left for it; lower %s, raise --gpu-memory-utilization, or make the weights smaller with --quantization or another model."
                        .formatted(
                                what,
                                neededBytes / MEGABYTE,
                                Math.max(0, leftBytes) / MEGABYTE,
                                lower));
    }

    private static ConfigurationException tooFewBlocks(
            int numBlocks, int maxModelLen, long needed, int blockSize) {
        return new ConfigurationException(
                "--num-gpu-blocks-override %d is too small: one sequence of --max-model-len %d needs %d blocks of %d tokens."
                        .formatted(numBlocks, maxModelLen, needed, blockSize));
    }

    /// Blocks cost memory only once they are used, so that a pool may be larger than the memory.
    private static KvPool overridden(
            int maxModelLen, int numBlocks, int blockSize, long perBlock, long availableBytes) {
        if (numBlocks > MAX_BLOCKS || perBlock > ADDRESSABLE / numBlocks) {
            throw new ConfigurationException(
                    "--num-gpu-blocks-override %d is more than this machine can address; %d blocks of %d tokens are the most."
                            .formatted(
                                    numBlocks,
                                    Math.min(MAX_BLOCKS, ADDRESSABLE / perBlock),
                                    blockSize));
        }
        long bytes = numBlocks * perBlock;
        if (bytes > availableBytes) {
            LOG.warn(
                    "--num-gpu-blocks-override {} needs {} MB once all blocks are used, but {} MB are"
                            + " available; the process may then be killed",
                    numBlocks,
                    bytes / MEGABYTE,
                    availableBytes / MEGABYTE);
        }
        return new KvPool(maxModelLen, numBlocks, blockSize, bytes);
    }

    /// @param most value of the flag for which there is room
    private static String lower(String flag, long most) {
        return most == 0 ? NO_BLOCK : "%s to %d or less".formatted(flag, most);
    }

    private static ConfigurationException tooLittleMemory(
            int maxModelLen, long neededBytes, long availableBytes, String lower) {
        return new ConfigurationException(
                "One sequence of %d tokens needs %d MB of KV cache, more than a quarter of the %d MB of memory that are free; lower %s."
                        .formatted(
                                maxModelLen,
                                neededBytes / MEGABYTE,
                                availableBytes / MEGABYTE,
                                lower));
    }

    private static int maxModelLen(BatchOptions batch, ModelConfig model) {
        int wanted = batch.maxModelLen().orElse(model.maxPositions());
        if (wanted > model.maxPositions()) {
            LOG.warn(
                    "--max-model-len {} is more than the {} tokens that the model was made for;"
                            + " using {}",
                    wanted,
                    model.maxPositions(),
                    model.maxPositions());
        }
        return longest(batch, model);
    }

    /// Most tokens of one sequence.
    static int longest(BatchOptions batch, ModelConfig model) {
        return Math.min(batch.maxModelLen().orElse(model.maxPositions()), model.maxPositions());
    }

    /// Tokens that the pool holds.
    long tokens() {
        return (long) numBlocks * blockSize;
    }
}
