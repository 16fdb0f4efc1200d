package dev.sluice.openai;

import dev.sluice.engine.TokenLogprobs;
import dev.sluice.openai.PreparedRequest.Kind;

import java.util.List;
import java.util.Optional;

/// Fields that choices of both protocols have.
///
/// @param request that is answered
/// @param logprobs writes log probabilities
record ChoiceFields(PreparedRequest request, LogprobsWriter logprobs) {
    ChoiceFields(PreparedRequest request) {
        this(
                request,
                new LogprobsWriter(request.answer(), request.served().tokenizer().vocabulary()));
    }

    private AnswerOptions answer() {
        return request.answer();
    }

    /// Whether ids and raw texts are told.
    boolean tellsIds() {
        return answer().returnTokenIds();
    }

    /// The tokens of the prompt, or null.
    void promptIds(JsonWriter out, ChoiceProgress choice) {
        out.raw(",\"prompt_token_ids\":");
        if (tellsIds()) {
            out.ids(choice.promptIds());
        } else {
            out.raw("null");
        }
    }

    /// The text of the prompt, or null.
    void promptText(JsonWriter out, ChoiceProgress choice) {
        out.raw(",\"prompt_tokens\":");
        if (tellsIds()) {
            out.string(choice.promptText());
        } else {
            out.raw("null");
        }
    }

    /// The generated tokens, or null.
    void completionIds(JsonWriter out, ChoicePiece piece) {
        out.raw(",\"completion_token_ids\":");
        if (tellsIds()) {
            out.ids(piece.tokens().ids());
        } else {
            out.raw("null");
        }
    }

    /// The text of the generated tokens before it was parsed, or null.
    void completionText(JsonWriter out, ChoicePiece piece) {
        out.raw(",\"completion_tokens\":");
        if (tellsIds()) {
            out.string(piece.tokens().text());
        } else {
            out.raw("null");
        }
    }

    /// Log probabilities of the generated tokens, or null, and those of guessed ones likewise.
    ///
    /// @param evenIfNone an empty list is told as such
    void logprobs(JsonWriter out, ChoicePiece piece, boolean evenIfNone) {
        out.raw(",\"logprobs\":");
        entries(out, piece.tokens().entries(), evenIfNone);
        out.raw(",\"draft_logprobs\":");
        entries(out, piece.tokens().drafts(), false);
    }

    private void entries(JsonWriter out, List<TokenEntry> entries, boolean evenIfNone) {
        boolean none = entries.isEmpty() && !evenIfNone;
        if (answer().logprobs().isEmpty() || none) {
            out.raw("null");
        } else if (request.kind() == Kind.CHAT) {
            logprobs.chat(out, entries);
        } else {
            logprobs.completion(out, entries);
        }
    }

    /// Log probabilities of the prompt, where there are some to be told.
    void promptLogprobs(JsonWriter out, Optional<List<TokenLogprobs>> prompt) {
        prompt.ifPresent(all -> logprobs.prompt(out.raw(",\"prompt_logprobs\":"), all));
    }

    /// Measurements of speculation, where measurements are wanted: with the end, if there are any.
    void speculation(JsonWriter out, ChoicePiece piece) {
        if (answer().collectMetrics()) {
            out.raw(",\"speculate_metrics\":");
            piece.drafts()
                    .ifPresentOrElse(
                            counts -> SpeculationWriter.write(out, counts), () -> out.raw("null"));
        }
    }

    /// Why the choice ended, or null.
    void reason(JsonWriter out, ChoicePiece piece) {
        out.raw(",\"finish_reason\":");
        if (piece.reason().isPresent()) {
            out.raw("\"").raw(piece.reason().get()).raw("\"");
        } else {
            out.raw("null");
        }
    }
}
