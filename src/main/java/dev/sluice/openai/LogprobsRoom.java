package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.LogprobsOptions;

import java.util.List;
import java.util.OptionalInt;

/// How many log probabilities one answer may hold at a time: with a whole vocabulary for each
/// token, a short answer would be larger than the heap.
///
/// An entry is one token with its log probability. A whole answer holds those of all its tokens, a
/// stream those of the next chunk of each choice; those of the prompt are told at once in either.
///
/// @param maxEntries most entries that the sequences of one request may hold together
record LogprobsRoom(long maxEntries) {
    /// Alternatives that every request may have of every token, as many as OpenAI's protocol has.
    private static final int ALWAYS_GRANTED = 20;

    /// An entry's object and its reference are 28 bytes, its text about 76, which is there up to
    /// three times while the answer is written.
    private static final int BYTES_PER_ENTRY = 256;

    /// Several such answers, and what else there is, must fit.
    private static final int SHARE_OF_HEAP = 8;

    /// The room in a heap.
    ///
    /// @param heapBytes most bytes of it
    static LogprobsRoom ofHeap(long heapBytes) {
        return new LogprobsRoom(heapBytes / SHARE_OF_HEAP / BYTES_PER_ENTRY);
    }

    /// Checks what an answer may come to hold, if each sequence goes on to its limit.
    ///
    /// @param sequences of one request
    /// @param tokensPerChunk tokens that a chunk waits for, of a stream; empty for a whole answer
    /// @param topField the field that asks for alternatives of the answer's tokens
    /// @param echo whether that field is for the prompt too
    /// @throws InvalidRequest naming the field
    void check(
            List<GenerationRequest> sequences,
            OptionalInt tokensPerChunk,
            String topField,
            boolean echo) {
        LogprobsOptions wanted = sequences.getFirst().output().logprobs();
        if (wanted.top().orElse(0) <= ALWAYS_GRANTED
                && wanted.prompt().orElse(0) <= ALWAYS_GRANTED) {
            return;
        }
        long ofPrompts = 0;
        long ofAnswer = 0;
        for (GenerationRequest sequence : sequences) {
            int tokens = sequence.stop().maxTokens();
            int held = Math.min(tokens, tokensPerChunk.orElse(tokens));
            ofPrompts += (sequence.prompt().size() - 1L) * entries(wanted.prompt());
            ofAnswer += (long) held * entries(wanted.top()) * (wanted.drafts() ? 2 : 1);
        }
        if (ofPrompts > maxEntries) {
            throw tooMany(
                    echo && wanted.top().isPresent() ? topField : "prompt_logprobs",
                    ofPrompts,
                    "Ask for fewer alternatives of the prompt's tokens, or send a shorter prompt.");
        }
        if (ofPrompts + ofAnswer > maxEntries) {
            throw tooMany(
                    topField,
                    ofPrompts + ofAnswer,
                    hint(sequences.size(), wanted, ofPrompts, tokensPerChunk.isPresent()));
        }
    }

    private String hint(int numSequences, LogprobsOptions wanted, long ofPrompts, boolean stream) {
        long each = entries(wanted.top()) * (wanted.drafts() ? 2 : 1);
        long fits = (maxEntries - ofPrompts) / numSequences / Math.max(1, each);
        String tokens = stream ? "max_streaming_response_tokens" : "max_tokens";
        return "With this number of alternatives %s may be %d at most%s. Ask for fewer tokens, "
                        .formatted(tokens, fits, numSequences > 1 ? " for each choice" : "")
                + (stream ? "alternatives or choices." : "fewer alternatives, or stream.");
    }

    private InvalidRequest tooMany(String field, long entries, String hint) {
        return Invalid.field(
                field,
                "The answer could come to hold %d log probabilities, more than the %d that fit. %s"
                        .formatted(entries, maxEntries, hint));
    }

    /// Entries of one token: its alternatives and itself.
    private static long entries(OptionalInt alternatives) {
        return alternatives.isPresent() ? alternatives.getAsInt() + 1L : 0;
    }
}
