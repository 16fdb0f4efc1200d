package dev.sluice.engine;

import dev.sluice.tokenizer.Vocabulary;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;

/// Turns the ids of one sequence into text and finds its end: a stop id, an end-of-sequence id, a
/// stop string, or the limit.
///
/// The text of all pieces together is the decoded text of all ids, less what the stop rules cut
/// off.
final class OutputText {
    private final StopConditions stop;
    private final Set<Integer> eosIds;
    private final Vocabulary vocabulary;
    private final TextDecoder decoder;
    private final StopStrings strings;

    /// What one token brought.
    ///
    /// @param text to be shown now; may be empty
    /// @param reason why the sequence ends with this token, where it does
    record Piece(String text, Optional<FinishReason> reason) {}

    OutputText(GenerationRequest request, Set<Integer> eosIds, Vocabulary vocabulary) {
        this.stop = request.stop();
        this.eosIds = eosIds;
        this.vocabulary = vocabulary;
        this.decoder = new TextDecoder(vocabulary, request.output().skipSpecialTokens());
        this.strings = new StopStrings(stop.stopStrings(), stop.includeStopString());
    }

    /// Takes the next token.
    ///
    /// @param last whether no token may follow
    Piece accept(int id, boolean last) {
        boolean eos = eosIds.contains(id);
        if (stop.stopTokenIds().contains(id) || (eos && !stop.ignoreEos())) {
            return new Piece(endWith(id), Optional.of(FinishReason.STOP));
        }
        String text = strings.accept(eos ? "" : decoder.accept(id));
        if (!strings.matched() && last) {
            text += rest();
        }
        if (strings.matched()) {
            return new Piece(text, Optional.of(FinishReason.STOP));
        }
        return new Piece(text, last ? Optional.of(FinishReason.LENGTH) : Optional.empty());
    }

    private String endWith(int id) {
        String text = rest();
        return stop.includeStopString() && !strings.matched()
                ? text + new String(vocabulary.bytes(id), StandardCharsets.UTF_8)
                : text;
    }

    /// What the decoder and the stop strings still hold back.
    private String rest() {
        String text = strings.accept(decoder.flush());
        return strings.matched() ? text : text + strings.flush();
    }
}
