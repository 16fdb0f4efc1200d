package dev.sluice.tokenizer;

import tools.jackson.databind.JsonNode;

import java.util.List;

/// SentencePiece's way of writing spaces, as a step of a tokenizer.json.
final class Metaspace {
    private Metaspace() {}

    static PreTokenizer read(JsonNode part) {
        String space = part.path("replacement").asString("\u2581");
        String scheme = scheme(part);
        Rewriter rewriter =
                new Rewriter((text, first) -> {
                    String replaced = text.replace(" ", space);
                    boolean prefixed = scheme.equals("always") || (scheme.equals("first") && first);
                    return prefixed && !replaced.startsWith(space) ? space + replaced : replaced;
                });
        if (!part.path("split").asBoolean(true)) {
            return rewriter;
        }
        return PreTokenizer.sequence(
                List.of(
                        rewriter,
                        new Splitter(
                                Splitter.literal(space),
                                Splitter.Behavior.MERGED_WITH_NEXT,
                                false)));
    }

    /// When a space is put before a part: `always`, `first` or `never`. Older files have a flag.
    static String scheme(JsonNode part) {
        boolean flag = part.path("add_prefix_space").asBoolean(true);
        return part.path("prepend_scheme").asString(flag ? "always" : "never");
    }
}
