package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Writes the strings of JSON texts as rules.
final class StringWriter {
    private static final CodePoints QUOTE = CodePoints.of('"');

    private final GrammarBuilder builder;
    private final boolean shortNumbers;
    private final StringPattern inside;
    private final Map<StringSet, Integer> rules = new HashMap<>();

    /// @param shortNumbers whether strings are left out that have more digits than anyone needs
    /// @param inside all strings that may be written, all times among them
    StringWriter(GrammarBuilder builder, boolean shortNumbers, TextLanguage inside) {
        this.builder = builder;
        this.shortNumbers = shortNumbers;
        this.inside = StringPattern.of(inside);
    }

    int rule(StringSet set) throws GrammarException {
        Integer known = rules.get(set);
        if (known == null) {
            known = builder.rule();
            for (StringSet.Piece piece : set.pieces()) {
                write(piece, builder.literal(builder.start(known), "\""), builder.end(known));
            }
            rules.put(set, known);
        }
        return known;
    }

    private void write(StringSet.Piece piece, int from, int to) throws GrammarException {
        if (piece.pattern().isExact()) {
            builder.text(body(piece, from), QUOTE, to);
            return;
        }
        builder.text(builder.call(from, NameRules.rule(builder, piece, true)), QUOTE, to);
        for (StringSet.Piece other : NameRules.others(piece).pieces()) {
            write(other, from, to);
        }
    }

    /// @return the state behind the characters of the string
    private int body(StringSet.Piece whole, int from) throws GrammarException {
        StringSet.Piece piece = whole.pattern().times().isPresent() ? whole : whole.within(inside);
        StringPattern pattern = piece.pattern();
        if (pattern.isAny()) {
            return counted(CodePoints.ANY, piece, from);
        }
        if (piece.isAnyLength() && pattern.expression().isPresent()) {
            return builder.call(from, pattern.expression().get().rule(builder, true));
        }
        Optional<Integer> times = Times.rule(builder, piece, true, shortNumbers);
        if (times.isPresent()) {
            return builder.call(from, times.get());
        }
        TextLanguage language = pattern.language();
        if (shortNumbers) {
            language = Times.shortened(language, piece.min(), piece.max());
        }
        if (!language.sizes().hasLength(piece.min(), piece.max())) {
            return builder.state();
        }
        if (piece.min() <= language.sizes().shortest()
                && piece.max() >= language.sizes().longest()) {
            return builder.call(from, listed(language));
        }
        if (language.numStates() == 1) {
            List<CodePoints> sets = new ArrayList<>();
            language.forEachEdge(0, (set, _) -> sets.add(set));
            return counted(sets.getFirst(), piece, from);
        }
        int rule = CountedText.rule(builder, language, true, piece.min(), piece.max());
        return builder.call(from, rule);
    }

    private int counted(CodePoints set, StringSet.Piece piece, int from) throws GrammarException {
        if (piece.isAnyLength()) {
            builder.chars(from, set, true, from);
            return from;
        }
        if (piece.max() == 0) {
            return from;
        }
        return builder.call(from, builder.repeat(set, true, piece.min(), piece.max()));
    }

    /// Lists are written in one way, so that what is forced can be foreseen; elsewhere any escape
    /// will do.
    private int listed(TextLanguage language) throws GrammarException {
        if (!language.sizes().isFinite()) {
            return language.rule(builder, true);
        }
        int[] states = new int[language.numStates()];
        for (int i = 0; i < states.length; i++) {
            states[i] = builder.state();
        }
        int end = builder.state();
        for (int i = 0; i < states.length; i++) {
            int from = states[i];
            language.forEachEdge(i, (set, target) -> plain(from, set, states[target]));
            if (language.accepts(i)) {
                builder.epsilon(from, end);
            }
        }
        return builder.rule(states[0], end);
    }

    /// Characters that need no escape are not escaped.
    private void plain(int from, CodePoints set, int to) {
        builder.text(from, set.intersect(CodePoints.PLAIN), to);
        builder.chars(from, set.minus(CodePoints.PLAIN), true, to);
    }

    /// A key, in quotes.
    ///
    /// @return the state behind it
    int key(int from, String name) throws GrammarException {
        int at = builder.literal(from, "\"");
        for (int i = 0; i < name.length(); ) {
            int c = name.codePointAt(i);
            int next = builder.state();
            builder.chars(at, CodePoints.of(c), !CodePoints.PLAIN.contains(c), next);
            at = next;
            i += Character.charCount(c);
        }
        return builder.literal(at, "\"");
    }
}
