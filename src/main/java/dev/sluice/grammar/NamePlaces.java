package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;

/// How many characters complete a host name ([NameText]) at each place of an automaton.
///
/// Behind a beginning of a label in another alphabet ([ALabels]) any number of characters from
/// [LabelSearch#MANY] on can make it a valid one, and any number at all one that is not. Where the
/// automaton tells such labels apart by nothing but their length ([#isPlain]), it depends only on
/// how many characters there may be whether a name can be completed, but for the last few of them.
///
/// Immutable, apart from what it remembers of needs: those may not be asked for by several threads
/// at once.
final class NamePlaces {
    /// More than any name has.
    static final int NEVER = Integer.MAX_VALUE / 4;

    private static final int LONGEST_LABEL = 63;

    private static final CodePoints X = CodePoints.ofCharacters("xX");
    private static final CodePoints N = CodePoints.ofCharacters("nN");
    private static final CodePoints HYPHEN = CodePoints.of('-');
    private static final CodePoints DOT = CodePoints.of('.');
    private static final CodePoints ALPHANUMERIC =
            CodePoints.ofRanges('0', '9', 'A', 'Z', 'a', 'z');
    private static final CodePoints OTHERS = ALPHANUMERIC.minus(X).minus(N);
    private static final List<CodePoints> CLASSES = List.of(X, N, HYPHEN, OTHERS);

    /// What is known of a label: how much of `xn--` it is, that it is another one, or how many
    /// characters stand behind `xn--`, up to the last of these.
    private static final int BEGUN = 0;

    private static final int ORDINARY = 4;
    private static final int ENCODED = 5;

    /// The least number of characters behind `xn--` of a valid label.
    private static final int SHORTEST = 3;

    private static final int LABELS = ENCODED + SHORTEST + 1;

    private final NameAutomaton automaton;

    /// The places, each a state and what is known of a label, in the order of what is known of
    /// them.
    private final Map<Integer, Integer> numbers = new HashMap<>();

    private final List<Integer> places = new ArrayList<>();
    private final int[] any;
    private final int[] valid;
    private final int[] invalid;
    private final Map<Integer, int[]> validNeeds = new HashMap<>();
    private final Map<Integer, InvalidNeeds> invalidNeeds = new HashMap<>();
    private final int most;

    /// How many characters a name needs that must have an invalid label, in the middle of a label
    /// that begins with `xn--`.
    ///
    /// @param ifInvalid if the label ends and is invalid
    /// @param ifValid if the label ends and is valid
    /// @param longer if the label goes on
    record InvalidNeeds(int ifInvalid, int ifValid, int longer) {}

    NamePlaces(NameAutomaton automaton) {
        this.automaton = automaton;
        List<List<Integer>> sources = sources();
        any = spread(sources, this::needsNothing, (_, _) -> true);
        valid =
                spread(
                        sources,
                        place -> isTooShort(place) ? NEVER : needsNothing(place),
                        (from, to) -> !endsEncoded(from, to) || !isTooShort(from));
        invalid =
                spread(
                        sources,
                        place ->
                                label(place) > ENCODED
                                        ? behindLabel(state(place), this::any)
                                        : NEVER,
                        (from, to) -> !endsEncoded(from, to));
        int farthest = 0;
        for (int[] lengths : List.of(any, valid, invalid)) {
            for (int length : lengths) {
                farthest = Math.max(farthest, length < NEVER ? length : 0);
            }
        }
        most = farthest + LONGEST_LABEL + 1;
    }

    private static int state(int place) {
        return place / LABELS;
    }

    private static int label(int place) {
        return place % LABELS;
    }

    private static boolean isTooShort(int place) {
        return label(place) >= ENCODED && label(place) < ENCODED + SHORTEST;
    }

    private static boolean endsEncoded(int from, int to) {
        return label(from) >= ENCODED && label(to) == BEGUN;
    }

    private int needsNothing(int place) {
        return automaton.accepts(state(place)) ? 0 : NEVER;
    }

    /// Finds all places.
    ///
    /// @return the numbers of those that lead to each
    private List<List<Integer>> sources() {
        List<List<Integer>> sources = new ArrayList<>();
        for (int start : automaton.starts()) {
            number(start * LABELS + BEGUN, sources);
        }
        for (int i = 0; i < places.size(); i++) {
            int number = i;
            int state = state(places.get(i));
            int label = label(places.get(i));
            automaton.forEachEdge(
                    state,
                    (set, target) -> {
                        for (CodePoints some : CLASSES) {
                            if (set.overlaps(some)) {
                                int next = target * LABELS + behind(label, some);
                                sources.get(number(next, sources)).add(number);
                            }
                        }
                        if (set.overlaps(DOT)) {
                            sources.get(number(target * LABELS + BEGUN, sources)).add(number);
                        }
                    });
        }
        return sources;
    }

    private int number(int place, List<List<Integer>> sources) {
        Integer known = numbers.putIfAbsent(place, places.size());
        if (known != null) {
            return known;
        }
        places.add(place);
        sources.add(new ArrayList<>());
        return places.size() - 1;
    }

    private static int behind(int label, CodePoints some) {
        if (label >= ENCODED) {
            return Math.min(label + 1, LABELS - 1);
        }
        List<CodePoints> prefix = List.of(X, N, HYPHEN, HYPHEN);
        if (label < ORDINARY && prefix.get(label).equals(some)) {
            return label + 1 == ORDINARY ? ENCODED : label + 1;
        }
        return ORDINARY;
    }

    private static int labelOf(String label) {
        return label.equals(NameText.ORDINARY) ? ORDINARY : label.length();
    }

    /// Goes back from places, the nearest first.
    ///
    /// @param needs how many characters a place needs by itself, or [#NEVER]
    /// @param leads whether one place may lead to another
    /// @return how many characters each needs at least, or [#NEVER]
    private int[] spread(List<List<Integer>> sources, IntUnaryOperator needs, Leads leads) {
        int[] lengths = new int[places.size()];
        Arrays.fill(lengths, NEVER);
        NavigableMap<Integer, List<Integer>> work = new TreeMap<>();
        for (int i = 0; i < lengths.length; i++) {
            int length = needs.applyAsInt(places.get(i));
            if (length < NEVER) {
                work.computeIfAbsent(length, _ -> new ArrayList<>()).add(i);
            }
        }
        while (!work.isEmpty()) {
            Map.Entry<Integer, List<Integer>> nearest = work.pollFirstEntry();
            for (int at : nearest.getValue()) {
                if (lengths[at] == NEVER) {
                    lengths[at] = nearest.getKey();
                    for (int source : sources.get(at)) {
                        if (lengths[source] == NEVER
                                && leads.may(places.get(source), places.get(at))) {
                            work.computeIfAbsent(nearest.getKey() + 1, _ -> new ArrayList<>())
                                    .add(source);
                        }
                    }
                }
            }
        }
        return lengths;
    }

    private interface Leads {
        boolean may(int from, int to);
    }

    /// How many characters a name needs whose label ends in a state.
    ///
    /// @param next how many it needs in a state at the beginning of a label
    private int behindLabel(int state, IntUnaryOperator next) {
        return automaton.accepts(state) ? 0 : behindDot(state, next);
    }

    private int behindDot(int state, IntUnaryOperator next) {
        int behind = automaton.next(state, '.');
        return behind == TextLanguage.DEAD ? NEVER : Math.min(NEVER, 1 + next.applyAsInt(behind));
    }

    /// How many characters a name needs at least of which nothing is asked any more, or [#NEVER].
    int any(int state) {
        for (int label = 0; label < LABELS; label++) {
            Integer number = numbers.get(state * LABELS + label);
            if (number != null) {
                return any[number];
            }
        }
        return NEVER;
    }

    /// How many characters a name needs at least whose labels must be valid, or [#NEVER].
    ///
    /// @param label as in [NameText], not one that begins with `xn--`
    int valid(int state, String label) {
        return of(valid, state, label);
    }

    /// How many characters a name needs at least of which one label must be invalid, or [#NEVER].
    ///
    /// @param label as in [NameText], not one that begins with `xn--`
    int invalid(int state, String label) {
        return of(invalid, state, label);
    }

    private int of(int[] lengths, int state, String label) {
        Integer number = numbers.get(state * LABELS + labelOf(label));
        return number == null ? NEVER : lengths[number];
    }

    /// Whether a name can be completed by what it needs.
    ///
    /// @param most how many characters it may have, or [Repeat#UNBOUNDED]
    static boolean fits(int need, int most) {
        return need < NEVER && need <= most;
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

    /// The state behind any letter or digit of a label that begins with `xn--`, in one case at
    /// least; behind some of them, if there is no such state.
    private int further(int state) {
        int[] found = {TextLanguage.DEAD};
        automaton.forEachEdge(
                state,
                (set, target) -> {
                    if (set.overlaps(ALPHANUMERIC)
                            && (found[0] == TextLanguage.DEAD || holdsAll(set))) {
                        found[0] = target;
                    }
                });
        return found[0];
    }

    /// Whether a name may have a label that begins with `xn--`.
    boolean hasEncoded() {
        return places.stream().anyMatch(place -> label(place) >= ENCODED);
    }

    /// Whether the automaton tells labels that begin with `xn--` apart by nothing but how long they
    /// are: any letter or digit leads to one state, in one case at least and in the other to none
    /// that is better, and hyphens lead on like these. The automaton must be the least.
    boolean isPlain() {
        return places.stream().allMatch(place -> label(place) < ENCODED || isPlain(state(place)));
    }

    private boolean isPlain(int state) {
        int next = further(state);
        CodePoints[] all = {CodePoints.NONE};
        boolean[] isOne = {true};
        automaton.forEachEdge(
                state,
                (set, target) -> {
                    if (target == next) {
                        all[0] = all[0].union(set);
                    } else if (set.overlaps(ALPHANUMERIC)) {
                        isOne[0] &= isNoBetter(target, next);
                    }
                });
        return isOne[0]
                && (next == TextLanguage.DEAD || holdsAll(all[0]))
                && isPlain(next, automaton.next(state, Punycode.DELIMITER));
    }

    /// Whether a label goes on in one state as in another, and ends where it does there at most.
    private boolean isNoBetter(int state, int other) {
        int dot = automaton.next(state, '.');
        return further(state) == further(other)
                && automaton.next(state, Punycode.DELIMITER)
                        == automaton.next(other, Punycode.DELIMITER)
                && (!automaton.accepts(state) || automaton.accepts(other))
                && (dot == TextLanguage.DEAD || dot == automaton.next(other, '.'));
    }

    private static boolean holdsAll(CodePoints some) {
        for (char c = '0'; c <= 'z'; c++) {
            boolean isAsked = Character.isDigit(c) || Character.isLowerCase(c);
            if (isAsked && !some.contains(c) && !some.contains(Character.toUpperCase(c))) {
                return false;
            }
        }
        return true;
    }

    private boolean isPlain(int next, int hyphen) {
        if (hyphen == TextLanguage.DEAD) {
            return next == TextLanguage.DEAD || further(next) == TextLanguage.DEAD;
        }
        return next != TextLanguage.DEAD
                && further(hyphen) == further(next)
                && automaton.next(hyphen, Punycode.DELIMITER)
                        == automaton.next(next, Punycode.DELIMITER);
    }
}
