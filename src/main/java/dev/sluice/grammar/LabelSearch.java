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
/// hyphen that is there: what a hyphen and two digits can spell is below U+00A4, and no letter.
/// All such digits are tried, but for numbers that spell no letter.
///
/// Not for use by several threads at once.
final class LabelSearch {
    /// With so many characters or more every label can become a valid one.
    static final int MANY = 6;

    /// A hyphen and the digits of one letter.
    private static final int ENOUGH_MOSTLY = 4;

    /// So many attempts are too many. What is found by some attempts is found by no more of them
    /// once its first characters are there, so that no label comes to an end where none can follow.
    private static final int MAX_TRIES = 5_000;

    /// The digits of a letter.
    private static final int SHORTEST_LETTER = 3;

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

    private static final int MAX_KNOWN = 20_000;

    /// There are no letters from here on.
    private static final int BEHIND_LETTERS = 0x40000;

    /// How many code points below each may be part of a label, as far as their kind tells.
    private static final int[] LETTERS = letters();

    private final Map<Asked, Boolean> known = new HashMap<>();
    private int tries;

    private record Asked(String label, int more) {}

    private static int[] letters() {
        int[] counts = new int[BEHIND_LETTERS + 1];
        for (int c = 0; c < BEHIND_LETTERS; c++) {
            counts[c + 1] = counts[c] + (ALabels.mayBeAllowed(c) ? 1 : 0);
        }
        return counts;
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
        return (more > ENOUGH_MOSTLY && isLikely(label, more))
                || canEndByDigits(label, more)
                || (more >= ENOUGH_MOSTLY
                        && canEndByDigits(label + Punycode.DELIMITER, more - 1));
    }

    /// Whether letters where hyphens need them make a label valid.
    boolean isLikely(String label, int more) {
        String text = label.substring(ALabels.PREFIX.length());
        boolean endsWithDelimiter = text.endsWith("-");
        if (endsWithDelimiter && isLikely(label, text.substring(0, text.length() - 1), more)) {
            return true;
        }
        StringBuilder longer = new StringBuilder(text);
        for (int digits = more - 1; digits > SHORTEST_LETTER - 1; digits--) {
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
            all.add(place < 0 ? all.size() : Math.min(place, all.size()), LETTER);
        }
        return all.stream().mapToInt(Integer::intValue).toArray();
    }

    /// Whether digits behind the last hyphen that a label has make it valid.
    boolean canEndByDigits(String label, int digits) {
        String text = label.substring(ALabels.PREFIX.length());
        int delimiter = text.lastIndexOf(Punycode.DELIMITER);
        if (delimiter == 0) {
            return false;
        }
        Punycode.Decoder decoder = new Punycode.Decoder(text.substring(0, Math.max(0, delimiter)));
        for (int i = delimiter + 1; i < text.length(); i++) {
            if (!reads(decoder, text.charAt(i))) {
                return false;
            }
        }
        tries = MAX_TRIES;
        return tryDigits(decoder, digits);
    }

    private boolean tryDigits(Punycode.Decoder decoder, int more) {
        if (more == 0) {
            tries--;
            return decoder.isBetween() && ALabels.isLabel(decoder.codePoints());
        }
        if (!mayReachLetter(decoder, more)) {
            return false;
        }
        for (int value = 0; value < Punycode.BASE && tries > 0; value++) {
            Punycode.Decoder longer = new Punycode.Decoder(decoder);
            if (reads(longer, Punycode.digit(value)) && tryDigits(longer, more - 1)) {
                return true;
            }
        }
        return false;
    }

    /// Takes a digit.
    ///
    /// @return whether what is spelled by then may become a label
    private static boolean reads(Punycode.Decoder decoder, char digit) {
        return decoder.read(digit)
                && (!decoder.isBetween()
                        || (ALabels.mayBeAllowed(decoder.last())
                                && ALabels.mayBecomeLabel(decoder.codePoints())));
    }

    /// Whether the number that is being read can come to that of a letter.
    private static boolean mayReachLetter(Punycode.Decoder decoder, int more) {
        int first = (int) Math.min(BEHIND_LETTERS, decoder.least());
        int behind = (int) Math.min(BEHIND_LETTERS, decoder.greatest(more) + 1);
        return behind > first && LETTERS[behind] > LETTERS[first];
    }
}
