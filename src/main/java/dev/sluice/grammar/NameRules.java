package dev.sluice.grammar;

import java.util.List;

/// Writes strings of which host names with labels that begin with `xn--` are told apart while they
/// are read ([NameText]).
final class NameRules {
    static final String WAY_OUT = "the pattern ^(?!(.*\\.)?[Xx][Nn]--) beside it leaves them out";

    private NameRules() {}

    private record Written(StringSet.Piece piece, boolean json) {}

    /// Refuses strings of which such names can't be told apart ([NamePlaces#isPlain]).
    static void check(StringSet strings) throws GrammarException {
        for (StringSet.Piece piece : strings.pieces()) {
            check(piece);
        }
    }

    private static void check(StringSet.Piece piece) throws GrammarException {
        if (!piece.pattern().tellsNamesApart()) {
            throw GrammarException.unsupported(
                    "of labels of host names that begin with xn--, nothing but the length can be"
                            + " limited, as a pattern or another keyword does here; "
                            + WAY_OUT);
        }
    }

    /// The strings that there are if all such labels count as valid.
    static StringSet untold(StringSet strings) throws GrammarException {
        StringSet all = StringSet.NONE;
        for (StringSet.Piece piece : strings.pieces()) {
            all = all.or(new StringSet(List.of(untold(piece))));
        }
        return all;
    }

    /// The same of one piece.
    static StringSet.Piece untold(StringSet.Piece piece) throws GrammarException {
        StringPattern pattern = piece.pattern();
        return pattern.isExact()
                ? piece
                : new StringSet.Piece(
                        StringPattern.of(pattern.language()), piece.min(), piece.max());
    }

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
        check(piece);
        StringPattern pattern = piece.pattern();
        if (areNames(pattern)) {
            return names(builder, pattern.language(), piece, true, json);
        }
        int rule = builder.rule();
        for (boolean valid : new boolean[] {true, false}) {
            int part = names(builder, pattern.names(valid), piece, valid, json);
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

    /// Whether one automaton reads all that belongs: texts of the characters of names, and of those
    /// with such labels the valid ones alone.
    private static boolean areNames(StringPattern pattern) throws GrammarException {
        TextLanguage others = pattern.ofInvalid();
        return pattern.language().isWithin(characters())
                && others.isWithin(pattern.language())
                && !others.namePlaces().hasEncoded();
    }

    private static TextLanguage characters() throws GrammarException {
        return TextLanguage.regex("[A-Za-z0-9.-]*", RegexDialect.GUIDED, GrammarLimits.DEFAULT);
    }

    private static int names(
            GrammarBuilder builder,
            TextLanguage names,
            StringSet.Piece piece,
            boolean valid,
            boolean json)
            throws GrammarException {
        if (!hasName(names, valid, piece.min(), piece.max())) {
            return builder.rule();
        }
        int rule = CountedText.ofLeast(builder, names, json, piece.min());
        builder.named(rule, valid, piece.max());
        return rule;
    }

    /// Whether there is a name of `min` to `max` characters.
    ///
    /// @param names whose labels that begin with `xn--` are told apart
    /// @param valid whether these must be valid; else one at least must not be
    /// @param max or [Repeat#UNBOUNDED]
    static boolean hasName(TextLanguage names, boolean valid, int min, int max)
            throws GrammarException {
        if (names.isEmpty()) {
            return false;
        }
        TextLanguage all =
                min <= names.sizes().shortest()
                        ? names
                        : names.and(TextLanguage.ofLength(min, Repeat.UNBOUNDED));
        NamePlaces places = all.namePlaces();
        return NamePlaces.fits(valid ? places.valid(0, "") : places.invalid(0, ""), max);
    }
}
