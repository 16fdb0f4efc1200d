package dev.sluice.cli;

import dev.sluice.embed.BatchOptions;

import picocli.CommandLine.Option;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/// How much a server does at once.
final class BatchFlags {
    @Option(
            names = "--max-model-len",
            paramLabel = "TOKENS",
            description =
                    "Most tokens of one sequence, prompt and output."
                            + " Default: the context that the model was made for")
    private Optional<Integer> maxModelLen = Optional.empty();

    @Option(
            names = "--max-num-seqs",
            paramLabel = "N",
            defaultValue = "" + BatchOptions.MAX_NUM_SEQS,
            description = "Sequences that run at once. Default: ${DEFAULT-VALUE}")
    private int maxNumSeqs = BatchOptions.MAX_NUM_SEQS;

    @Option(
            names = "--max-num-batched-tokens",
            paramLabel = "N",
            description =
                    "Tokens computed in one step; longer prompts go in chunks. More is faster for"
                            + " prompts and lets answers under way wait longer. Default: "
                            + BatchOptions.MAX_NUM_BATCHED_TOKENS)
    private Optional<Integer> maxNumBatchedTokens = Optional.empty();

    @Option(
            names = "--block-size",
            paramLabel = "TOKENS",
            defaultValue = "" + BatchOptions.BLOCK_SIZE,
            description =
                    "Tokens of one KV block, an even number up to 256. Default: ${DEFAULT-VALUE}")
    private int blockSize = BatchOptions.BLOCK_SIZE;

    @Option(
            names = "--num-gpu-blocks-override",
            paramLabel = "N",
            description =
                    "Blocks of the KV pool, on any device. Default: what all sequences can use,"
                            + " but at most a quarter of the available memory")
    private Optional<Integer> numBlocks = Optional.empty();

    @Option(
            names = "--scheduler-max-size",
            paramLabel = "N",
            description =
                    "Requests that may wait beside the running ones; one more gets a 429. At most"
                            + " 1048576. Default: "
                            + BatchOptions.MAX_WAITING)
    private Optional<Integer> maxWaiting = Optional.empty();

    @Option(
            names = "--prefill-time-per-step",
            paramLabel = "MS",
            description =
                    "Milliseconds that each waiting prompt may take of a step in which answers wait"
                            + " for their next token; 0 for any. Default: 30 on a CPU, any on a GPU")
    private Optional<Double> prefillMillis = Optional.empty();

    private boolean prefixCaching = true;

    @Option(
            names = "--enable-prefix-caching",
            description =
                    "Keep keys and values of prompts and answers for prompts that begin alike."
                            + " This is the default")
    void enablePrefixCaching(boolean given) {
        prefixCaching |= given;
    }

    @Option(
            names = "--no-enable-prefix-caching",
            description = "Compute every prompt from its beginning")
    void disablePrefixCaching(boolean given) {
        prefixCaching &= !given;
    }

    /// @param recompute whether a sequence whose blocks others needed is computed again
    BatchOptions toOptions(boolean recompute) {
        int tokens =
                maxNumBatchedTokens.orElse(
                        Math.max(maxNumSeqs, BatchOptions.MAX_NUM_BATCHED_TOKENS));
        return new BatchOptions(
                toInt(maxModelLen),
                maxNumSeqs,
                tokens,
                blockSize,
                toInt(numBlocks),
                // FastDeploy's -1 is no limit of its own.
                maxWaiting.filter(n -> n >= 0).orElse(BatchOptions.MAX_WAITING),
                recompute,
                prefixCaching,
                prefillMillis.map(millis -> Duration.ofNanos(Math.round(millis * 1e6))));
    }

    private static OptionalInt toInt(Optional<Integer> value) {
        return value.map(OptionalInt::of).orElseGet(OptionalInt::empty);
    }
}
