package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// Writes strings as they stand in an XML element: raw, up to the first end of the element.
///
/// One line end behind the opening of the element and one before its end do not belong to the
/// string: a string that begins or ends with one is written with one more.
final class XmlText {
    private static final int MAX_STATES = 100_000;
    private static final CodePoints LINE_END = CodePoints.of('\n');

    private final GrammarBuilder builder;
    private final String end;
    private final boolean bounded;
    private final TextLanguage inside;

    /// @param end what ends the element, and is no part of any string
    /// @param inside all texts without it
    /// @param bounded whether strings are left out that have more digits than anyone needs
    XmlText(GrammarBuilder builder, String end, TextLanguage inside, boolean bounded) {
        this.builder = builder;
        this.bounded = bounded;
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
            Optional<Integer> times = Times.rule(builder, piece, false, bounded);
            if (times.isPresent()) {
                line(from, times.get(), behind);
                continue;
            }
            TextLanguage language =
                    piece.pattern().isAny() ? inside : piece.pattern().language().and(inside);
            if (bounded) {
                language = Times.shortened(language, piece.min(), piece.max());
            }
            if (language.mayHold(LINE_END)) {
                new Counted(piece, language, behind).write(from);
            } else {
                int rule = CountedText.rule(builder, language, false, piece.min(), piece.max());
                line(from, rule, behind);
            }
        }
        builder.epsilon(builder.literal(behind, end), to);
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

    /// A place of a string.
    ///
    /// @param state of the language
    /// @param count of the characters so far, as far as it matters
    /// @param isBehindLine whether the last one ended a line
    private record Place(int state, int count, boolean isBehindLine) {}

    /// The strings of a piece: the states of their language side by side with the number of
    /// characters so far.
    private final class Counted {
        private final TextLanguage language;
        private final int min;
        private final int max;
        private final int to;
        private final Map<Place, Integer> states = new HashMap<>();
        private final Deque<Place> work = new ArrayDeque<>();

        Counted(StringSet.Piece piece, TextLanguage language, int to) {
            this.language = language;
            this.min = piece.min();
            this.max = piece.max() >= language.longest() ? Repeat.UNBOUNDED : piece.max();
            this.to = to;
        }

        void write(int from) throws GrammarException {
            Place start = new Place(0, 0, false);
            builder.text(from, LINE_END, state(start));
            addEdges(from, start, CodePoints.NONE);
            if (mayEnd(start)) {
                builder.epsilon(from, to);
            }
            while (!work.isEmpty()) {
                Place place = work.remove();
                int at = Objects.requireNonNull(states.get(place));
                addEdges(at, place, LINE_END);
                if (mayEnd(place)) {
                    builder.text(at, LINE_END, to);
                    if (!place.isBehindLine()) {
                        builder.epsilon(at, to);
                    }
                }
            }
        }

        private boolean mayEnd(Place place) {
            return language.accepts(place.state()) && place.count() >= min;
        }

        /// @param lineEnds the line ends that may come
        private void addEdges(int from, Place place, CodePoints lineEnds) throws GrammarException {
            if (place.count() == max) {
                return;
            }
            int count =
                    max == Repeat.UNBOUNDED ? Math.min(place.count() + 1, min) : place.count() + 1;
            List<CodePoints> sets = new ArrayList<>();
            List<Integer> targets = new ArrayList<>();
            language.forEachEdge(
                    place.state(),
                    (set, target) -> {
                        sets.add(set);
                        targets.add(target);
                    });
            for (int i = 0; i < sets.size(); i++) {
                CodePoints others = sets.get(i).minus(LINE_END);
                if (!others.isEmpty()) {
                    builder.text(from, others, state(new Place(targets.get(i), count, false)));
                }
                CodePoints lines = sets.get(i).intersect(lineEnds);
                if (!lines.isEmpty()) {
                    builder.text(from, lines, state(new Place(targets.get(i), count, true)));
                }
            }
        }

        private int state(Place place) throws GrammarException {
            Integer known = states.get(place);
            if (known == null) {
                if (states.size() >= MAX_STATES) {
                    throw GrammarException.unsupported(
                            "minLength and maxLength of text in XML need more than %,d states"
                                    .formatted(MAX_STATES));
                }
                known = builder.state();
                states.put(place, known);
                work.add(place);
            }
            return known;
        }
    }
}
