package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/// Ends the thinking of a model when the argument `thinking_budget` says so: once that many tokens
/// have come after `<think>`, `</think>` is forced. With the argument `think_stop_sentence` that
/// text, of 1,000 characters at most, is forced before it, within the budget where it fits.
///
/// The thinking may have begun in the prompt. It does nothing for a vocabulary without the two
/// tokens, and nothing where `thinking_budget` is no whole number of 0 or more.
public final class ThinkingBudgetLogitsProcessor implements LogitsProcessor {
    private static final String BUDGET = "thinking_budget";
    private static final String SENTENCE = "think_stop_sentence";
    private static final int CACHED_SENTENCES = 64;

    /// It is tokenized between two steps, which must not take long.
    private static final int LONGEST_SENTENCE = 1000;

    private final Tokenizer tokenizer;
    private final OptionalInt start;
    private final OptionalInt end;
    private final Map<String, TokenIds> sentences = new LinkedHashMap<>();

    /// Makes the processor for a vocabulary.
    public ThinkingBudgetLogitsProcessor(Tokenizer tokenizer) {
        this.tokenizer = tokenizer;
        this.start = tokenizer.vocabulary().id("<think>");
        this.end = tokenizer.vocabulary().id("</think>");
    }

    @Override
    public void checkArgs(Map<String, Object> args, int vocabSize) {
        Object sentence = args.get(SENTENCE);
        if (sentence != null && !(sentence instanceof String)) {
            throw new IllegalArgumentException(SENTENCE + " must be a string.");
        }
        if (sentence instanceof String text && text.length() > LONGEST_SENTENCE) {
            throw new IllegalArgumentException(
                    "%s must have at most %,d characters.".formatted(SENTENCE, LONGEST_SENTENCE));
        }
    }

    @Override
    public boolean appliesTo(SequenceState sequence) {
        return next(sequence).isPresent();
    }

    @Override
    public void apply(SequenceState sequence, MemorySegment logits) {
        next(sequence)
                .ifPresent(id -> {
                    float forced = logits.getAtIndex(ValueLayout.JAVA_FLOAT, id);
                    for (long i = 0; i < logits.byteSize() / Float.BYTES; i++) {
                        logits.setAtIndex(ValueLayout.JAVA_FLOAT, i, Float.NEGATIVE_INFINITY);
                    }
                    logits.setAtIndex(
                            ValueLayout.JAVA_FLOAT, id, Float.isFinite(forced) ? forced : 0);
                });
    }

    /// The id that must come now, if any.
    private OptionalInt next(SequenceState sequence) {
        if (start.isEmpty() || end.isEmpty()) {
            return OptionalInt.empty();
        }
        OptionalInt budget = budget(sequence.args());
        if (budget.isEmpty()) {
            return OptionalInt.empty();
        }
        OptionalInt thought = thought(sequence);
        if (thought.isEmpty()) {
            return OptionalInt.empty();
        }
        TokenIds sentence =
                sequence.args().get(SENTENCE) instanceof String text
                        ? encoded(text)
                        : TokenIds.EMPTY;
        int into = thought.getAsInt() - Math.max(0, budget.getAsInt() - sentence.size());
        if (into < 0) {
            return OptionalInt.empty();
        }
        return into < sentence.size() ? OptionalInt.of(sentence.get(into)) : end;
    }

    private static OptionalInt budget(Map<String, Object> args) {
        if (args.get(BUDGET) instanceof Number number
                && number.doubleValue() == Math.rint(number.doubleValue())
                && number.doubleValue() >= 0) {
            return OptionalInt.of((int) Math.min(Integer.MAX_VALUE, number.longValue()));
        }
        return OptionalInt.empty();
    }

    /// Tokens since the thinking began; empty if it did not, or has ended.
    private OptionalInt thought(SequenceState sequence) {
        int length = sequence.numPromptTokens() + sequence.numOutputTokens();
        for (int i = length - 1; i >= 0; i--) {
            int id = sequence.token(i);
            if (id == end.getAsInt()) {
                return OptionalInt.empty();
            }
            if (id == start.getAsInt()) {
                int from = Math.max(i + 1, sequence.numPromptTokens());
                return OptionalInt.of(length - from);
            }
        }
        return OptionalInt.empty();
    }

    private TokenIds encoded(String text) {
        if (sentences.size() >= CACHED_SENTENCES && !sentences.containsKey(text)) {
            sentences.remove(sentences.keySet().iterator().next());
        }
        return sentences.computeIfAbsent(text, t -> tokenizer.encode(t, false));
    }
}
