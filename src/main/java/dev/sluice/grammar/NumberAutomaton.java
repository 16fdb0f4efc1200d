package dev.sluice.grammar;

import dev.sluice.grammar.NumberTracker.Comparison;
import dev.sluice.grammar.NumberTracker.Fraction;
import dev.sluice.grammar.NumberTracker.Members;
import dev.sluice.grammar.NumberTracker.Remainder;
import dev.sluice.grammar.NumberTracker.Superfluous;
import dev.sluice.grammar.NumberTracker.Verdict;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/// The spellings of the numbers of a [NumberSet] as an automaton.
///
/// Every plain decimal spelling is decided exactly. A spelling with an exponent belongs if that
/// follows from what comes before it and the sign of the exponent alone, so that each number has a
/// spelling and no wrong one has.
///
/// @see "RFC 8259, section 6"
final class NumberAutomaton {
    private static final int MAX_STATES = 50_000;

    /// Where numbers are short: how many digits more than matter.
    private static final int FURTHER_DIGITS = 18;

    private static final int FURTHER_EXPONENT_DIGITS = 1;

    /// Which spellings there are.
    enum Spelling {
        /// All.
        ANY,
        /// Those with an exponent below 100, which all readers of JSON can read: any number has
        /// one.
        SMALL_EXPONENT,
        /// Those that moreover have no more digits than anyone needs: at most 18 behind those that
        /// decide whether a number belongs. Some numbers have none, but whatever numbers there are,
        /// some stay.
        SHORT
    }

    private final NumberSet set;
    private final Map<Object, Integer> index = new HashMap<>();
    private final Map<Integer, NumberTracker> trackers = new LinkedHashMap<>();

    /// Where the reading of a number is.
    private enum Phase {
        START,
        MINUS,
        ZERO,
        WHOLE,
        POINT,
        FRACTION,
        EXPONENT,
        UP_SIGN,
        DOWN_SIGN,
        UP,
        DOWN
    }

    /// @param up whether a number with this mantissa and an exponent from 0 on belongs
    /// @param down whether one with an exponent below 0 does
    private record Place(Phase phase, boolean zero, boolean up, boolean down, Tracks tracks) {}

    /// The states of the trackers.
    private static final class Tracks {
        private final int[] states;

        Tracks(int[] states) {
            this.states = states;
        }

        int[] states() {
            return states;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Tracks tracks && Arrays.equals(states, tracks.states);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(states);
        }
    }

    private static final Tracks NO_TRACKS = new Tracks(new int[0]);

    /// What is told about the places of the automaton.
    private interface Visitor {
        /// The place is not left. Comes before what else is told about it.
        void loop(Place place, CodePoints set) throws GrammarException;

        void edge(Place from, CodePoints set, Place to) throws GrammarException;

        /// @return whether to go on
        boolean accepting(Place place) throws GrammarException;
    }

    NumberAutomaton(NumberSet set) {
        this.set = set;
        collect(set);
    }

    private void collect(NumberSet part) {
        switch (part) {
            case NumberSet.Constant _, NumberSet.Plain _ -> {}
            case NumberSet.Integral integral -> track(integral, new Fraction());
            case NumberSet.Shortest shortest -> track(shortest, new Superfluous());
            case NumberSet.From(BigDecimal bound, boolean _) ->
                    track(bound, Comparison.with(bound));
            case NumberSet.Multiples(int numerator, int digits) ->
                    track(part, new Remainder(numerator, digits));
            case NumberSet.OneOf(var values) -> track(part, new Members(values));
            case NumberSet.Both(NumberSet a, NumberSet b) -> {
                collect(a);
                collect(b);
            }
            case NumberSet.Either(NumberSet a, NumberSet b) -> {
                collect(a);
                collect(b);
            }
            case NumberSet.Not(NumberSet a) -> collect(a);
        }
    }

    private void track(Object key, NumberTracker tracker) {
        if (!index.containsKey(key)) {
            trackers.put(index.size(), tracker);
            index.put(key, index.size());
        }
    }

    /// Whether no number belongs to the set.
    boolean isEmpty(GrammarBuilder builder) throws GrammarException {
        boolean[] found = {false};
        explore(
                builder,
                new Visitor() {
                    @Override
                    public void loop(Place place, CodePoints digits) {}

                    @Override
                    public void edge(Place from, CodePoints digits, Place to) {}

                    @Override
                    public boolean accepting(Place place) {
                        found[0] = true;
                        return false;
                    }
                });
        return !found[0];
    }

    /// Adds the automaton.
    ///
    /// @return its rule
    int rule(GrammarBuilder builder, Spelling spelling) throws GrammarException {
        RuleVisitor visitor = new RuleVisitor(builder, spelling);
        explore(builder, visitor);
        return visitor.rule;
    }

    private static final class RuleVisitor implements Visitor {
        private final GrammarBuilder builder;
        private final Spelling spelling;
        private final int rule;
        private final Map<Place, Integer> states = new HashMap<>();
        private final Map<Place, Integer> exits = new HashMap<>();

        RuleVisitor(GrammarBuilder builder, Spelling spelling) throws GrammarException {
            this.builder = builder;
            this.spelling = spelling;
            this.rule = builder.rule();
            states.put(start(), builder.start(rule));
        }

        @Override
        public void loop(Place place, CodePoints digits) throws GrammarException {
            int state = known(states, place);
            boolean exponent = place.phase() == Phase.UP || place.phase() == Phase.DOWN;
            if (exponent ? spelling == Spelling.ANY : spelling != Spelling.SHORT) {
                builder.text(state, digits, state);
            } else {
                int most = exponent ? FURTHER_EXPONENT_DIGITS : FURTHER_DIGITS;
                exits.put(place, builder.call(state, builder.repeat(digits, false, 0, most)));
            }
        }

        private int exit(Place place) {
            Integer exit = exits.get(place);
            return exit == null ? known(states, place) : exit;
        }

        @Override
        public void edge(Place from, CodePoints digits, Place to) throws GrammarException {
            Integer target = states.get(to);
            if (target == null) {
                target = builder.state();
                states.put(to, target);
            }
            builder.text(exit(from), digits, target);
        }

        @Override
        public boolean accepting(Place place) {
            builder.epsilon(exit(place), builder.end(rule));
            return true;
        }
    }

    private static Place start() {
        return new Place(Phase.START, true, false, false, NO_TRACKS);
    }

    private void explore(GrammarBuilder builder, Visitor visitor) throws GrammarException {
        Map<Place, Boolean> seen = new HashMap<>();
        Deque<Place> work = new ArrayDeque<>();
        Place start = start();
        seen.put(start, true);
        work.add(start);
        while (!work.isEmpty()) {
            Place place = work.remove();
            Map<Place, int[]> edges = edges(place);
            int[] loop = edges.remove(place);
            if (loop != null) {
                visitor.loop(place, CodePoints.ofRanges(loop));
            }
            if (accepts(place) && !visitor.accepting(place)) {
                return;
            }
            for (Map.Entry<Place, int[]> edge : edges.entrySet()) {
                visitor.edge(place, CodePoints.ofRanges(edge.getValue()), edge.getKey());
                if (seen.put(edge.getKey(), true) == null) {
                    work.add(edge.getKey());
                }
            }
            if (seen.size() > MAX_STATES) {
                throw GrammarException.unsupported(
                        "the range and multipleOf of a number need more than %,d states"
                                .formatted(MAX_STATES));
            }
            if ((seen.size() & 0xFF) == 0) {
                builder.checkTime();
            }
        }
    }

    /// What leaves a place: ranges of characters by where they lead.
    private Map<Place, int[]> edges(Place at) {
        Map<Place, int[]> edges = new LinkedHashMap<>();
        switch (at.phase()) {
            case START -> {
                add(edges, '-', new Place(Phase.MINUS, true, false, false, begun(true)));
                digits(edges, at, begun(false), true);
            }
            case MINUS -> digits(edges, at, at.tracks(), true);
            case ZERO -> behindWhole(edges, at);
            case WHOLE -> {
                digits(edges, at, at.tracks(), false);
                behindWhole(edges, at);
            }
            case POINT -> fraction(edges, at);
            case FRACTION -> {
                fraction(edges, at);
                exponent(edges, at);
            }
            case EXPONENT -> {
                add(edges, '-', scaled(at, Phase.DOWN_SIGN));
                add(edges, '+', scaled(at, Phase.UP_SIGN));
                exponentDigits(edges, at, Phase.UP);
            }
            case UP_SIGN, UP -> exponentDigits(edges, at, Phase.UP);
            case DOWN_SIGN, DOWN -> exponentDigits(edges, at, Phase.DOWN);
        }
        return edges;
    }

    private static Place scaled(Place at, Phase phase) {
        return new Place(phase, false, at.up(), at.down(), NO_TRACKS);
    }

    private static void exponentDigits(Map<Place, int[]> edges, Place at, Phase phase) {
        for (int digit = '0'; digit <= '9'; digit++) {
            add(edges, digit, scaled(at, phase));
        }
    }

    private Tracks begun(boolean negative) {
        int[] states = new int[trackers.size()];
        trackers.forEach((i, tracker) -> states[i] = tracker.start(negative));
        return new Tracks(states);
    }

    private void digits(Map<Place, int[]> edges, Place at, Tracks tracks, boolean first) {
        for (int digit = 0; digit <= 9; digit++) {
            Phase phase = first && digit == 0 ? Phase.ZERO : Phase.WHOLE;
            Tracks next = read(tracks, digit, false);
            boolean zero = at.zero() && digit == 0;
            add(edges, '0' + digit, new Place(phase, zero, false, false, next));
        }
    }

    private void fraction(Map<Place, int[]> edges, Place at) {
        for (int digit = 0; digit <= 9; digit++) {
            Tracks next = read(at.tracks(), digit, true);
            boolean zero = at.zero() && digit == 0;
            add(edges, '0' + digit, new Place(Phase.FRACTION, zero, false, false, next));
        }
    }

    private Tracks read(Tracks tracks, int digit, boolean fraction) {
        int[] next = new int[trackers.size()];
        trackers.forEach(
                (i, tracker) -> next[i] = tracker.digit(tracks.states()[i], digit, fraction));
        return new Tracks(next);
    }

    private void behindWhole(Map<Place, int[]> edges, Place at) {
        int[] next = new int[trackers.size()];
        trackers.forEach((i, tracker) -> next[i] = tracker.point(at.tracks().states()[i]));
        add(edges, '.', new Place(Phase.POINT, at.zero(), false, false, new Tracks(next)));
        exponent(edges, at);
    }

    private void exponent(Map<Place, int[]> edges, Place at) {
        boolean up = verdict(set, at, Phase.UP) == Verdict.YES;
        boolean down = verdict(set, at, Phase.DOWN) == Verdict.YES;
        if (up || down) {
            Place next = new Place(Phase.EXPONENT, false, up, down, NO_TRACKS);
            add(edges, 'e', next);
            add(edges, 'E', next);
        }
    }

    private static void add(Map<Place, int[]> edges, int c, Place to) {
        int[] old = edges.getOrDefault(to, new int[0]);
        int[] ranges = Arrays.copyOf(old, old.length + 2);
        ranges[old.length] = c;
        ranges[old.length + 1] = c;
        edges.put(to, ranges);
    }

    private boolean accepts(Place place) {
        return switch (place.phase()) {
            case ZERO, WHOLE, FRACTION -> verdict(set, place, place.phase()) == Verdict.YES;
            case UP -> place.up();
            case DOWN -> place.down();
            default -> false;
        };
    }

    /// Whether a number belongs.
    ///
    /// @param end where it ends: at the place, or with an exponent behind it
    private Verdict verdict(NumberSet part, Place at, Phase end) {
        boolean inFraction = at.phase() == Phase.FRACTION;
        boolean scaled = end == Phase.UP || end == Phase.DOWN;
        boolean open = scaled && !at.zero();
        return switch (part) {
            case NumberSet.Constant(boolean all) -> Verdict.of(all);
            case NumberSet.Plain _ -> Verdict.of(!inFraction && !scaled);
            case NumberSet.Shortest _ -> {
                int state = at.tracks().states()[trackOf(part)];
                yield Verdict.of(!scaled && !Superfluous.has(state, at.zero()));
            }
            case NumberSet.Integral _ -> {
                boolean whole = at.tracks().states()[trackOf(part)] == 0;
                yield open && !(whole && end == Phase.UP) ? Verdict.UNKNOWN : Verdict.of(whole);
            }
            case NumberSet.From(BigDecimal bound, boolean inclusive) -> {
                int track = trackOf(bound);
                Comparison comparison = (Comparison) tracker(track);
                int state = at.tracks().states()[track];
                yield open
                        ? comparison.isFromScaled(state, inFraction, end == Phase.UP)
                        : comparison.isFrom(state, inFraction, inclusive);
            }
            case NumberSet.Multiples _ -> {
                int track = trackOf(part);
                Verdict known =
                        ((Remainder) tracker(track)).isMultiple(at.tracks().states()[track]);
                yield open && !(known == Verdict.YES && end == Phase.UP) ? Verdict.UNKNOWN : known;
            }
            case NumberSet.OneOf _ -> {
                int track = trackOf(part);
                yield open
                        ? Verdict.UNKNOWN
                        : ((Members) tracker(track)).contains(at.tracks().states()[track]);
            }
            case NumberSet.Both(NumberSet a, NumberSet b) ->
                    verdict(a, at, end).and(verdict(b, at, end));
            case NumberSet.Either(NumberSet a, NumberSet b) ->
                    verdict(a, at, end).or(verdict(b, at, end));
            case NumberSet.Not(NumberSet a) -> verdict(a, at, end).not();
        };
    }

    private NumberTracker tracker(int track) {
        return Objects.requireNonNull(trackers.get(track));
    }

    private int trackOf(Object key) {
        return Objects.requireNonNull(index.get(key));
    }

    private static int known(Map<Place, Integer> states, Place place) {
        return Objects.requireNonNull(states.get(place));
    }
}
