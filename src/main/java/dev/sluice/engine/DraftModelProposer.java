package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.Workspace;
import dev.sluice.model.CausalLm;
import dev.sluice.model.KvCache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Lets a smaller model guess: its most likely token each time, for all sequences together.
///
/// Its cache has as many blocks as the pool, and a sequence has the same ones in both. A guess is a
/// token of the sequence to it; what it computed behind a guess that was wrong is computed again.
/// Owns its batch, cache and workspace; the model and the device are the caller's.
///
/// @see "Leviathan et al. 2023, Fast inference from transformers via speculative decoding"
final class DraftModelProposer implements Proposer {
    /// Most tokens of a text that a step catches up with: others wait for it.
    private static final int CATCH_UP = 64;

    /// What a pass reads beside its own token after a step or two without guesses.
    private static final int LEVEL = 4;

    private final CausalLm model;
    private final Device device;
    private final int maxTokens;
    private final int numIds;
    private final ForwardBatch batch;
    private final KvCache cache;
    private final Workspace workspace;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment best;
    private final int[] drawing;

    /// @param numIds ids that can be drawn
    /// @throws dev.sluice.compute.DeviceException if the memory can't be had
    DraftModelProposer(EngineConfig config, CausalLm model, int numIds, Device device) {
        this.model = model;
        this.device = device;
        this.maxTokens = config.maxNumBatchedTokens();
        this.numIds = numIds;
        this.batch =
                new ForwardBatch(
                        maxTokens,
                        config.maxNumSeqs(),
                        config.maxBlocksPerSequence(),
                        config.blockSize());
        this.cache =
                new KvCache(
                        device,
                        model.config(),
                        config.kvDtype(),
                        config.numBlocks(),
                        config.blockSize());
        this.workspace =
                new Workspace(device, model.workspaceBytes(maxTokens, config.maxNumSeqs()));
        this.best = arena.allocate(ValueLayout.JAVA_INT, config.maxNumSeqs());
        this.drawing = new int[config.maxNumSeqs()];
    }

    @Override
    public int strength(Sequence sequence) {
        return sequence.length() + Speculation.MOST_TOKENS < model.config().maxPositions() ? 0 : -1;
    }

    @Override
    public boolean isLevel(Sequence sequence) {
        return sequence.length() - firstMissing(sequence) <= LEVEL;
    }

    private static int firstMissing(Sequence sequence) {
        return Math.min(sequence.draftRecord().numComputed(), sequence.numComputed());
    }

    @Override
    public int passes(int guesses) {
        return guesses;
    }

    @Override
    public void propose(List<Sequence> sequences, int[] counts) {
        while (pass(sequences, counts)) {
            Tensor logits = model.forward(batch, cache, workspace);
            int rows = batch.numLogitRows();
            if (rows == 0) {
                return;
            }
            device.argmax(logits.columns(0, numIds), best);
            for (int row = 0; row < rows; row++) {
                int id = best.getAtIndex(ValueLayout.JAVA_INT, row);
                if (id >= 0 && id < numIds) {
                    sequences.get(drawing[row]).addDraft(id);
                } else {
                    counts[drawing[row]] = 0;
                }
            }
        }
    }

    /// Puts what is to be computed next into the batch.
    ///
    /// @return whether there is anything
    private boolean pass(List<Sequence> sequences, int[] counts) {
        batch.clear();
        for (int i = 0; i < sequences.size(); i++) {
            Sequence sequence = sequences.get(i);
            DraftRecord record = sequence.draftRecord();
            int known = sequence.length() + sequence.numDrafts();
            int from = sequence.numDrafts() == 0 ? firstMissing(sequence) : known - 1;
            int most = Math.min(CATCH_UP, maxTokens - batch.numTokens());
            int to = Math.min(known, from + most);
            if (sequence.numDrafts() >= counts[i] || to == from) {
                continue;
            }
            batch.add(
                    sequence.tokens(),
                    from,
                    to,
                    sequence.blockTable(),
                    sequence.numBlocks(),
                    to == known);
            record.computed(to);
            if (to == known) {
                drawing[batch.numLogitRows() - 1] = i;
            } else {
                // The rest of its text comes with the next step.
                counts[i] = 0;
            }
        }
        return batch.numTokens() > 0;
    }

    @Override
    public void close() {
        arena.close();
        workspace.close();
        cache.close();
        batch.close();
    }
}
