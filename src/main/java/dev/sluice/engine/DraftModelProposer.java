package dev.sluice.engine;

import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MadeSoFar;
import dev.sluice.compute.Tensor;
import dev.sluice.model.CausalLm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Lets a smaller model guess: its most likely token each time, for all sequences together.
///
/// Its cache has as many blocks as the pool, and a sequence has the same ones in both. A guess is a
/// token of the sequence to it; what it computed behind a guess that was wrong is computed again.
/// Of what a grammar forbids nothing is guessed. Owns the memory of its steps; the model and the
/// device are the caller's.
///
/// @see "Leviathan et al. 2023, Fast inference from transformers via speculative decoding"
final class DraftModelProposer implements Proposer {
    /// Most tokens of a text that are read in a step: others wait for it.
    private static final int CATCH_UP = 64;

    /// A model errs less than a lookup of two tokens.
    private static final int STRENGTH = 1;

    /// What a pass reads beside its own token after a step or two without guesses.
    private static final int LEVEL = 4;

    private final CausalLm model;
    private final Device device;
    private final int maxTokens;
    private final int numIds;
    private final StepMemory memory;
    private final ForwardBatch batch;
    private final Arena arena;
    private final MemorySegment best;
    private final MemorySegment mask;
    private final MemorySegment row;
    private final int[] drawing;

    /// @param numIds ids that can be drawn
    /// @throws dev.sluice.compute.DeviceException if the memory can't be had
    DraftModelProposer(EngineConfig config, CausalLm model, int numIds, Device device) {
        this.model = model;
        this.device = device;
        this.maxTokens = config.maxNumBatchedTokens();
        this.numIds = numIds;
        try (MadeSoFar made = new MadeSoFar()) {
            this.memory =
                    made.keep(
                            StepMemory.of(
                                    config,
                                    config.maxNumSeqs(),
                                    config.maxNumSeqs(),
                                    model,
                                    device),
                            StepMemory::close);
            this.batch = memory.batch();
            this.arena = made.keep(Arena.ofShared(), Arena::close);
            this.best = arena.allocate(ValueLayout.JAVA_INT, config.maxNumSeqs());
            this.mask = arena.allocate(ValueLayout.JAVA_INT, Math.ceilDiv(numIds, Integer.SIZE));
            this.row = arena.allocate(ValueLayout.JAVA_FLOAT, model.config().vocabSize());
            made.complete();
        }
        this.drawing = new int[config.maxNumSeqs()];
    }

    @Override
    public int strength(Sequence sequence) {
        return sequence.length() + Speculation.MOST_TOKENS < model.config().maxPositions()
                ? STRENGTH
                : -1;
    }

    @Override
    public int missing(Sequence sequence) {
        int missing = sequence.length() - firstMissing(sequence);
        return missing <= LEVEL ? 0 : missing;
    }

    private static int firstMissing(Sequence sequence) {
        return Math.min(sequence.draftRecord().numComputed(), sequence.numComputed());
    }

    @Override
    public int passes(int guesses) {
        return guesses;
    }

    @Override
    public int propose(List<Sequence> sequences, int[] counts, List<Sequence> behind) {
        pass(sequences, counts);
        int read = read(behind);
        while (batch.numTokens() > 0) {
            int rows = batch.numLogitRows();
            batch.padTo(device.paddedTokens(batch));
            Tensor logits = model.forward(batch, memory.cache(), memory.workspace());
            if (rows == 0) {
                break;
            }
            device.argmax(logits.rows(0, rows).columns(0, numIds), best);
            for (int row = 0; row < rows; row++) {
                int id = best.getAtIndex(ValueLayout.JAVA_INT, row);
                if (!guess(sequences.get(drawing[row]), id, logits.rows(row, row + 1))) {
                    counts[drawing[row]] = 0;
                }
            }
            pass(sequences, counts);
        }
        return read;
    }

    /// Puts the last tokens into the batch of those that get one more guess.
    private void pass(List<Sequence> sequences, int[] counts) {
        batch.clear();
        for (int i = 0; i < sequences.size(); i++) {
            Sequence sequence = sequences.get(i);
            int known = sequence.length() + sequence.numDrafts();
            int from = sequence.numDrafts() == 0 ? firstMissing(sequence) : known - 1;
            if (sequence.numDrafts() < counts[i] && known - from <= maxTokens - batch.numTokens()) {
                add(sequence, from, known, true);
                drawing[batch.numLogitRows() - 1] = i;
            }
        }
    }

    /// Adds more of the texts that are behind.
    ///
    /// @return tokens of theirs
    private int read(List<Sequence> behind) {
        int before = batch.numTokens();
        for (Sequence sequence : behind) {
            int from = firstMissing(sequence);
            int most = Math.min(CATCH_UP, maxTokens - batch.numTokens());
            int to = Math.min(sequence.length(), from + most);
            if (to > from) {
                add(sequence, from, to, false);
            }
        }
        return batch.numTokens() - before;
    }

    private void add(Sequence sequence, int from, int to, boolean lastLogits) {
        batch.add(
                sequence.tokens(),
                from,
                to,
                sequence.blockTable(),
                sequence.numBlocks(),
                lastLogits);
        sequence.draftRecord().computed(to);
    }

    /// Adds a guess: the most likely token of those that the grammar lets come.
    ///
    /// @param id the most likely token of all
    /// @return whether there is one
    private boolean guess(Sequence sequence, int id, Tensor logits) {
        if (id < 0 || id >= numIds) {
            return false;
        }
        sequence.addDraft(id);
        return sequence.guidedText()
                .map(text -> keeps(text, sequence) || guess(text, sequence, logits))
                .orElse(true);
    }

    private static boolean keeps(GuidedText text, Sequence sequence) {
        int end = sequence.length() + sequence.numDrafts();
        return text.numAllowed(sequence.tokens(), sequence.length(), end) == sequence.numDrafts();
    }

    /// Replaces the last guess by one that may come.
    private boolean guess(GuidedText text, Sequence sequence, Tensor logits) {
        sequence.keepDrafts(sequence.numDrafts() - 1);
        int end = sequence.length() + sequence.numDrafts();
        if (!text.fillBehind(sequence.tokens(), sequence.length(), end, mask)) {
            return false;
        }
        device.download(logits, row);
        int largest = -1;
        float max = Float.NEGATIVE_INFINITY;
        for (int id = 0; id < numIds; id++) {
            float value = row.getAtIndex(ValueLayout.JAVA_FLOAT, id);
            int word = mask.getAtIndex(ValueLayout.JAVA_INT, id >> 5);
            if (value > max && (word >>> id & 1) == 1) {
                max = value;
                largest = id;
            }
        }
        if (largest >= 0) {
            sequence.addDraft(largest);
        }
        return largest >= 0;
    }

    @Override
    public void close() {
        arena.close();
        memory.close();
    }
}
