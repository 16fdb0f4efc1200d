package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// How many characters names need at least, at each place outside of labels that begin with `xn--`,
/// and which of those labels may go on with anything.
final class NamePlaces {
    /// So many characters of any kind make a label what it must be, whatever it begins with.
    static final int ROOM = 14;

    /// More than any name has.
    static final int NEVER = Integer.MAX_VALUE / 4;

    /// What labels consist of, in lower case.
    static final String CHARACTERS = "-abcdefghijklmnopqrstuvwxyz0123456789";

    /// The same in both cases, and the dot. Never changed.
    static final int[] ALL = (CHARACTERS + "ABCDEFGHIJKLMNOPQRSTUVWXYZ.").chars().toArray();

    private final NameAutomaton automaton;
    private final Map<Place, List<Place>> sources = new HashMap<>();
    private final Map<Place, Integer> plain = new HashMap<>();
    private final Map<Place, Integer> encoded = new HashMap<>();
    private final Map<Integer, Integer> any = new HashMap<>();
    private final Map<Integer, Integer> rooms = new HashMap<>();
    private final int most;

    /// @param label as in [NameText]; all that begin with `xn--` are [NameText#HIDDEN]
    private record Place(int state, String label) {
        boolean isEncoded() {
            return label.equals(NameText.HIDDEN);
        }
    }

    NamePlaces(NameAutomaton automaton) {
        this.automaton = automaton;
        findAll();
        Map<Integer, List<Place>> ends = new HashMap<>();
        sources.keySet().stream()
                .filter(place -> automaton.accepts(place.state))
                .forEach(place -> ends.computeIfAbsent(0, _ -> new ArrayList<>()).add(place));
        Map<Place, Integer> ofAll = new HashMap<>();
        spread(ends, true, ofAll);
        ofAll.forEach((place, length) -> any.put(place.state, length));
        ends.values().forEach(places -> places.removeIf(Place::isEncoded));
        spread(ends, false, plain);
        while (addEncoded()) {
            rooms.clear();
        }
        int farthest = 0;
        for (Place place : sources.keySet()) {
            farthest = Math.max(farthest, place.isEncoded() ? 0 : least(place));
        }
        most = farthest;
    }

    /// Finds the labels that begin with `xn--` and have room; each time those, too, behind which
    /// another one must come that was found before.
    private boolean addEncoded() {
        Map<Integer, List<Place>> labels = new HashMap<>();
        sources.forEach((place, from) -> {
            boolean begins = place.isEncoded() && !from.stream().allMatch(Place::isEncoded);
            int length = begins ? room(place.state) : NEVER;
            if (length < NEVER) {
                labels.computeIfAbsent(length, _ -> new ArrayList<>()).add(place);
            }
        });
        int before = encoded.size();
        encoded.clear();
        spread(labels, false, encoded);
        return encoded.size() > before;
    }

    private int least(Place place) {
        return Math.min(plain.getOrDefault(place, NEVER), encoded.getOrDefault(place, NEVER));
    }

    private void findAll() {
        Deque<Place> work = new ArrayDeque<>();
        for (int start : automaton.starts()) {
            find(new Place(start, ""), work);
        }
        while (!work.isEmpty()) {
            Place at = work.remove();
            for (int c : ALL) {
                int next = automaton.next(at.state, c);
                if (next != TextLanguage.DEAD) {
                    find(place(next, NameText.behind(at.label, c)), work).add(at);
                }
            }
        }
    }

    private List<Place> find(Place place, Deque<Place> work) {
        return sources.computeIfAbsent(
                place,
                _ -> {
                    work.add(place);
                    return new ArrayList<>();
                });
    }

    private static Place place(int state, String label) {
        return new Place(state, label.startsWith(ALabels.PREFIX) ? NameText.HIDDEN : label);
    }

    /// Goes back from places, the nearest first.
    ///
    /// @param from by how many characters they need themselves
    /// @param throughEncoded whether that may lead through labels that begin with `xn--`
    private void spread(
            Map<Integer, List<Place>> from, boolean throughEncoded, Map<Place, Integer> lengths) {
        int last = from.keySet().stream().max(Integer::compare).orElse(0);
        List<Place> level = List.of();
        for (int length = 0; length <= last || !level.isEmpty(); length++) {
            List<Place> next = new ArrayList<>();
            for (List<Place> places : List.of(level, from.getOrDefault(length, List.of()))) {
                for (Place at : places) {
                    if (lengths.putIfAbsent(at, length) == null) {
                        sources.getOrDefault(at, List.of()).stream()
                                .filter(source -> throughEncoded || !source.isEncoded())
                                .forEach(next::add);
                    }
                }
            }
            level = next;
        }
    }

    /// The least number of characters that complete a name without another label that begins with
    /// `xn--`, or [#NEVER].
    int plain(int state, String label) {
        return plain.getOrDefault(new Place(state, label), NEVER);
    }

    /// The least number of characters that complete a name with such a label that has room, or
    /// [#NEVER].
    int encoded(int state, String label) {
        return encoded.getOrDefault(new Place(state, label), NEVER);
    }

    /// The least number of characters that complete a name, whatever its labels.
    int any(int state) {
        return any.getOrDefault(state, NEVER);
    }

    /// The most characters that a name needs anywhere outside of such labels, or [#NEVER].
    int most() {
        return most;
    }

    /// How many characters a label that begins with `xn--` needs, and the name behind it, if
    /// anything may follow; else [#NEVER].
    int room(int state) {
        Integer known = rooms.get(state);
        if (known == null) {
            known = findRoom(state);
            rooms.put(state, known);
        }
        return known;
    }

    private int findRoom(int from) {
        BitSet level = new BitSet();
        level.set(from);
        int rest = 0;
        for (int length = 0; length < ROOM; length++) {
            BitSet behind = new BitSet();
            for (int state = level.nextSetBit(0); state >= 0; state = level.nextSetBit(state + 1)) {
                for (int i = 0; i < CHARACTERS.length(); i++) {
                    int next = automaton.next(state, CHARACTERS.charAt(i));
                    if (next == TextLanguage.DEAD) {
                        return NEVER;
                    }
                    behind.set(next);
                    if (CHARACTERS.charAt(i) != Punycode.DELIMITER) {
                        rest = Math.max(rest, behindLabel(next));
                    }
                }
            }
            level = behind;
        }
        return Math.min(NEVER, ROOM + rest);
    }

    /// The least number of characters that complete a name whose label ends here.
    private int behindLabel(int state) {
        if (automaton.accepts(state)) {
            return 0;
        }
        int next = automaton.next(state, '.');
        return next == TextLanguage.DEAD ? NEVER : 1 + least(new Place(next, ""));
    }
}
