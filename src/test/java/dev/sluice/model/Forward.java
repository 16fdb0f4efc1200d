package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;

import java.lang.foreign.MemorySegment;

/// Runs one sequence through a model.
final class Forward {
    private static final int BLOCK_SIZE = 4;

    private Forward() {}

    /// The logits of every position, row-major, with a float32 cache whose blocks lie in reverse
    /// order.
    ///
    /// @param chunk tokens of a step
    static float[] logits(Device device, CausalLm model, int[] tokens, int chunk) {
        int numBlocks = Math.ceilDiv(tokens.length, BLOCK_SIZE);
        int[] blocks = new int[numBlocks];
        for (int i = 0; i < numBlocks; i++) {
            blocks[i] = numBlocks - 1 - i;
        }
        int vocab = model.config().vocabSize();
        float[] logits = new float[tokens.length * vocab];
        try (KvCache cache = new KvCache(device, model.config(), DType.F32, numBlocks, BLOCK_SIZE);
                Workspace workspace = new Workspace(device, model.workspaceBytes(chunk, chunk));
                ForwardBatch batch = new ForwardBatch(chunk, 1, numBlocks, BLOCK_SIZE)) {
            for (int from = 0; from < tokens.length; from += chunk) {
                int to = Math.min(tokens.length, from + chunk);
                batch.clear();
                batch.add(tokens, from, to, blocks, numBlocks, false);
                for (int row = 0; row < to - from; row++) {
                    batch.addLogitRow(row);
                }
                Tensor step = model.forward(batch, cache, workspace);
                float[] rows = new float[(to - from) * vocab];
                device.download(step, MemorySegment.ofArray(rows));
                System.arraycopy(rows, 0, logits, from * vocab, rows.length);
            }
        }
        return logits;
    }

    static double rms(float[] values) {
        return rmsOfDifference(values, new float[values.length]);
    }

    static double rmsOfDifference(float[] a, float[] b) {
        double squares = 0;
        for (int i = 0; i < a.length; i++) {
            squares += Math.pow((double) a[i] - b[i], 2);
        }
        return Math.sqrt(squares / a.length);
    }
}
