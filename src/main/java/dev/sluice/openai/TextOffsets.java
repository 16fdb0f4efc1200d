package dev.sluice.openai;

import dev.sluice.tokenizer.IncrementalDetokenizer;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Vocabulary;

import java.nio.charset.StandardCharsets;

/// Tells where the text of each token begins, in code points from the beginning of a choice's text.
/// Tokens that share a character begin where it begins.
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
        int begin = offset;
        String text = decoder.accept(id);
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
            offsets[i] = points;
            int length =
                    vocabulary.isSpecial(id)
                            ? written(vocabulary.bytes(id), text, at)
                            : decoder.accept(id).length();
            int next = Math.min(at + length, text.length());
            points += text.codePointCount(at, next);
            at = next;
        }
        return offsets;
    }

    private static int written(byte[] special, String text, int at) {
        String token = new String(special, StandardCharsets.UTF_8);
        return text.startsWith(token, at) ? token.length() : 0;
    }
}
