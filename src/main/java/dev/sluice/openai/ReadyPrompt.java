package dev.sluice.openai;

import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

import java.util.Optional;

/// A prompt for the engine.
///
/// @param ids never empty once lengths are checked
/// @param text that they came from; empty where they came as ids, or were cut
record ReadyPrompt(TokenIds ids, Optional<String> text) {

    static ReadyPrompt of(TokenIds ids) {
        return new ReadyPrompt(ids, Optional.empty());
    }

    /// The same, with what the model has said already.
    ReadyPrompt followedBy(TokenIds answer, Tokenizer tokenizer) {
        return answer.size() == 0
                ? this
                : new ReadyPrompt(
                        TokenLists.join(ids, answer),
                        text.map(t -> t + tokenizer.decode(answer, false)));
    }

    /// The same, with other ids where they differ.
    ReadyPrompt cutTo(TokenIds kept) {
        return kept.size() == ids.size() ? this : of(kept);
    }

    /// The text, decoded if need be.
    String textOr(Tokenizer tokenizer, boolean skipSpecial) {
        return text.orElseGet(() -> tokenizer.decode(ids, skipSpecial));
    }
}
