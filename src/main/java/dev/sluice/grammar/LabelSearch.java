package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Tells whether a label that begins with `xn--` can become a valid one ([ALabels]) by a few more
/// characters.
///
/// A hyphen and three digits put a letter at the end of any text, which is valid then unless its
/// hyphens stand where they may not. Three characters or less can do that only as digits behind a
/// hyphen that is there: what a hyphen and two digits can spell is below U+00A4, and no letter. All
/// such digits are tried, but for numbers that spell no letter.
///
/// Not for use by several threads at once.
final class LabelSearch {
    /// With so many characters or more every label can become a valid one.
    static final int MANY = 5;

    /// A hyphen and the digits of one letter: enough for most labels.
    private static final int ENOUGH_MOSTLY = 4;

    /// The digits of a letter.
    private static final int SHORTEST_LETTER = 3;

    /// Letters that are written from left to right and change nothing about their neighbours. The
    /// lesser stands at the end: what comes next in Punycode is the beginning then.
    private static final int LETTER = 0xE0;

    private static final int LAST_LETTER = 0xDF;

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

    private static final int MAX_KNOWN = 2_000;

    /// Where so many letters are tried for each place, numbers are as many.
    private static final int FEW_PLACES = 4;

    /// So many attempts are too many. What is found by some attempts is found by no more of them
    /// behind its first characters, so that no label comes to an end where none can follow.
    private static final int MAX_ATTEMPTS = 16_000;

    /// There are no letters from here on.
    private static final int BEHIND_LETTERS = 0x40000;

    private final Map<Asked, Boolean> known = new HashMap<>();
    private int attempts;

    private record Asked(String label, int more) {}

    /// Counted when a label is searched for the first time: few texts have one.
    private static final class Letters {
        /// How many code points below each may be part of a label, as far as their kind tells.
        private static final int[] BELOW = count();

        private static int[] count() {
            int[] below = new int[BEHIND_LETTERS + 1];
            for (int c = 0; c < BEHIND_LETTERS; c++) {
                below[c + 1] = below[c] + (ALabels.mayBeAllowed(c) ? 1 : 0);
            }
            return below;
        }

        /// @param behind the code point behind the last
        static boolean areIn(int first, int behind) {
            return BELOW[behind] > BELOW[first];
        }
    }

    /// Whether a label can become a valid one by some more characters.
    ///
    /// @param label in lower case
    /// @param more from 1 on
    boolean canEnd(String label, int more) {
        String text = label.substring(ALabels.PREFIX.length());
        if (more >= MANY || (more >= ENOUGH_MOSTLY && mayBecomeAny(text))) {
            return true;
        }
        if (known.size() >= MAX_KNOWN) {
            known.clear();
        }
        return known.computeIfAbsent(new Asked(label, more), _ -> search(label, more));
    }

    /// Whether a text with a letter at its end is valid, and has a hyphen behind it.
    private static boolean mayBecomeAny(String text) {
        return !text.isEmpty()
                && text.charAt(0) != Punycode.DELIMITER
                && text.charAt(text.length() - 1) != Punycode.DELIMITER
                && !text.startsWith("--", 2);
    }

    private boolean search(String label, int more) {
        return isLikely(label, more)
                || canEndByDigits(label, more)
                || (more >= ENOUGH_MOSTLY && canEndByDigits(label + Punycode.DELIMITER, more - 1));
    }

    /// Whether letters where hyphens need them make a label valid. What is found so is found again
    /// behind each of its characters.
    boolean isLikely(String label, int more) {
        String text = label.substring(ALabels.PREFIX.length());
        int delimiter = text.lastIndexOf(Punycode.DELIMITER);
        if (isLikely(label, text.substring(0, Math.max(0, delimiter)), more)) {
            return true;
        }
        StringBuilder longer = new StringBuilder(text);
        for (int digits = more - 1; digits >= SHORTEST_LETTER; digits--) {
            if (isLikely(label, longer.toString(), more)) {
                return true;
            }
            longer.append('a');
        }
        return false;
    }

    private static boolean isLikely(String label, String basic, int more) {
        for (List<Integer> places : INSERTIONS) {
            String longer = ALabels.PREFIX + Punycode.encode(with(basic, places));
            if (longer.length() == label.length() + more
                    && longer.startsWith(label)
                    && ALabels.isValid(longer)) {
                return true;
            }
        }
        return false;
    }

    /// A text with letters in some places.
    ///
    /// @param places ascending, -1 for its end
    private static int[] with(String basic, List<Integer> places) {
        List<Integer> all = new ArrayList<>(basic.chars().boxed().toList());
        for (int place : places) {
            if (place < 0) {
                all.add(LAST_LETTER);
            } else {
                all.add(Math.min(place, all.size()), LETTER);
            }
        }
        return all.stream().mapToInt(Integer::intValue).toArray();
    }

    /// Whether digits behind the last hyphen that a label has make it valid.
    private boolean canEndByDigits(String label, int digits) {
        String text = label.substring(ALabels.PREFIX.length());
        int delimiter = text.lastIndexOf(Punycode.DELIMITER);
        if (delimiter == 0) {
            return false;
        }
        Punycode.Decoder decoder = new Punycode.Decoder(text.substring(0, Math.max(0, delimiter)));
        for (int i = delimiter + 1; i < text.length(); i++) {
            if (!decoder.read(text.charAt(i))
                    || (decoder.isBetween() && !ALabels.isAllowed(decoder.last()))) {
                return false;
            }
        }
        attempts = 0;
        return tryDigits(decoder, new Begun(decoder.codePoints()), digits);
    }

    private boolean tryDigits(Punycode.Decoder decoder, Begun begun, int more) {
        return begun.mayBecomeLabel
                && mayReachLetter(decoder, more)
                && (tryNumber(decoder, begun, more) || tryNumbers(decoder, begun, more));
    }

    /// Tries numbers of so many digits more.
    private boolean tryNumber(Punycode.Decoder decoder, Begun begun, int digits) {
        if (begun.first > begun.last) {
            return false;
        }
        if (digits == 1) {
            return tryEnds(decoder, begun, (_, c, at) -> isLabel(begun, c, at));
        }
        return begun.hasFewPlaces()
                ? tryPlaces(decoder, begun, digits)
                : tryLonger(decoder, longer -> tryNumber(longer, begun, digits - 1));
    }

    /// Tries numbers of fewer digits, and others behind them.
    private boolean tryNumbers(Punycode.Decoder decoder, Begun begun, int more) {
        return more > 1
                && (tryLonger(decoder, longer -> tryNumbers(longer, begun, more - 1))
                        || tryEnds(
                                decoder,
                                begun,
                                (digit, _, at) ->
                                        begun.mayGoOn(at, more - 1)
                                                && goesOn(decoder, digit, more - 1)));
    }

    /// Tries the places in which a letter is wanted: there are fewer letters than numbers.
    private boolean tryPlaces(Punycode.Decoder decoder, Begun begun, int digits) {
        long behind = Math.min(BEHIND_LETTERS, decoder.greatest(digits) + 1);
        for (int c = (int) decoder.least(); c < behind && attempts < MAX_ATTEMPTS; c++) {
            for (int at = begun.first; at <= begun.last; at++) {
                if (decoder.canInsert(c, at, digits) && begun.mayHold(c) && isLabel(begun, c, at)) {
                    return true;
                }
            }
        }
        return false;
    }

    private interface Longer {
        boolean isRight(Punycode.Decoder decoder);
    }

    /// Tries the digits that do not end a number.
    private boolean tryLonger(Punycode.Decoder decoder, Longer longer) {
        for (int value = decoder.ends();
                value < Punycode.BASE && attempts < MAX_ATTEMPTS;
                value++) {
            Punycode.Decoder next = new Punycode.Decoder(decoder);
            if (next.read(Punycode.digit(value)) && longer.isRight(next)) {
                return true;
            }
        }
        return false;
    }

    private interface End {
        /// @param c what the digit spells
        /// @param at how many characters stand before it
        boolean isRight(char digit, int c, int at);
    }

    /// Tries the digits that end a number.
    private boolean tryEnds(Punycode.Decoder decoder, Begun begun, End end) {
        int places = begun.label.length + 1;
        long step = decoder.weight() / places;
        int shift = (int) (decoder.weight() % places);
        long c = decoder.least();
        int at = decoder.place();
        for (int value = 0;
                value < decoder.ends() && c < BEHIND_LETTERS && attempts < MAX_ATTEMPTS;
                value++) {
            if (begun.mayHold((int) c) && end.isRight(Punycode.digit(value), (int) c, at)) {
                return true;
            }
            c += step;
            at += shift;
            if (at >= places) {
                at -= places;
                c++;
            }
        }
        return false;
    }

    private boolean isLabel(Begun begun, int c, int at) {
        return at >= begun.first
                && at <= begun.last
                && attempts++ < MAX_ATTEMPTS
                && ALabels.isLabelWith(begun.label, c, at);
    }

    private boolean goesOn(Punycode.Decoder decoder, char digit, int more) {
        attempts++;
        Punycode.Decoder longer = new Punycode.Decoder(decoder);
        return longer.read(digit) && tryDigits(longer, new Begun(longer.codePoints()), more);
    }

    /// Whether the number that is being read can come to that of a letter.
    private static boolean mayReachLetter(Punycode.Decoder decoder, int more) {
        int first = (int) Math.min(BEHIND_LETTERS, decoder.least());
        int behind = (int) Math.min(BEHIND_LETTERS, decoder.greatest(more) + 1);
        return behind > first && Letters.areIn(first, behind);
    }

    /// What a label spells so far.
    private static final class Begun {
        private final int[] label;
        private final int directions;
        private final boolean mayBecomeLabel;

        /// Where one more letter may make up for hyphens: how many characters stand before it.
        private final int first;

        private final int last;

        Begun(int[] label) {
            this.label = label;
            this.directions = Directions.of(label);
            this.mayBecomeLabel = ALabels.mayBecomeLabel(label);
            this.first = ALabels.endsWithHyphen(label) ? label.length : 0;
            this.last = ALabels.lastPlace(label);
        }

        /// Whether a character may be among those of the label.
        boolean mayHold(int c) {
            return Letters.areIn(c, c + 1)
                    && ALabels.isAllowed(c)
                    && Directions.mayBeInOrder(directions | Directions.of(c));
        }

        /// Whether there are so few places that it takes less to look for what comes there.
        boolean hasFewPlaces() {
            return FEW_PLACES * (last - first + 1) < label.length;
        }

        /// Whether digits behind a letter in a place may make up for hyphens, as far as that is
        /// seen at once: one digit reaches few places.
        boolean mayGoOn(int at, int digits) {
            boolean beginsWithHyphen = at > 0 && last == 0;
            boolean endsWithHyphen = at < label.length && first > 0;
            return digits > 1
                    || ((!beginsWithHyphen || isNear(at, 0))
                            && (!endsWithHyphen || isNear(at, label.length + 1)));
        }

        private boolean isNear(int at, int place) {
            int places = label.length + 2;
            return Math.floorMod(place - at - 1, places) < Punycode.MAX_THRESHOLD;
        }
    }
}
