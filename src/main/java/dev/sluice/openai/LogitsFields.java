package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.tokenizer.TokenIds;

import java.util.List;
import java.util.Map;

/// What a request wants done to the logits beside penalties. Empty where it says nothing.
///
/// @param badWords texts that must not be generated; none is blank
/// @param badWordIds ids that must not be generated
/// @param logitBias added to logits, as JSON has it
/// @param processorArgs for registered processors
record LogitsFields(
        List<String> badWords,
        TokenIds badWordIds,
        Map<String, Object> logitBias,
        Map<String, Object> processorArgs) {
    private static final String BAD_WORDS = "bad_words";
    private static final String BAD_WORD_IDS = "bad_words_token_ids";

    /// @throws InvalidRequest naming the field
    static LogitsFields of(Fields fields) {
        List<String> words = fields.texts(BAD_WORDS);
        for (int i = 0; i < words.size(); i++) {
            if (BadWords.withoutSpace(words.get(i)).isEmpty()) {
                throw Invalid.field(
                        BAD_WORDS, BAD_WORDS + "[" + i + "]: a bad word must not be empty");
            }
        }
        return new LogitsFields(
                words,
                TokenLists.ids(BAD_WORD_IDS, fields.list(BAD_WORD_IDS)),
                fields.object("logit_bias"),
                fields.object("logits_processors_args"));
    }
}
