package dev.sluice.openai.parsers;

import dev.sluice.engine.Marker;
import dev.sluice.tokenizer.TokenIds;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/// Says an output to a parser, in pieces as the engine gives them.
///
/// @param settings of the parser
/// @param prompt before the output
/// @param output with its markers written out
/// @param truncated whether the output was cut off
record Speaker(ParserSettings settings, String prompt, String output, boolean truncated) {

    /// What was said and the parser that has heard it.
    record Result(Heard heard, OutputParser parser) {
        @Override
        public String toString() {
            return heard + " called=" + parser.calledTools();
        }
    }

    /// Says all at once.
    Result whole(MarkerTokenizer tokenizer) {
        return cut(tokenizer, Set.of());
    }

    /// Says one token at a time.
    Result eachToken(MarkerTokenizer tokenizer) {
        Set<Integer> all = new TreeSet<>();
        for (int i = 1; i < length(tokenizer); i++) {
            all.add(i);
        }
        return cut(tokenizer, all);
    }

    int length(MarkerTokenizer tokenizer) {
        return tokenizer.encode(output, false).size();
    }

    /// Cuts before the tokens at these indices.
    Result cut(MarkerTokenizer tokenizer, Set<Integer> cuts) {
        OutputParser parser =
                OutputParsers.create(
                        settings, tokenizer, tokenizer.encode(prompt, false), counter());
        Heard heard = new Heard();
        TokenIds ids = tokenizer.encode(output, false);
        StringBuilder text = new StringBuilder();
        List<Marker> markers = new ArrayList<>();
        int first = 0;
        for (int i = 0; i <= ids.size(); i++) {
            if (i == ids.size() || cuts.contains(i)) {
                parser.tokens(TokenIds.of(Arrays.copyOfRange(ids.toArray(), first, i)));
                heard.add(parser.accept(text.toString(), markers, i));
                text.setLength(0);
                markers.clear();
                first = i;
            }
            if (i < ids.size()) {
                int id = ids.get(i);
                if (parser.markerIds().contains(id)) {
                    markers.add(new Marker(id, text.length(), i));
                } else {
                    text.append(tokenizer.decode(TokenIds.of(id), false));
                }
            }
        }
        heard.add(parser.finish(truncated));
        return new Result(heard, parser);
    }

    static Supplier<String> counter() {
        AtomicInteger next = new AtomicInteger();
        return () -> "id-" + next.getAndIncrement();
    }
}
