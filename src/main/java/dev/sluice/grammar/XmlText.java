package dev.sluice.grammar;

import java.util.Optional;

/// Writes strings as they stand in an XML element: raw, up to the first end of the element.
///
/// One line end behind the opening of the element and one before its end do not belong to the
/// string: a string that begins or ends with one is written with one more.
final class XmlText {
    private static final CodePoints LINE_END = CodePoints.of('\n');

    private final GrammarBuilder builder;
    private final String end;
    private final boolean shortNumbers;
    private final TextLanguage inside;

    /// @param end what ends the element, and is no part of any string
    /// @param inside all texts without it
    /// @param shortNumbers whether strings are left out that have more digits than anyone needs
    XmlText(GrammarBuilder builder, String end, TextLanguage inside, boolean shortNumbers) {
        this.builder = builder;
        this.shortNumbers = shortNumbers;
        this.end = end;
        this.inside = inside;
    }

    /// Whether any text will do.
    static boolean isFree(StringSet set) {
        return set.pieces().stream()
                .anyMatch(piece -> piece.pattern().isAny() && piece.isAnyLength());
    }

    /// Adds the strings of a set and the end of the element.
    void write(StringSet set, int from, int to) throws GrammarException {
        if (isFree(set)) {
            FreeText text = new FreeText(builder);
            text.word(end, to);
            text.add(from);
            return;
        }
        int behind = builder.state();
        for (StringSet.Piece piece : set.pieces()) {
            write(piece, from, behind);
        }
        builder.epsilon(builder.literal(behind, end), to);
    }

    private void write(StringSet.Piece piece, int from, int to) throws GrammarException {
        if (!piece.pattern().isExact()) {
            line(from, NameRules.rule(builder, piece, false), to);
            for (StringSet.Piece other : NameRules.others(piece).pieces()) {
                write(other, from, to);
            }
            return;
        }
        Optional<Integer> times = Times.rule(builder, piece, false, shortNumbers);
        if (times.isPresent()) {
            line(from, times.get(), to);
            return;
        }
        TextLanguage language =
                piece.pattern().isAny() ? inside : piece.pattern().language().and(inside);
        if (shortNumbers) {
            language = Times.shortened(language, piece.min(), piece.max());
        }
        if (language.mayHold(LINE_END)) {
            lines(from, language, piece, to);
        } else {
            line(from, counted(language, piece), to);
        }
    }

    /// A text without line ends between those that do not belong to it.
    private void line(int from, int rule, int to) throws GrammarException {
        int open = builder.state();
        builder.epsilon(from, open);
        builder.text(from, LINE_END, open);
        int behind = builder.call(open, rule);
        builder.epsilon(behind, to);
        builder.text(behind, LINE_END, to);
    }

    /// Texts with line ends of their own, between those that do not belong to them.
    private void lines(int from, TextLanguage language, StringSet.Piece piece, int to)
            throws GrammarException {
        TextLanguage other = TextLanguage.characters(CodePoints.ANY.minus(LINE_END));
        TextLanguage empty = TextLanguage.of("");
        TextLanguage begun = language.and(other.then(TextLanguage.any()).or(empty));
        TextLanguage ended = TextLanguage.any().then(other).or(empty);
        int open = builder.state();
        builder.text(from, LINE_END, open);
        int behind = builder.state();
        builder.text(behind, LINE_END, to);
        builder.call(from, counted(begun.and(ended), piece), to);
        builder.call(from, counted(begun, piece), behind);
        builder.call(open, counted(language.and(ended), piece), to);
        builder.call(open, counted(language, piece), behind);
    }

    private int counted(TextLanguage language, StringSet.Piece piece) throws GrammarException {
        return CountedText.rule(builder, language, false, piece.min(), piece.max());
    }
}
