package dev.sluice.grammar;

/// Writes strings of which host names with labels that begin with `xn--` are told apart while they
/// are read ([NameText]).
final class NameRules {
    private NameRules() {}

    private record Written(StringSet.Piece piece, boolean json) {}

    /// The strings of a piece that are told apart so.
    ///
    /// @param json whether characters are written as in a JSON string
    /// @return the rule's number; if there is no such string, that of a rule that never ends
    static int rule(GrammarBuilder builder, StringSet.Piece piece, boolean json)
            throws GrammarException {
        return builder.once(new Written(piece, json), () -> write(builder, piece, json));
    }

    private static int write(GrammarBuilder builder, StringSet.Piece piece, boolean json)
            throws GrammarException {
        TextLanguage valid = piece.pattern().language();
        TextLanguage invalid = piece.pattern().ofInvalid();
        if (areNames(piece.pattern())) {
            return names(builder, valid, true, piece, json);
        }
        int rule = builder.rule();
        int[] parts = {
            names(builder, valid.minus(invalid), true, piece, json),
            names(builder, invalid.minus(valid), false, piece, json)
        };
        for (int part : parts) {
            builder.epsilon(builder.call(builder.start(rule), part), builder.end(rule));
        }
        return rule;
    }

    /// The other strings of a piece.
    static StringSet others(StringSet.Piece piece) throws GrammarException {
        StringPattern pattern = piece.pattern();
        return areNames(pattern)
                ? StringSet.NONE
                : StringSet.of(
                        StringPattern.of(pattern.language().and(pattern.ofInvalid())),
                        piece.min(),
                        piece.max());
    }

    /// Whether nothing but host names belongs, so that one automaton reads them all.
    private static boolean areNames(StringPattern pattern) throws GrammarException {
        return pattern.ofInvalid().isWithin(pattern.language())
                && pattern.language().isWithin(StringFormats.names());
    }

    /// @param valid which names of the language
    private static int names(
            GrammarBuilder builder,
            TextLanguage language,
            boolean valid,
            StringSet.Piece piece,
            boolean json)
            throws GrammarException {
        if (!NameSearch.hasText(language, valid, piece.min(), piece.max())) {
            return builder.rule();
        }
        int rule = CountedText.ofLeast(builder, language, json, piece.min());
        builder.named(rule, valid, piece.max());
        return rule;
    }
}
