package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.ToIntFunction;

/// How many characters complete a host name ([NameText]) at each place of an automaton.
///
/// Behind a beginning of a label in another alphabet ([ALabels]) any number of characters from
/// [LabelSearch#MANY] on can make it a valid one, and any number at all one that is not. Where the
/// automaton tells such labels apart by nothing but their length ([#isPlain]), it depends only on
/// how many characters there may be whether a name can be completed, but for the last few of them.
///
/// Immutable, apart from what it remembers: not for use by several threads at once.
final class NamePlaces {
    /// More than any name has.
    static final int NEVER = Integer.MAX_VALUE / 4;

    private static final String ALPHANUMERIC = "abcdefghijklmnopqrstuvwxyz0123456789";

    /// What names consist of. Never changed.
    private static final char[] CHARACTERS =
            (ALPHANUMERIC + "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.").toCharArray();

    /// The least number of characters behind `xn--` of a valid label.
    private static final int SHORTEST = 3;

    private static final int LONGEST_LABEL = 63;

    private final NameAutomaton automaton;
    private final Map<Integer, Integer> any = new HashMap<>();
    private final Map<Place, Integer> valid;
    private final Map<Place, Integer> invalid;
    private final Map<Integer, int[]> validNeeds = new HashMap<>();
    private final Map<Integer, InvalidNeeds> invalidNeeds = new HashMap<>();
    private final int most;
    private final boolean plain;
    private final boolean encoded;

    /// @param label as in [NameText]; of one that begins with `xn--` no more than how long it is,
    ///   up to [#SHORTEST] characters behind that
    private record Place(int state, String label) {
        boolean isEncoded() {
            return label.startsWith(ALabels.PREFIX);
        }

        /// The number of characters behind `xn--`.
        int length() {
            return label.length() - ALabels.PREFIX.length();
        }

        boolean endsLabelOf(Place before) {
            return before.isEncoded() && label.isEmpty();
        }
    }

    private record At(Place place, int length) {}

    /// How many characters a name needs that must have an invalid label, in the middle of a label
    /// that begins with `xn--`.
    ///
    /// @param ifInvalid if the label ends and is invalid
    /// @param ifValid if the label ends and is valid
    /// @param longer if the label goes on
    record InvalidNeeds(int ifInvalid, int ifValid, int longer) {}

    NamePlaces(NameAutomaton automaton) {
        this.automaton = automaton;
        Map<Place, List<Place>> sources = sources();
        spread(sources, this::needsNothing, (_, _) -> true)
                .forEach((place, length) -> any.put(place.state, length));
        valid =
                spread(
                        sources,
                        place -> isTooShort(place) ? NEVER : needsNothing(place),
                        (from, to) -> !to.endsLabelOf(from) || !isTooShort(from));
        invalid =
                spread(
                        sources,
                        place ->
                                place.isEncoded() && place.length() > 0
                                        ? behindLabel(place.state, this::any)
                                        : NEVER,
                        (from, to) -> !to.endsLabelOf(from));
        int farthest = 0;
        for (Map<?, Integer> lengths : List.of(any, valid, invalid)) {
            for (int length : lengths.values()) {
                farthest = Math.max(farthest, length);
            }
        }
        most = farthest + LONGEST_LABEL + 1;
        encoded = sources.keySet().stream().anyMatch(Place::isEncoded);
        plain = sources.keySet().stream().allMatch(at -> !at.isEncoded() || isPlain(at.state));
    }

    /// All places, and those that lead to each.
    private Map<Place, List<Place>> sources() {
        Map<Place, List<Place>> sources = new HashMap<>();
        Deque<Place> work = new ArrayDeque<>();
        for (int start : automaton.starts()) {
            work.add(new Place(start, ""));
        }
        work.forEach(place -> sources.put(place, new ArrayList<>()));
        while (!work.isEmpty()) {
            Place at = work.remove();
            for (Place place : placesBehind(at)) {
                List<Place> known = sources.get(place);
                if (known == null) {
                    known = new ArrayList<>();
                    sources.put(place, known);
                    work.add(place);
                }
                known.add(at);
            }
        }
        return sources;
    }

    private Set<Place> placesBehind(Place at) {
        Set<Place> places = new HashSet<>();
        for (char c : CHARACTERS) {
            int next = automaton.next(at.state, c);
            if (next != TextLanguage.DEAD) {
                places.add(new Place(next, behind(at.label, c)));
            }
        }
        return places;
    }

    private static String behind(String label, char c) {
        String longer = NameText.behind(label, c);
        if (!longer.startsWith(ALabels.PREFIX)) {
            return longer;
        }
        int length = longer.length() - ALabels.PREFIX.length();
        return ALabels.PREFIX + "a".repeat(Math.min(length, SHORTEST));
    }

    private int needsNothing(Place place) {
        return automaton.accepts(place.state) ? 0 : NEVER;
    }

    private static boolean isTooShort(Place place) {
        return place.isEncoded() && place.length() < SHORTEST;
    }

    /// Goes back from places, the nearest first.
    ///
    /// @param needs how many characters a place needs by itself, or [#NEVER]
    /// @param leads whether one place may lead to another
    private static Map<Place, Integer> spread(
            Map<Place, List<Place>> sources,
            ToIntFunction<Place> needs,
            BiPredicate<Place, Place> leads) {
        Map<Place, Integer> lengths = new HashMap<>();
        PriorityQueue<At> work = new PriorityQueue<>(Comparator.comparingInt(At::length));
        for (Place place : sources.keySet()) {
            int length = needs.applyAsInt(place);
            if (length < NEVER) {
                work.add(new At(place, length));
            }
        }
        while (!work.isEmpty()) {
            At at = work.remove();
            if (lengths.putIfAbsent(at.place, at.length) != null) {
                continue;
            }
            for (Place source : sources.getOrDefault(at.place, List.of())) {
                if (leads.test(source, at.place) && !lengths.containsKey(source)) {
                    work.add(new At(source, at.length + 1));
                }
            }
        }
        return lengths;
    }

    /// How many characters a name needs whose label ends in a state.
    ///
    /// @param next how many it needs in a state at the beginning of a label
    private int behindLabel(int state, ToIntFunction<Integer> next) {
        return automaton.accepts(state) ? 0 : behindDot(state, next);
    }

    private int behindDot(int state, ToIntFunction<Integer> next) {
        int behind = automaton.next(state, '.');
        return behind == TextLanguage.DEAD ? NEVER : Math.min(NEVER, 1 + next.applyAsInt(behind));
    }

    /// How many characters a name needs at least of which nothing is asked any more, or [#NEVER].
    int any(int state) {
        return any.getOrDefault(state, NEVER);
    }

    /// How many characters a name needs at least whose labels must be valid, or [#NEVER].
    ///
    /// @param label as in [NameText], not one that begins with `xn--`
    int valid(int state, String label) {
        return valid.getOrDefault(new Place(state, label), NEVER);
    }

    /// How many characters a name needs at least of which one label must be invalid, or [#NEVER].
    ///
    /// @param label as in [NameText], not one that begins with `xn--`
    int invalid(int state, String label) {
        return invalid.getOrDefault(new Place(state, label), NEVER);
    }

    /// More than any place needs.
    int most() {
        return most;
    }

    /// How many characters a name needs in the middle of a label that begins with `xn--`, for each
    /// number of characters with which the label goes on; the last, behind [LabelSearch#MANY], is
    /// for that many or more.
    int[] validNeeds(int state) {
        return validNeeds.computeIfAbsent(state, this::findValidNeeds);
    }

    private int[] findValidNeeds(int from) {
        int[] needs = new int[LabelSearch.MANY + 2];
        Arrays.fill(needs, NEVER);
        int state = from;
        for (int i = 0; i < LONGEST_LABEL && state != TextLanguage.DEAD; i++) {
            int at = Math.min(i, needs.length - 1);
            int need = i + behindLabel(state, next -> valid(next, ""));
            needs[at] = Math.min(needs[at], need);
            state = further(state);
        }
        return needs;
    }

    /// The same for a name of which one label must be invalid.
    InvalidNeeds invalidNeeds(int state) {
        return invalidNeeds.computeIfAbsent(state, this::findInvalidNeeds);
    }

    private InvalidNeeds findInvalidNeeds(int from) {
        int longer = NEVER;
        int state = further(from);
        for (int i = 1; i < LONGEST_LABEL && state != TextLanguage.DEAD; i++) {
            longer = Math.min(longer, i + behindLabel(state, this::any));
            state = further(state);
        }
        return new InvalidNeeds(
                behindLabel(from, this::any), behindDot(from, next -> invalid(next, "")), longer);
    }

    /// The state behind a letter or digit of a label that begins with `xn--`.
    private int further(int state) {
        for (int i = 0; i < ALPHANUMERIC.length(); i++) {
            int next = behind(state, ALPHANUMERIC.charAt(i));
            if (next != TextLanguage.DEAD) {
                return next;
            }
        }
        return TextLanguage.DEAD;
    }

    /// The state behind a character in either case.
    private int behind(int state, char c) {
        int next = automaton.next(state, c);
        return next == TextLanguage.DEAD ? automaton.next(state, Character.toUpperCase(c)) : next;
    }

    /// Whether the automaton tells labels that begin with `xn--` apart by nothing but how long they
    /// are: any letter or digit leads to one state, in one case at least, and hyphens lead on like
    /// these. The automaton must be the least.
    boolean isPlain() {
        return plain;
    }

    /// Whether a name may have a label that begins with `xn--`.
    boolean hasEncoded() {
        return encoded;
    }

    private boolean isPlain(int state) {
        int next = further(state);
        for (int i = 0; i < ALPHANUMERIC.length(); i++) {
            char c = ALPHANUMERIC.charAt(i);
            int upper = automaton.next(state, Character.toUpperCase(c));
            if (behind(state, c) != next || (upper != TextLanguage.DEAD && upper != next)) {
                return false;
            }
        }
        int hyphen = automaton.next(state, Punycode.DELIMITER);
        if (hyphen == TextLanguage.DEAD) {
            return next == TextLanguage.DEAD || further(next) == TextLanguage.DEAD;
        }
        return next != TextLanguage.DEAD
                && further(hyphen) == further(next)
                && automaton.next(hyphen, Punycode.DELIMITER)
                        == automaton.next(next, Punycode.DELIMITER);
    }
}
