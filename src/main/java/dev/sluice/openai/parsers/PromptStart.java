package dev.sluice.openai.parsers;

import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

import java.util.OptionalInt;

/// Where a prompt leaves the thinking.
///
/// What counts is the last marker of the thinking after the last special token: markers of earlier
/// turns, or in what a user wrote, stand before one.
enum PromptStart {
    /// The answer begins inside the thinking.
    OPEN,
    /// The thinking is over, or was skipped.
    CLOSED,
    /// The prompt does not tell.
    SILENT;

    /// Tokens at the end of a prompt that are looked at for markers of several tokens.
    private static final int TAIL = 1024;

    static PromptStart of(TokenIds prompt, Tokenizer tokenizer, ThinkingMarkers markers) {
        Vocabulary vocabulary = tokenizer.vocabulary();
        OptionalInt start = vocabulary.id(markers.start());
        OptionalInt end = vocabulary.id(markers.end());
        boolean byId = start.isPresent() && end.isPresent();
        int i = prompt.size();
        while (i > 0) {
            int id = prompt.get(i - 1);
            boolean begins = is(start, id);
            if (begins || is(end, id)) {
                if (byId) {
                    return begins ? OPEN : CLOSED;
                }
            } else if (vocabulary.isSpecial(id)) {
                break;
            }
            i--;
        }
        return byId ? SILENT : inText(tail(prompt, i, tokenizer), markers);
    }

    private static boolean is(OptionalInt marker, int id) {
        return marker.isPresent() && marker.getAsInt() == id;
    }

    private static String tail(TokenIds prompt, int from, Tokenizer tokenizer) {
        int first = Math.max(from, prompt.size() - TAIL);
        int[] ids = new int[prompt.size() - first];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = prompt.get(first + i);
        }
        return tokenizer.decode(TokenIds.of(ids), false);
    }

    private static PromptStart inText(String text, ThinkingMarkers markers) {
        int start = text.lastIndexOf(markers.start());
        int end = text.lastIndexOf(markers.end());
        if (start < 0 && end < 0) {
            return SILENT;
        }
        return start > end ? OPEN : CLOSED;
    }
}
