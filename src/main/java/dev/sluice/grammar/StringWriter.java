package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes the strings of JSON texts as rules.
final class StringWriter {
    private static final int MAX_STATES = 100_000;

    /// Characters of which each has one spelling in what is listed.
    private static final CodePoints PLAIN =
            CodePoints.range(0x20, 0x7E).minus(CodePoints.ofCharacters("\"\\/"));

    private static final CodePoints QUOTE = CodePoints.of('"');

    private final GrammarBuilder builder;
    private final boolean bounded;
    private final Map<StringSet, Integer> rules = new HashMap<>();

    /// @param bounded whether strings are left out that have more digits than anyone needs
    StringWriter(GrammarBuilder builder, boolean bounded) {
        this.builder = builder;
        this.bounded = bounded;
    }

    int rule(StringSet set) throws GrammarException {
        Integer known = rules.get(set);
        if (known == null) {
            known = builder.rule();
            for (StringSet.Piece piece : set.pieces()) {
                int inside = builder.literal(builder.start(known), "\"");
                builder.text(body(piece, inside), QUOTE, builder.end(known));
            }
            rules.put(set, known);
        }
        return known;
    }

    /// @return the state behind the characters of the string
    private int body(StringSet.Piece piece, int from) throws GrammarException {
        StringPattern pattern = piece.pattern();
        if (pattern.isAny()) {
            return counted(CodePoints.ANY, piece, from);
        }
        if (piece.isAnyLength() && pattern.isExpression()) {
            return builder.call(from, pattern.rule(builder));
        }
        TextLanguage language = bounded ? shortened(piece) : pattern.language();
        if (piece.isAnyLength()) {
            return builder.call(from, listed(language));
        }
        if (language.numStates() == 1) {
            List<CodePoints> sets = new ArrayList<>();
            language.forEachEdge(0, (set, _) -> sets.add(set));
            return counted(sets.isEmpty() ? CodePoints.NONE : sets.getFirst(), piece, from);
        }
        // Bounds that the language keeps anyway need no counting.
        int max = piece.max() >= language.longest() ? Repeat.UNBOUNDED : piece.max();
        if (max == Repeat.UNBOUNDED && piece.min() == 0) {
            return builder.call(from, listed(language));
        }
        int[] rest = rest(language);
        int min = piece.min() <= rest[0] ? 0 : piece.min();
        return builder.call(
                from,
                min == 0 && max == Repeat.UNBOUNDED
                        ? listed(language)
                        : new Bounded(language, rest, min, max).write());
    }

    /// The strings of a pattern without long fractions of seconds, unless lengths ask for them.
    private static TextLanguage shortened(StringSet.Piece piece) throws GrammarException {
        TextLanguage all = piece.pattern().language();
        TextLanguage some = StringFormats.withoutLongFractions(all);
        if (piece.isAnyLength() || !some.isFinite()) {
            return some;
        }
        int longest = Math.min(piece.max(), some.longest());
        boolean fits =
                piece.min() <= longest
                        && some.intersects(TextLanguage.ofLength(piece.min(), longest));
        return fits ? some : all;
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
        if (!language.isFinite()) {
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
        builder.text(from, set.intersect(PLAIN), to);
        builder.chars(from, set.minus(PLAIN), true, to);
    }

    /// A key, in quotes.
    ///
    /// @return the state behind it
    int key(int from, String name) throws GrammarException {
        int at = builder.literal(from, "\"");
        for (int i = 0; i < name.length(); ) {
            int c = name.codePointAt(i);
            int next = builder.state();
            builder.chars(at, CodePoints.of(c), !PLAIN.contains(c), next);
            at = next;
            i += Character.charCount(c);
        }
        return builder.literal(at, "\"");
    }

    /// How many characters each state is away from the nearest end.
    private static int[] rest(TextLanguage language) {
        int count = language.numStates();
        List<List<Integer>> into = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            into.add(new ArrayList<>());
        }
        int[] rest = new int[count];
        Deque<Integer> work = new ArrayDeque<>();
        for (int i = 0; i < count; i++) {
            int from = i;
            language.forEachEdge(i, (_, target) -> into.get(target).add(from));
            rest[i] = language.accepts(i) ? 0 : Repeat.UNBOUNDED;
            if (language.accepts(i)) {
                work.add(i);
            }
        }
        while (!work.isEmpty()) {
            int at = work.remove();
            for (int from : into.get(at)) {
                if (rest[from] == Repeat.UNBOUNDED) {
                    rest[from] = rest[at] + 1;
                    work.add(from);
                }
            }
        }
        return rest;
    }

    /// A language with a number of characters: its states side by side with the number so far.
    private final class Bounded {
        private final TextLanguage language;
        private final int[] rest;
        private final int min;
        private final int max;
        private final Map<Integer, Integer> states = new HashMap<>();
        private final Deque<Integer> work = new ArrayDeque<>();

        Bounded(TextLanguage language, int[] rest, int min, int max) {
            this.language = language;
            this.rest = rest;
            this.min = min;
            this.max = max;
        }

        int write() throws GrammarException {
            int limit = max == Repeat.UNBOUNDED ? min : max;
            if ((long) limit * language.numStates() > Integer.MAX_VALUE / 2) {
                throw tooLarge();
            }
            int end = builder.state();
            int start = state(0, 0);
            while (!work.isEmpty()) {
                int place = work.remove();
                int from = java.util.Objects.requireNonNull(states.get(place));
                int state = place % language.numStates();
                int count = place / language.numStates();
                if (language.accepts(state) && count >= min) {
                    builder.epsilon(from, end);
                }
                int next = max == Repeat.UNBOUNDED ? Math.min(count + 1, min) : count + 1;
                List<CodePoints> sets = new ArrayList<>();
                List<Integer> targets = new ArrayList<>();
                language.forEachEdge(
                        state,
                        (set, target) -> {
                            sets.add(set);
                            targets.add(target);
                        });
                for (int i = 0; i < sets.size(); i++) {
                    if (max == Repeat.UNBOUNDED || rest[targets.get(i)] <= max - next) {
                        builder.chars(from, sets.get(i), true, state(targets.get(i), next));
                    }
                }
            }
            return builder.rule(start, end);
        }

        private static GrammarException tooLarge() {
            return GrammarException.unsupported(
                    "a pattern or format together with a length needs more than %,d states"
                            .formatted(MAX_STATES));
        }

        private int state(int state, int count) throws GrammarException {
            int place = count * language.numStates() + state;
            Integer known = states.get(place);
            if (known == null) {
                if (states.size() >= MAX_STATES) {
                    throw tooLarge();
                }
                known = builder.state();
                states.put(place, known);
                work.add(place);
            }
            return known;
        }
    }
}
