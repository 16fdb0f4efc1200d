package dev.sluice.embed;

import dev.sluice.compute.DType;
import dev.sluice.model.KvCache;
import dev.sluice.model.ModelConfig;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Optional;
import java.util.OptionalInt;

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
        Blocks blocks = Blocks.of(batch, model, draft, dtype, ranks);
        if (blocks.wanted().isPresent()) {
            return overridden(blocks, blocks.wanted().getAsInt(), availableBytes);
        }
        long affordable = availableBytes / SHARE_OF_MEMORY / blocks.bytes();
        if (affordable < blocks.needed()) {
            throw tooLittleMemory(blocks, affordable, availableBytes);
        }
        return blocks.useful(affordable);
    }

    /// What is known of the blocks before there is a number of them.
    ///
    /// @param tokens of one block
    /// @param bytes of one block, for all ranks together
    /// @param needed for one sequence of the greatest length
    /// @param most that all sequences together can use
    /// @param wanted number that was asked for, at least what is needed
    private record Blocks(
            int maxModelLen, int tokens, long bytes, long needed, long most, OptionalInt wanted) {
        /// @throws ConfigurationException if fewer are wanted than are needed
        static Blocks of(
                BatchOptions batch,
                ModelConfig model,
                Optional<ModelConfig> draft,
                DType dtype,
                int ranks) {
            int maxModelLen = KvPool.maxModelLen(batch, model);
            int tokens = batch.blockSize();
            long own = KvCache.bytesPerBlock(model.shard(ranks), dtype, tokens);
            long other =
                    draft.map(d -> KvCache.bytesPerBlock(d.shard(ranks), dtype, tokens)).orElse(0L);
            // The last token of a full context is never computed.
            long needed = Math.ceilDiv(maxModelLen - 1, tokens);
            OptionalInt wanted = batch.numBlocks();
            if (wanted.isPresent() && wanted.getAsInt() < needed) {
                throw tooFewBlocks(wanted.getAsInt(), maxModelLen, needed, tokens);
            }
            long most = batch.maxNumSeqs() * needed;
            return new Blocks(maxModelLen, tokens, ranks * (own + other), needed, most, wanted);
        }

        /// A pool of as many.
        KvPool pool(int number) {
            return new KvPool(maxModelLen, number, tokens, number * bytes);
        }

        /// A pool of those that can be used, as far as there is memory for them.
        KvPool useful(long affordable) {
            return pool((int) Math.min(MAX_BLOCKS, Math.min(most, affordable)));
        }

        /// What to do where one sequence does not fit.
        String lowerLength(long affordable) {
            return lower("--max-model-len", affordable * tokens);
        }
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
        Blocks blocks = Blocks.of(batch, model, draft, dtype, ranks);
        long affordable = Math.max(0, leftBytes) / blocks.bytes();
        if (blocks.wanted().isPresent()) {
            int wanted = blocks.wanted().getAsInt();
            if (wanted > affordable) {
                throw tooLittleGpuMemory(
                        "--num-gpu-blocks-override %d needs".formatted(wanted),
                        wanted * blocks.bytes(),
                        leftBytes,
                        lower("--num-gpu-blocks-override", affordable));
            }
            return blocks.pool(wanted);
        }
        if (affordable < blocks.needed()) {
            throw tooLittleGpuMemory(
                    "One sequence of %d tokens needs".formatted(blocks.maxModelLen()),
                    blocks.needed() * blocks.bytes(),
                    leftBytes,
                    blocks.lowerLength(affordable));
        }
        return blocks.useful(affordable);
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
    private static KvPool overridden(Blocks blocks, int numBlocks, long availableBytes) {
        if (numBlocks > MAX_BLOCKS || blocks.bytes() > ADDRESSABLE / numBlocks) {
            throw new ConfigurationException(
                    "--num-gpu-blocks-override %d is more than this machine can address; %d blocks of %d tokens are the most."
                            .formatted(
                                    numBlocks,
                                    Math.min(MAX_BLOCKS, ADDRESSABLE / blocks.bytes()),
                                    blocks.tokens()));
        }
        KvPool pool = blocks.pool(numBlocks);
        if (pool.bytes() > availableBytes) {
            LOG.warn(
                    "--num-gpu-blocks-override {} needs {} MB once all blocks are used, but {} MB are"
                            + " available; the process may then be killed",
                    numBlocks,
                    pool.bytes() / MEGABYTE,
                    availableBytes / MEGABYTE);
        }
        return pool;
    }

    /// @param most value of the flag for which there is room
    private static String lower(String flag, long most) {
        return most == 0 ? NO_BLOCK : "%s to %d or less".formatted(flag, most);
    }

    private static ConfigurationException tooLittleMemory(
            Blocks blocks, long affordable, long availableBytes) {
        return new ConfigurationException(
                "One sequence of %d tokens needs %d MB of KV cache, more than a quarter of the %d MB of memory that are free; lower %s."
                        .formatted(
                                blocks.maxModelLen(),
                                blocks.needed() * blocks.bytes() / MEGABYTE,
                                availableBytes / MEGABYTE,
                                blocks.lowerLength(affordable)));
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
