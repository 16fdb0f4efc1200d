package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.engine.StopConditions;
import dev.sluice.tokenizer.TextTooLongException;
import dev.sluice.tokenizer.TokenIds;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// How long prompts and answers of one model may be, and what may end an answer.
///
/// @param model with its context and limits
record LengthRules(ServedModel model) {

    /// How many tokens a request wants at most.
    ///
    /// @param field that says so
    /// @param tokens empty for as many as fit
    /// @param mayBeZero whether the prompt alone is an answer
    record Limit(String field, OptionalLong tokens, boolean mayBeZero) {}

    /// The prompt that a text is. What can't fit is not encoded, unless it may be cut.
    ///
    /// @param field that the text came from
    /// @throws InvalidRequest if it is too long
    ReadyPrompt encode(String text, boolean addSpecial, StopFields fields, String field) {
        int max = model.maxModelLen();
        int most = fields.truncatePrompt().isPresent() ? Integer.MAX_VALUE : max - 1;
        try {
            return new ReadyPrompt(
                    model.tokenizer().encode(text, addSpecial, most), Optional.of(text));
        } catch (TextTooLongException e) {
            throw Invalid.tooLong(
                    field, e.atLeast().isPresent() ? past(e.atLeast().getAsInt(), max) : e.text());
        }
    }

    /// What to say of a prompt of which only a part was encoded.
    static String past(int atLeast, int max) {
        return "Input text is too long, input_ids_len (at least %d) >= max_model_len(%d)"
                .formatted(atLeast, max);
    }

    /// The prompt, without what the request wants cut off from its beginning.
    TokenIds truncate(TokenIds prompt, StopFields fields) {
        if (fields.truncatePrompt().isEmpty()) {
            return prompt;
        }
        long wanted = fields.truncatePrompt().getAsLong();
        long fits = Math.max(1, model.maxModelLen() - 1 - fields.minTokens());
        long kept = wanted == -1 ? fits : wanted;
        return kept >= prompt.size() ? prompt : TokenLists.last(prompt, (int) kept);
    }

    /// What ends the answer to a prompt.
    ///
    /// @param promptField where the prompt came from
    /// @throws InvalidRequest naming the field
    StopConditions stop(TokenIds prompt, StopFields fields, Limit limit, String promptField) {
        checkPrompt(prompt, fields.minTokens(), promptField);
        int maxTokens = maxTokens(prompt, limit);
        if (fields.minTokens() > maxTokens) {
            throw Invalid.field(
                    "min_tokens",
                    "min_tokens must be less than or equal to %s=%d, but is %d."
                            .formatted(limit.field(), maxTokens, fields.minTokens()));
        }
        return new StopConditions(
                (int) fields.minTokens(),
                maxTokens,
                fields.stop(),
                Set.copyOf(fields.stopTokenIds()),
                fields.ignoreEos(),
                fields.includeStopString());
    }

    private void checkPrompt(TokenIds prompt, long minTokens, String field) {
        int max = model.maxModelLen();
        if (prompt.size() == 0) {
            throw Invalid.field(field, "The prompt is empty.");
        }
        if (minTokens >= max - prompt.size()) {
            throw Invalid.tooLong(
                    prompt.size() >= max ? field : "min_tokens",
                    "Input text is too long, input_ids_len (%d) + min_tokens(%d) >= max_model_len(%d)"
                            .formatted(prompt.size(), minTokens, max));
        }
    }

    private int maxTokens(TokenIds prompt, Limit limit) {
        int max = model.maxModelLen();
        long wanted = Math.min(limit.tokens().orElse(max), max - prompt.size());
        if (wanted < (limit.mayBeZero() ? 0 : 1)) {
            throw Invalid.field(
                    limit.field(),
                    "max_tokens can be defined [1, %d), but now it's %d.".formatted(max, wanted));
        }
        return (int) wanted;
    }

    /// @throws InvalidRequest if there are too many stops, or one is too long
    void checkStops(StopFields fields) {
        RequestLimits limits = model.options().limits();
        int count = fields.stop().size() + fields.stopTokenIds().size();
        if (count > limits.maxStopSequences()) {
            throw Invalid.field(
                    fields.stop().isEmpty() ? "stop_token_ids" : "stop",
                    "Number of stop sequences (%d) exceeds the limit max_stop_seqs_num(%d), which the server's variable %s sets."
                            .formatted(
                                    count,
                                    limits.maxStopSequences(),
                                    RequestLimits.MAX_STOP_SEQUENCES));
        }
        for (int id : fields.stopTokenIds()) {
            TokenLists.checkId("stop_token_ids", id, model.tokenizer().vocabulary());
        }
        limits.maxStopTokens().ifPresent(max -> fields.stop().forEach(s -> checkLength(s, max)));
    }

    private void checkLength(String stop, int max) {
        int length;
        try {
            length = model.tokenizer().encode(stop, false).size();
        } catch (TextTooLongException e) {
            throw Invalid.field("stop", e.text());
        }
        if (length > max) {
            throw Invalid.field(
                    "stop",
                    "Length of a stop sequence (%d tokens) exceeds the limit stop_seqs_max_len(%d)."
                            .formatted(length, max));
        }
    }
}
