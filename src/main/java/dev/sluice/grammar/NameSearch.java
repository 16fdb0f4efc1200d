package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Tells whether what has been read of a host name ([NameText]) can be completed.
///
/// Mostly that is so because a label may go on with anything ([NamePlaces]): `-` and the digits of
/// a letter beyond ASCII make a valid label of every beginning, `-a` one that is not. Where lengths
/// or a pattern leave less room, what may follow is tried out.
///
/// Not for use by several threads at once.
final class NameSearch {
    /// No label is longer.
    private static final int MAX_LABEL = 63;

    /// So many attempts are too many: what would need more counts as not possible.
    private static final int MAX_TRIES = 60_000;

    private static final int MAX_KNOWN = 20_000;

    /// A letter that is written from left to right and changes nothing about its neighbours.
    private static final int LETTER = 0xE0;

    /// Where letters are put into a label, -1 for its end.
    private static final List<List<Integer>> INSERTIONS =
            List.of(
                    List.of(0),
                    List.of(-1),
                    List.of(1),
                    List.of(2),
                    List.of(3),
                    List.of(0, -1),
                    List.of(2, -1),
                    List.of(0, 2),
                    List.of(0, 2, -1));

    private final NameAutomaton automaton;
    private final NamePlaces places;
    private final Map<At, Boolean> known = new HashMap<>();
    private final BitSet asked = new BitSet();
    private final BitSet allowed = new BitSet();
    private int depth;
    private int tries;

    private record At(int state, NameText text) {}

    NameSearch(NameAutomaton automaton) {
        this.automaton = automaton;
        this.places = new NamePlaces(automaton);
    }

    /// Whether a language has a text of `min` to `max` characters.
    ///
    /// @param language of host names
    /// @param valid as in [NameText]
    static boolean hasText(TextLanguage language, boolean valid, int min, int max)
            throws GrammarException {
        TextLanguage all =
                min <= language.sizes().shortest()
                        ? language
                        : language.and(TextLanguage.ofLength(min, Repeat.UNBOUNDED));
        return !all.isEmpty()
                && new NameSearch(NameAutomaton.of(all)).mayEndOutside(0, NameText.of(valid, max));
    }

    /// Whether a text can be completed.
    ///
    /// @return empty if that depends on a label that is not known
    Optional<Boolean> mayEnd(int state, NameText text) {
        if (!text.isEncoded()) {
            return Optional.of(mayEndOutside(state, text));
        }
        if (places.room(state) <= within(text)) {
            return Optional.of(true);
        }
        return text.isHidden() ? Optional.empty() : Optional.of(search(state, text));
    }

    /// More characters than any place needs allow whatever this number does.
    int enough() {
        return Math.min(NamePlaces.NEVER, places.most() + MAX_LABEL + NamePlaces.ROOM);
    }

    private static int within(NameText text) {
        return Math.min(text.left(), NamePlaces.NEVER - 1);
    }

    private boolean mayEndOutside(int state, NameText text) {
        String label = text.label();
        if (label.equals(NameText.SETTLED)) {
            return places.any(state) <= within(text);
        }
        return (text.valid() && places.plain(state, label) <= within(text))
                || places.encoded(state, label) <= within(text)
                || search(state, text);
    }

    private boolean search(int state, NameText text) {
        At at = new At(state, text);
        Boolean found = known.get(at);
        if (found == null) {
            if (depth == 0) {
                tries = MAX_TRIES;
            }
            depth++;
            found = text.isEncoded() ? canEndLabel(state, text) : canReachLabel(state, text);
            depth--;
            // What was given up for want of attempts may be found from a nearer place.
            if (found || tries > 0 || depth == 0) {
                remember(at, found);
            }
        }
        return found;
    }

    private void remember(At at, boolean found) {
        if (known.size() >= MAX_KNOWN) {
            known.clear();
        }
        known.put(at, found);
    }

    /// Tries the labels that may come which begin with `xn--`, the nearest first.
    private boolean canReachLabel(int state, NameText text) {
        Set<At> seen = new HashSet<>();
        Deque<At> work = new ArrayDeque<>();
        work.add(new At(state, text));
        while (!work.isEmpty() && tries > 0) {
            At at = work.remove();
            if (at.text.isEncoded()) {
                if (mayEnd(at.state, at.text).orElseThrow()) {
                    return true;
                }
                continue;
            }
            for (int i = 0; i < NamePlaces.ALL.length && at.text.left() > 0; i++) {
                int next = automaton.next(at.state, NamePlaces.ALL[i]);
                At behind = new At(next, at.text.then(NamePlaces.ALL[i]));
                boolean isNew =
                        next != TextLanguage.DEAD
                                && seen.add(new At(next, text.with(0, behind.text.label())));
                if (isNew) {
                    tries--;
                    work.add(behind);
                }
            }
        }
        return false;
    }

    private boolean canEndLabel(int state, NameText text) {
        if (ends(state, text)) {
            return true;
        }
        String label = text.label();
        for (String longer : text.valid() ? likely(label) : List.of(label + "-a", label + "a")) {
            if (goesOn(state, text, longer)) {
                return true;
            }
        }
        int room = Math.min(text.left(), MAX_LABEL - label.length());
        for (int length = 1; length <= room && tries > 0; length++) {
            if (text.valid() ? tryLabels(state, text, length) : tryAll(state, text, length)) {
                return true;
            }
        }
        return false;
    }

    /// Whether the label may end, and the name. What takes longest is looked at last.
    private boolean ends(int state, NameText text) {
        int next = text.left() > 0 ? automaton.next(state, '.') : TextLanguage.DEAD;
        boolean goesOn =
                next != TextLanguage.DEAD && mayEndOutside(next, text.with(text.left(1), ""));
        if (text.valid()) {
            return (goesOn || automaton.accepts(state)) && text.mayEndLabel();
        }
        return goesOn
                || ((automaton.accepts(state)
                                || (next != TextLanguage.DEAD && places.any(next) < within(text)))
                        && text.mayEnd());
    }

    /// Whether a longer label can be read, and ends.
    private boolean goesOn(int state, NameText text, String longer) {
        int at = state;
        NameText read = text;
        for (int i = text.label().length(); i < longer.length() && at != TextLanguage.DEAD; i++) {
            at = next(at, read, longer.charAt(i));
            read = read.then(longer.charAt(i));
        }
        return at != TextLanguage.DEAD && ends(at, read);
    }

    /// The state behind a character, in lower case if that may come, if the name can be completed
    /// in time as far as its labels are not looked at.
    private int next(int state, NameText text, char character) {
        int lower = automaton.next(state, character);
        int next =
                lower == TextLanguage.DEAD
                        ? automaton.next(state, Character.toUpperCase(character))
                        : lower;
        return next == TextLanguage.DEAD || places.any(next) >= text.left()
                ? TextLanguage.DEAD
                : next;
    }

    /// Valid labels that begin like one: letters are put in where hyphens need them.
    static List<String> likely(String label) {
        List<String> found = new ArrayList<>();
        String text = label.substring(ALabels.PREFIX.length());
        for (int i = text.length(); i >= 0; i--) {
            if (i > 0 && i < text.length() && text.charAt(i) != Punycode.DELIMITER) {
                continue;
            }
            for (List<Integer> insertions : INSERTIONS) {
                String longer = ALabels.PREFIX + with(text.substring(0, i), insertions);
                if (longer.startsWith(label) && ALabels.isValid(longer)) {
                    found.add(longer);
                }
            }
        }
        return found;
    }

    private static String with(String basic, List<Integer> insertions) {
        List<Integer> all = new ArrayList<>(basic.chars().boxed().toList());
        for (int place : insertions) {
            all.add(place < 0 ? all.size() : Math.min(place, all.size()), LETTER);
        }
        return Punycode.encode(all.stream().mapToInt(Integer::intValue).toArray());
    }

    /// Tries everything of a length.
    private boolean tryAll(int state, NameText text, int length) {
        if (length == 0) {
            return ends(state, text);
        }
        for (int i = 0; i < NamePlaces.CHARACTERS.length() && tries-- > 0; i++) {
            char c = NamePlaces.CHARACTERS.charAt(i);
            int next = next(state, text, c);
            if (next != TextLanguage.DEAD && tryAll(next, text.then(c), length - 1)) {
                return true;
            }
        }
        return false;
    }

    /// Tries what may make a valid label: digits behind the last hyphen that there is, or a hyphen
    /// and digits behind it.
    private boolean tryLabels(int state, NameText text, int length) {
        String begun = text.label().substring(ALabels.PREFIX.length());
        int delimiter = begun.lastIndexOf(Punycode.DELIMITER);
        Punycode.Decoder decoder = new Punycode.Decoder(begun.substring(0, Math.max(0, delimiter)));
        boolean isRight = delimiter != 0;
        for (int i = delimiter + 1; i < begun.length() && isRight; i++) {
            isRight = reads(decoder, begun.charAt(i));
        }
        return (isRight && tryDigits(state, text, decoder, length))
                || (length > 1 && tryHyphens(state, text, length));
    }

    private boolean tryHyphens(int state, NameText text, int length) {
        for (int i = 0; i < NamePlaces.CHARACTERS.length() && tries-- > 0; i++) {
            char c = NamePlaces.CHARACTERS.charAt(i);
            int next = next(state, text, c);
            if (next == TextLanguage.DEAD) {
                continue;
            }
            NameText longer = text.then(c);
            if (c == Punycode.DELIMITER && tryLabels(next, longer, length - 1)) {
                return true;
            }
            if (c != Punycode.DELIMITER && length > 2 && tryHyphens(next, longer, length - 1)) {
                return true;
            }
        }
        return false;
    }

    private boolean tryDigits(int state, NameText text, Punycode.Decoder decoder, int length) {
        if (length == 0) {
            return decoder.isBetween() && ends(state, text);
        }
        for (int value = 0; value < Punycode.BASE && tries-- > 0; value++) {
            char c = Punycode.digit(value);
            int next = next(state, text, c);
            Punycode.Decoder longer = new Punycode.Decoder(decoder);
            if (next != TextLanguage.DEAD
                    && reads(longer, c)
                    && tryDigits(next, text.then(c), longer, length - 1)) {
                return true;
            }
        }
        return false;
    }

    private boolean reads(Punycode.Decoder decoder, char digit) {
        return decoder.read(digit) && (!decoder.isBetween() || isAllowed(decoder.last()));
    }

    private boolean isAllowed(int c) {
        if (!asked.get(c)) {
            asked.set(c);
            allowed.set(c, ALabels.isAllowed(c));
        }
        return allowed.get(c);
    }
}
