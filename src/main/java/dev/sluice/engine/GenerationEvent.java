package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;

import java.util.List;

/// What an accepted request sends back: one [Started], any number of [Delta], then exactly one of
/// [Finished] and [Failed]. Immutable.
public sealed interface GenerationEvent {

    /// The request that this belongs to.
    String requestId();

    /// Whether nothing follows.
    default boolean isTerminal() {
        return this instanceof Finished || this instanceof Failed;
    }

    /// The prompt has been computed and the first token is on its way.
    ///
    /// @param queueNanos time from submission to the first scheduled chunk
    /// @param promptLogprobs of each token of the prompt but the first, where they were asked for
    /// @param cachedTokens prompt tokens whose keys and values were reused
    record Started(
            String requestId, long queueNanos, List<TokenLogprobs> promptLogprobs, int cachedTokens)
            implements GenerationEvent {
        public Started {
            promptLogprobs = List.copyOf(promptLogprobs);
        }
    }

    /// New text, new ids or both. The text may be empty while bytes of a character are missing or a
    /// stop string may be under way.
    ///
    /// @param text follows the text of the earlier deltas
    /// @param tokenIds ids generated since the last delta
    /// @param logprobs one for each id, where they were asked for, else none
    /// @param draftLogprobs of the guessed tokens that were compared with these, where they were
    ///   asked for
    /// @param markers in order of their place
    /// @param elapsedNanos since inference of this sequence began
    record Delta(
            String requestId,
            String text,
            TokenIds tokenIds,
            List<TokenLogprobs> logprobs,
            List<TokenLogprobs> draftLogprobs,
            List<Marker> markers,
            long elapsedNanos)
            implements GenerationEvent {
        public Delta {
            logprobs = List.copyOf(logprobs);
            draftLogprobs = List.copyOf(draftLogprobs);
            markers = List.copyOf(markers);
        }

        /// Text and ids alone.
        public Delta(String requestId, String text, TokenIds tokenIds, long elapsedNanos) {
            this(requestId, text, tokenIds, List.of(), List.of(), List.of(), elapsedNanos);
        }

        /// Nothing of guessed tokens.
        public Delta(
                String requestId,
                String text,
                TokenIds tokenIds,
                List<TokenLogprobs> logprobs,
                List<Marker> markers,
                long elapsedNanos) {
            this(requestId, text, tokenIds, logprobs, List.of(), markers, elapsedNanos);
        }
    }

    /// The sequence ended by itself. All text and ids came in deltas before.
    ///
    /// @param promptTokens tokens of the prompt
    /// @param completionTokens tokens generated, the ending one included
    /// @param cachedTokens prompt tokens whose keys and values were reused
    /// @param drafts how the tokens fared that were guessed
    record Finished(
            String requestId,
            FinishReason reason,
            int promptTokens,
            int completionTokens,
            int cachedTokens,
            DraftCounts drafts)
            implements GenerationEvent {
        /// Nothing was guessed.
        public Finished(
                String requestId,
                FinishReason reason,
                int promptTokens,
                int completionTokens,
                int cachedTokens) {
            this(requestId, reason, promptTokens, completionTokens, cachedTokens, DraftCounts.NONE);
        }
    }

    /// The sequence was ended by the server: a fault, a shutdown or a cancel.
    record Failed(String requestId, ApiException cause) implements GenerationEvent {}
}
