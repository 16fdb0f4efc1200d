package dev.sluice.openai;

import dev.sluice.engine.TokenLogprob;
import dev.sluice.engine.TokenLogprobs;
import dev.sluice.tokenizer.Vocabulary;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Writes log probabilities in the forms of both protocols.
///
/// Where the request wants no texts of tokens, `token` is empty, `decoded_token` null, and the
/// alternatives of a completion are named `token_id:` and the id, so that each keeps its place.
///
/// @param answer says how many alternatives are shown, and whether texts are
/// @param vocabulary of the model
record LogprobsWriter(AnswerOptions answer, Vocabulary vocabulary) {
    private static final byte[] NO_BYTES = {};

    /// The `logprobs` object of chats.
    void chat(JsonWriter out, List<TokenEntry> entries) {
        out.raw("{\"content\":[");
        for (int i = 0; i < entries.size(); i++) {
            TokenLogprobs logprobs = entries.get(i).logprobs().orElseThrow();
            out.raw(i == 0 ? "{" : ",{");
            token(out, logprobs.chosen());
            out.raw(",\"top_logprobs\":[");
            List<TokenLogprob> top = top(logprobs, answer.logprobs().orElse(0));
            for (int j = 0; j < top.size(); j++) {
                out.raw(j == 0 ? "{" : ",{");
                token(out, top.get(j));
                out.raw("}");
            }
            out.raw("]}");
        }
        out.raw("],\"refusal\":null}");
    }

    private void token(JsonWriter out, TokenLogprob logprob) {
        out.raw("\"token\":").string(text(logprob.tokenId()));
        out.raw(",\"logprob\":").number(logprob.logprob());
        out.raw(",\"bytes\":");
        out.values(answer.decodeLogprobTokens() ? vocabulary.bytes(logprob.tokenId()) : NO_BYTES);
    }

    private String text(int id) {
        return answer.decodeLogprobTokens() ? TokenTexts.of(id, vocabulary) : "";
    }

    private static List<TokenLogprob> top(TokenLogprobs logprobs, int count) {
        return logprobs.top().subList(0, Math.min(count, logprobs.top().size()));
    }

    /// The `logprobs` object of completions: columns of equal length.
    void completion(JsonWriter out, List<TokenEntry> entries) {
        out.raw("{\"tokens\":[");
        for (int i = 0; i < entries.size(); i++) {
            comma(out, i).string(text(entries.get(i).tokenId()));
        }
        out.raw("],\"token_logprobs\":[");
        for (int i = 0; i < entries.size(); i++) {
            comma(out, i);
            entries.get(i)
                    .logprobs()
                    .ifPresentOrElse(l -> out.number(l.chosen().logprob()), () -> out.raw("null"));
        }
        out.raw("],\"top_logprobs\":[");
        for (int i = 0; i < entries.size(); i++) {
            comma(out, i);
            entries.get(i)
                    .logprobs()
                    .ifPresentOrElse(l -> alternatives(out, l), () -> out.raw("null"));
        }
        out.raw("],\"text_offset\":[");
        for (int i = 0; i < entries.size(); i++) {
            comma(out, i).number(entries.get(i).textOffset());
        }
        out.raw("]}");
    }

    /// Tokens of the same text are one: the likeliest.
    private void alternatives(JsonWriter out, TokenLogprobs logprobs) {
        Set<String> named = new HashSet<>();
        out.raw("{");
        for (TokenLogprob alternative : top(logprobs, answer.logprobs().orElse(0))) {
            String name =
                    answer.decodeLogprobTokens()
                            ? text(alternative.tokenId())
                            : "token_id:" + alternative.tokenId();
            if (named.add(name)) {
                comma(out, named.size() - 1).string(name);
                out.raw(":").number(alternative.logprob());
            }
        }
        out.raw("}");
    }

    /// The `prompt_logprobs` array: nothing for the first token; for each other one the most likely
    /// tokens by their ids, and the one that is there.
    ///
    /// @param logprobs of each token but the first
    void prompt(JsonWriter out, List<TokenLogprobs> logprobs) {
        out.raw("[null");
        for (TokenLogprobs position : logprobs) {
            List<TokenLogprob> shown = new ArrayList<>(List.of(position.chosen()));
            top(position, answer.promptLogprobs().orElse(0)).stream()
                    .filter(t -> t.tokenId() != position.chosen().tokenId())
                    .forEach(shown::add);
            out.raw(",{");
            for (int i = 0; i < shown.size(); i++) {
                promptToken(comma(out, i), shown.get(i));
            }
            out.raw("}");
        }
        out.raw("]");
    }

    private void promptToken(JsonWriter out, TokenLogprob logprob) {
        out.raw("\"").number(logprob.tokenId()).raw("\":{\"logprob\":").number(logprob.logprob());
        out.raw(",\"rank\":").number(logprob.rank()).raw(",\"decoded_token\":");
        if (answer.decodeLogprobTokens()) {
            out.string(TokenTexts.of(logprob.tokenId(), vocabulary));
        } else {
            out.raw("null");
        }
        out.raw("}");
    }

    private static JsonWriter comma(JsonWriter out, int index) {
        return index == 0 ? out : out.raw(",");
    }
}
