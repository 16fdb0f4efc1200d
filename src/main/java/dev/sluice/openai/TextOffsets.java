package dev.sluice.openai;

import dev.sluice.tokenizer.IncrementalDetokenizer;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Vocabulary;

import java.nio.charset.StandardCharsets;

/// Tells where the text of each token begins, in code points from the beginning of a choice's text.
/// Tokens that share a character begin where it begins, and so do the bytes of a run that is text
/// only as a whole.
///
/// Belongs to one choice and one thread.
final class TextOffsets {
    private final IncrementalDetokenizer decoder;
    private int offset;

    /// @param decoder makes the text of the generated tokens
    /// @param echo what precedes it; often empty
    TextOffsets(IncrementalDetokenizer decoder, String echo) {
        this.decoder = decoder;
        this.offset = echo.codePointCount(0, echo.length());
    }

    /// Where the next generated token begins.
    int next(int id) {
        String text = decoder.accept(id);
        int begin = offset + text.codePointCount(0, decoder.carried());
        offset += text.codePointCount(0, text.length());
        return begin;
    }

    /// Where the tokens of a prompt begin in its own text. A special token has text there only if
    /// it was written out; what the tokenizer added has none.
    static int[] ofPrompt(TokenIds prompt, String text, Vocabulary vocabulary) {
        IncrementalDetokenizer decoder = new IncrementalDetokenizer(vocabulary, false);
        int[] offsets = new int[prompt.size()];
        int at = 0;
        int points = 0;
        for (int i = 0; i < offsets.length; i++) {
            int id = prompt.get(i);
            int earlier = 0;
            int length = 0;
            if (!vocabulary.isSpecial(id)) {
                length = decoder.accept(id).length();
                earlier = decoder.carried();
            } else {
                String token = new String(vocabulary.bytes(id), StandardCharsets.UTF_8);
                if (text.startsWith(decoder.held() + token, at)) {
                    earlier = decoder.flush().length();
                    length = earlier + token.length();
                }
            }
            int next = Math.min(at + length, text.length());
            offsets[i] = points + text.codePointCount(at, Math.min(at + earlier, next));
            points += text.codePointCount(at, next);
            at = next;
        }
        return offsets;
    }
}
