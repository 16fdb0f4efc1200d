package dev.sluice.openai;

import dev.sluice.tokenizer.TextTooLongException;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Turns words that must not be generated into ids. A word is forbidden at the start of a text and
/// after a space, which tokenizers spell differently.
final class BadWords {
    private BadWords() {}

    static List<TokenIds> of(LogitsFields fields, Tokenizer tokenizer) {
        Set<TokenIds> words = new LinkedHashSet<>();
        for (String word : new LinkedHashSet<>(fields.badWords())) {
            String bare = withoutSpace(word);
            words.add(encode(bare, tokenizer));
            words.add(encode(" " + bare, tokenizer));
        }
        TokenIds ids = fields.badWordIds();
        for (int i = 0; i < ids.size(); i++) {
            words.add(TokenIds.of(ids.get(i)));
        }
        // A tokenizer may know nothing of a character.
        words.remove(TokenIds.EMPTY);
        return List.copyOf(words);
    }

    private static TokenIds encode(String word, Tokenizer tokenizer) {
        try {
            return tokenizer.encode(word, false);
        } catch (TextTooLongException e) {
            throw Invalid.field("bad_words", e.text());
        }
    }

    /// The word without spaces before it. Line breaks stay: they may be meant.
    static String withoutSpace(String word) {
        int start = 0;
        while (start < word.length() && word.charAt(start) == ' ') {
            start++;
        }
        return word.substring(start);
    }
}
