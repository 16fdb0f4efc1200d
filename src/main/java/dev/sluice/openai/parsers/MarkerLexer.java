package dev.sluice.openai.parsers;

import dev.sluice.engine.Marker;
import dev.sluice.tokenizer.Vocabulary;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Cuts an output into text and markers: by the id where a marker is one token, else by its text,
/// which is held back as long as it may become a marker.
final class MarkerLexer {
    private final Map<Integer, Mark> byId;
    private final Set<String> texts;
    private final Stage next;
    private final StringBuilder held = new StringBuilder();
    private int heldTokenIndex;
    private int numTokens;

    /// @param byId markers that are one token; their token index is not used
    /// @param texts markers that are not; none begins another
    MarkerLexer(Map<Integer, Mark> byId, Set<String> texts, Stage next) {
        this.byId = Map.copyOf(byId);
        this.texts = Set.copyOf(texts);
        this.next = next;
    }

    Set<Integer> ids() {
        return byId.keySet();
    }

    void accept(String text, List<Marker> markers, int tokens) {
        int tokenIndex = Math.max(numTokens, tokens - 1);
        int from = 0;
        for (Marker marker : markers) {
            int to = Math.clamp(marker.textOffset(), from, text.length());
            scan(text, from, to, tokenIndex);
            from = to;
            mark(marker);
        }
        scan(text, from, text.length(), tokenIndex);
        numTokens = tokens;
    }

    void end() {
        release();
    }

    private void mark(Marker marker) {
        Mark known = byId.get(marker.tokenId());
        if (known != null) {
            release();
            next.mark(new Mark(known.text(), known.special(), marker.tokenIndex()));
        }
    }

    private void scan(String text, int from, int to, int tokenIndex) {
        int start = from;
        int i = from;
        while (i < to) {
            if (held.isEmpty() && !isPrefix(text, i)) {
                i++;
                continue;
            }
            if (held.isEmpty()) {
                give(text, start, i);
                heldTokenIndex = tokenIndex;
            }
            held.append(text.charAt(i++));
            settle(tokenIndex);
            start = i;
        }
        if (held.isEmpty()) {
            giveWhole(text, start, to, tokenIndex);
        }
    }

    /// Whether the char at an index may begin something that is held back: a marker.
    private boolean isPrefix(String text, int at) {
        for (String marker : texts) {
            if (marker.charAt(0) == text.charAt(at)) {
                return true;
            }
        }
        return false;
    }

    /// Gives out what is no longer the beginning of a marker, or the marker.
    private void settle(int tokenIndex) {
        String text = held.toString();
        if (texts.contains(text)) {
            held.setLength(0);
            next.mark(new Mark(text, false, heldTokenIndex));
            return;
        }
        int drop = 0;
        while (drop < text.length() && !beginsMarker(text, drop)) {
            drop++;
        }
        if (drop > 0) {
            boolean splits = drop < text.length() || !isHigh(text, drop - 1);
            int give = splits ? drop : drop - 1;
            held.delete(0, give);
            heldTokenIndex = tokenIndex;
            give(text, 0, give);
        }
    }

    private boolean beginsMarker(String text, int from) {
        String rest = text.substring(from);
        return texts.stream().anyMatch(marker -> marker.startsWith(rest));
    }

    /// Keeps the first half of a character for its other half.
    private void giveWhole(String text, int from, int to, int tokenIndex) {
        boolean half = to > from && isHigh(text, to - 1);
        give(text, from, half ? to - 1 : to);
        if (half) {
            held.append(text.charAt(to - 1));
            heldTokenIndex = tokenIndex;
        }
    }

    private static boolean isHigh(String text, int at) {
        return Character.isHighSurrogate(text.charAt(at));
    }

    private void give(String text, int from, int to) {
        if (from < to) {
            next.text(text.substring(from, to));
        }
    }

    private void release() {
        if (!held.isEmpty()) {
            String text = held.toString();
            held.setLength(0);
            next.text(text);
        }
    }

    /// Sorts the markers by what the vocabulary has.
    static Map<Integer, Mark> byId(Set<String> markers, Vocabulary vocabulary) {
        Map<Integer, Mark> ids = new HashMap<>();
        for (String marker : markers) {
            vocabulary
                    .id(marker)
                    .ifPresent(id -> ids.put(id, new Mark(marker, vocabulary.isSpecial(id), 0)));
        }
        return ids;
    }
}
