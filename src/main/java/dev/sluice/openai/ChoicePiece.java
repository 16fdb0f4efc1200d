package dev.sluice.openai;

import dev.sluice.engine.DraftCounts;
import dev.sluice.engine.TokenLogprobs;
import dev.sluice.openai.parsers.ToolCallDelta;

import java.util.List;
import java.util.Optional;

/// What has come of a choice since the last time; of a whole answer, all of it.
///
/// @param reasoning text of the thinking
/// @param content text of the answer, the echo included
/// @param toolCalls news of calls, in order
/// @param tokens what the answer tells of single tokens
/// @param promptLogprobs of each token of the prompt but the first, where they are wanted and were
///   not taken before
/// @param arrivalNanos time from the beginning of the inference to the newest token
/// @param reason why the choice ended, as the wire has it, if it has
/// @param usage of the choice so far, where every chunk tells it
/// @param drafts how guessed tokens fared, if the choice has ended and there were any
record ChoicePiece(
        String reasoning,
        String content,
        List<ToolCallDelta> toolCalls,
        TokenTrail.Piece tokens,
        Optional<List<TokenLogprobs>> promptLogprobs,
        long arrivalNanos,
        Optional<String> reason,
        Optional<Usage> usage,
        Optional<DraftCounts> drafts) {

    /// Whether there is nothing but content.
    boolean isContentOnly() {
        return reasoning.isEmpty() && toolCalls.isEmpty() && tokens.isEmpty();
    }
}
