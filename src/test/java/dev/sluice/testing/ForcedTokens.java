package dev.sluice.testing;

import dev.sluice.engine.LogitsProcessor;
import dev.sluice.engine.SequenceState;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// Makes a sequence say the ids that its request lists under `forced_token_ids`, then lets it go.
/// Registered by its class name, as a user's processor would be.
public final class ForcedTokens implements LogitsProcessor {
    private static final String KEY = "forced_token_ids";

    /// Made by the server.
    public ForcedTokens() {}

    private static List<?> forced(SequenceState sequence) {
        return sequence.args().get(KEY) instanceof List<?> ids ? ids : List.of();
    }

    @Override
    public boolean appliesTo(SequenceState sequence) {
        return sequence.numOutputTokens() < forced(sequence).size();
    }

    @Override
    public void apply(SequenceState sequence, MemorySegment logits) {
        int id = ((Number) forced(sequence).get(sequence.numOutputTokens())).intValue();
        long count = logits.byteSize() / Float.BYTES;
        for (long i = 0; i < count; i++) {
            logits.setAtIndex(ValueLayout.JAVA_FLOAT, i, i == id ? 0 : Float.NEGATIVE_INFINITY);
        }
    }
}
