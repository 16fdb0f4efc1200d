package dev.sluice.engine;

import dev.sluice.compute.SamplingBatch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

/// Changes a row of logits as a request asks: bias, penalties, and ids that must not come now.
///
/// Everything is a function of the request and of the ids of its sequence, with no state in
/// between, so that a preempted sequence goes on as if undisturbed. Scratch memory is sized once, 4
/// bytes a vocabulary entry. Not for use by several threads.
final class LogitsEditor {
    /// The logit of an id that must not come. Finite, so that a row in which all other ids are
    /// negative infinity (closed by a grammar, say) still has a largest one.
    static final float FORBIDDEN = SamplingBatch.FORBIDDEN_LOGIT;

    private final Set<Integer> eosIds;
    private final int[] counts;

    /// @param numIds ids that can be drawn
    LogitsEditor(Set<Integer> eosIds, int numIds) {
        this.eosIds = eosIds;
        this.counts = new int[numIds];
    }

    /// Adds to the logits of some ids.
    static void addBias(Map<Integer, Float> bias, MemorySegment logits) {
        long size = logits.byteSize() / Float.BYTES;
        bias.forEach((id, value) -> {
            if (id < size) {
                float logit = logits.getAtIndex(ValueLayout.JAVA_FLOAT, id);
                logits.setAtIndex(ValueLayout.JAVA_FLOAT, id, logit + value);
            }
        });
    }

    /// Whether [#penalize] changes anything.
    static boolean penalizes(Penalties penalties) {
        return penalties.repetition() != 1
                || penalties.frequency() != 0
                || penalties.presence() != 0;
    }

    /// Makes ids that were there before less likely: first by the repetition penalty, for the
    /// prompt and the output, then by frequency and presence in the output.
    void penalize(Sequence sequence, float[] logits) {
        Penalties penalties = sequence.request().sampling().penalties();
        if (penalties.repetition() != 1) {
            repetition(sequence, penalties.repetition(), logits);
        }
        if (penalties.frequency() != 0 || penalties.presence() != 0) {
            frequency(sequence, penalties, logits);
        }
    }

    private void repetition(Sequence sequence, float penalty, float[] logits) {
        int[] tokens = sequence.tokens();
        for (int i = 0; i < sequence.length(); i++) {
            int id = tokens[i];
            if (isDrawable(id) && counts[id] == 0) {
                counts[id] = 1;
                logits[id] = logits[id] < 0 ? logits[id] * penalty : logits[id] / penalty;
            }
        }
        forget(sequence, 0);
    }

    private void frequency(Sequence sequence, Penalties penalties, float[] logits) {
        int[] tokens = sequence.tokens();
        for (int i = sequence.numPrompt(); i < sequence.length(); i++) {
            if (isDrawable(tokens[i])) {
                counts[tokens[i]]++;
            }
        }
        for (int i = sequence.numPrompt(); i < sequence.length(); i++) {
            int id = tokens[i];
            if (isDrawable(id) && counts[id] > 0) {
                logits[id] -= counts[id] * penalties.frequency() + penalties.presence();
                counts[id] = 0;
            }
        }
    }

    private void forget(Sequence sequence, int from) {
        for (int i = from; i < sequence.length(); i++) {
            if (isDrawable(sequence.tokens()[i])) {
                counts[sequence.tokens()[i]] = 0;
            }
        }
    }

    private boolean isDrawable(int id) {
        return id < counts.length;
    }

    /// Whether [#forbid] may change anything.
    static boolean forbids(Sequence sequence) {
        return isTooShort(sequence) || !sequence.request().rules().badWords().isEmpty();
    }

    private static boolean isTooShort(Sequence sequence) {
        return sequence.numGenerated() < sequence.request().stop().minTokens();
    }

    /// Forbids what would end the sequence before its least number of tokens, and what would
    /// complete a bad word.
    void forbid(Sequence sequence, float[] logits) {
        if (forbids(sequence)) {
            forEachForbidden(sequence, id -> forbid(id, logits));
        }
    }

    /// Names the ids that must not come now; some perhaps twice, some perhaps not drawable.
    void forEachForbidden(Sequence sequence, IntConsumer action) {
        if (isTooShort(sequence)) {
            eosIds.forEach(action::accept);
            sequence.request().stop().stopTokenIds().forEach(action::accept);
        }
        BadWords.forEachNext(
                sequence.request().rules().badWords(),
                sequence.tokens(),
                sequence.numPrompt(),
                sequence.length(),
                action);
    }

    /// Most ids that can be drawn and that [#forEachForbidden] names.
    int mostForbidden(Sequence sequence) {
        GenerationRequest request = sequence.request();
        int ends = isTooShort(sequence) ? eosIds.size() + request.stop().stopTokenIds().size() : 0;
        return Math.min(counts.length, ends + request.rules().badWords().size());
    }

    private void forbid(int id, float[] logits) {
        if (isDrawable(id) && logits[id] > FORBIDDEN) {
            logits[id] = FORBIDDEN;
        }
    }
}
