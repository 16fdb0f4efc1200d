package dev.sluice.engine;

import dev.sluice.tokenizer.IncrementalDetokenizer;
import dev.sluice.tokenizer.Vocabulary;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Turns the ids of one sequence into text and finds its end: a stop id, an end-of-sequence id, a
/// stop string, or the limit.
///
/// The text of all pieces together is the decoded text of all ids, less what the stop rules cut off
/// and the markers. A marker ends a run of bytes: what is incomplete before it becomes U+FFFD. Its
/// place is given once the text before it is out, which a stop string may hold back; one whose
/// place is cut off stands at the end.
final class OutputText {
    private final StopConditions stop;
    private final Set<Integer> eosIds;
    private final Set<Integer> markerIds;
    private final Vocabulary vocabulary;
    private final IncrementalDetokenizer detokenizer;
    private final StopStrings strings;
    private final ArrayDeque<Place> places = new ArrayDeque<>();
    private int numTokens;
    private int decoded;
    private int shown;

    /// What one token brought.
    ///
    /// @param text to be shown now; may be empty
    /// @param markers whose places are in the text or around it
    /// @param reason why the sequence ends with this token, where it does
    record Piece(String text, List<Marker> markers, Optional<FinishReason> reason) {}

    /// A marker whose place is not out yet.
    ///
    /// @param offset in the whole text
    private record Place(int tokenId, int offset, int tokenIndex) {}

    OutputText(GenerationRequest request, Set<Integer> eosIds, Vocabulary vocabulary) {
        OutputOptions options = request.output();
        this.stop = request.stop();
        this.eosIds = eosIds;
        this.markerIds = options.markerIds();
        this.vocabulary = vocabulary;
        this.detokenizer =
                options.continuesText()
                        ? IncrementalDetokenizer.continuing(vocabulary, options.skipSpecialTokens())
                        : new IncrementalDetokenizer(vocabulary, options.skipSpecialTokens());
        this.strings = new StopStrings(stop.stopStrings(), stop.includeStopString());
    }

    /// Takes the next token.
    ///
    /// @param last whether no token may follow
    Piece accept(int id, boolean last) {
        return accept(id, last ? Optional.of(FinishReason.LENGTH) : Optional.empty());
    }

    /// Takes the next token.
    ///
    /// @param limit why no token may follow, where none may
    Piece accept(int id, Optional<FinishReason> limit) {
        boolean last = limit.isPresent();
        numTokens++;
        Integer boxed = id;
        boolean eos = eosIds.contains(boxed);
        boolean marker = markerIds.contains(boxed);
        String text = "";
        if (marker) {
            text = show(detokenizer.flush());
            places.add(new Place(id, decoded, numTokens - 1));
        }
        boolean stops = isLongEnough() && stop.stopTokenIds().contains(boxed);
        if (stops || (eos && !stop.ignoreEos())) {
            return piece(text + endWith(id, marker), true, Optional.of(FinishReason.STOP));
        }
        if (!marker && !eos) {
            text = show(detokenizer.accept(id));
        }
        if (!strings.matched() && last) {
            text += rest();
        }
        if (strings.matched()) {
            return piece(text, true, Optional.of(FinishReason.STOP));
        }
        return piece(text, last, limit);
    }

    /// Ends the text where it is.
    Piece interrupt(FinishReason reason) {
        return piece(rest(), true, Optional.of(reason));
    }

    private Piece piece(String text, boolean last, Optional<FinishReason> reason) {
        if (places.isEmpty()) {
            shown += text.length();
            return new Piece(text, List.of(), reason);
        }
        List<Marker> markers = new ArrayList<>();
        int end = shown + text.length();
        while (!places.isEmpty() && (last || places.getFirst().offset <= end)) {
            Place place = places.removeFirst();
            int offset = Math.min(place.offset, end) - shown;
            markers.add(new Marker(place.tokenId, offset, place.tokenIndex));
        }
        shown = end;
        return new Piece(text, markers, reason);
    }

    /// Lets the stop strings look at decoded text. One that begins before there are tokens enough
    /// may end behind.
    private String show(String text) {
        decoded += text.length();
        return isLongEnough() ? strings.accept(text) : strings.pass(text);
    }

    /// Whether the last token may end the text; before, a stop id comes only where it is forced.
    private boolean isLongEnough() {
        return numTokens > stop.minTokens();
    }

    private String endWith(int id, boolean marker) {
        String text = rest();
        return stop.includeStopString() && !marker && !strings.matched()
                ? text + new String(vocabulary.bytes(id), StandardCharsets.UTF_8)
                : text;
    }

    /// What the detokenizer and the stop strings still hold back.
    private String rest() {
        String text = show(detokenizer.flush());
        return strings.matched() ? text : text + strings.flush();
    }
}
