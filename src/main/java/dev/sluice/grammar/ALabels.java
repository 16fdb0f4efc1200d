package dev.sluice.grammar;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.text.Normalizer.Form;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;

/// Labels of host names that spell a label of another alphabet. What is a letter is said by the
/// version of Unicode that Java has.
///
/// @see "RFC 5891, section 4.2 and 5.4"
/// @see "RFC 5892, section 2 and 3 and appendix A"
/// @see "RFC 5893, section 2"
final class ALabels {
    /// What such labels begin with, in either case.
    static final String PREFIX = "xn--";

    private static final int MIDDLE_DOT = 0xB7;
    private static final int GREEK_NUMERAL = 0x375;
    private static final int GERESH = 0x5F3;
    private static final int GERSHAYIM = 0x5F4;
    private static final int NON_JOINER = 0x200C;
    private static final int JOINER = 0x200D;
    private static final int KATAKANA_MIDDLE_DOT = 0x30FB;

    /// Letters that folding changes, and still are letters of names; and other exceptions.
    private static final Set<Integer> ALWAYS = Set.of(0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007);

    private static final Set<Integer> NEVER =
            Set.of(0x640, 0x7FA, 0x302E, 0x302F, 0x3031, 0x3032, 0x3033, 0x3034, 0x3035, 0x303B);

    private static final byte IS_LETTER = 1;
    private static final byte NO_LETTER = 2;

    /// What is known of characters; there are no letters behind these.
    private static final byte[] LETTERS = new byte[0x40000];

    private ALabels() {}

    /// Whether a label is one.
    ///
    /// @param label begins with `xn--`, all in lower case
    static boolean isValid(String label) {
        Optional<int[]> decoded = Punycode.decode(label.substring(PREFIX.length()));
        return decoded.isPresent() && isLabel(decoded.get());
    }

    /// Whether all labels of a host name that begin with `xn--` are valid.
    static boolean areValid(String name) {
        return Arrays.stream(name.toLowerCase(Locale.ROOT).split("\\.", -1))
                .allMatch(label -> !label.startsWith(PREFIX) || isValid(label));
    }

    /// Whether a character may be part of a label, as far as its kind tells.
    static boolean mayBeAllowed(int c) {
        return ALWAYS.contains(c) || isContextual(c) || (isOfLetters(c) && !isIgnorable(c));
    }

    /// Whether a character may be part of some label.
    static boolean isAllowed(int c) {
        return isLetter(c) || isContextual(c);
    }

    /// Whether some characters between those of a label may make it valid.
    static boolean mayBecomeLabel(int[] label) {
        boolean hasBothDigits =
                !holdsNone(label, ALabels::isArabicDigit)
                        && !holdsNone(label, ALabels::isExtendedArabicDigit);
        return !hasBothDigits && Directions.mayBeInOrder(Directions.of(label));
    }

    static boolean endsWithHyphen(int[] label) {
        return label.length > 0 && label[label.length - 1] == '-';
    }

    /// The last place of a label at which one more character may make up for where its hyphens
    /// stand: how many stand before it.
    static int lastPlace(int[] label) {
        if (label.length > 0 && label[0] == '-') {
            return 0;
        }
        return hasHyphens(label) ? 3 : label.length;
    }

    private static boolean hasHyphens(int[] label) {
        return label.length > 3 && label[2] == '-' && label[3] == '-';
    }

    /// Whether a label with one more character is valid.
    ///
    /// @param at how many stand before it
    static boolean isLabelWith(int[] label, int c, int at) {
        if (at == 0 && isMark(c)) {
            return false;
        }
        int[] longer = new int[label.length + 1];
        System.arraycopy(label, 0, longer, 0, at);
        longer[at] = c;
        System.arraycopy(label, at, longer, at + 1, label.length - at);
        return isLabel(longer);
    }

    /// Whether a label is valid.
    ///
    /// @param label what it spells, one character at least
    static boolean isLabel(int[] label) {
        int last = label.length - 1;
        if (hasHyphens(label) || label[0] == '-' || label[last] == '-' || isMark(label[0])) {
            return false;
        }
        for (int i = 0; i <= last; i++) {
            if (!isLetter(label[i]) && !fits(label, i)) {
                return false;
            }
        }
        return Directions.areInOrder(label) && isNormal(label);
    }

    /// Letters are normal by themselves; only marks combine with what stands before them.
    private static boolean isNormal(int[] label) {
        for (int c : label) {
            if (isMark(c)) {
                return Normalizer.isNormalized(text(label), Form.NFC);
            }
        }
        return true;
    }

    private static String text(int... label) {
        return new String(label, 0, label.length);
    }

    private static boolean isMark(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK,
                    Character.COMBINING_SPACING_MARK,
                    Character.ENCLOSING_MARK ->
                    true;
            default -> false;
        };
    }

    private static boolean isContextual(int c) {
        return switch (c) {
            case MIDDLE_DOT,
                    GREEK_NUMERAL,
                    GERESH,
                    GERSHAYIM,
                    NON_JOINER,
                    JOINER,
                    KATAKANA_MIDDLE_DOT ->
                    true;
            default -> isArabicDigit(c) || isExtendedArabicDigit(c);
        };
    }

    private static boolean isArabicDigit(int c) {
        return c >= 0x660 && c <= 0x669;
    }

    private static boolean isExtendedArabicDigit(int c) {
        return c >= 0x6F0 && c <= 0x6F9;
    }

    /// Whether a character may stand anywhere: PVALID.
    private static boolean isLetter(int c) {
        if (c >= LETTERS.length) {
            return false;
        }
        // Threads may find out the same at the same time.
        byte known = LETTERS[c];
        if (known == 0) {
            known = findsLetter(c) ? IS_LETTER : NO_LETTER;
            LETTERS[c] = known;
        }
        return known == IS_LETTER;
    }

    private static boolean findsLetter(int c) {
        if (c < 0x80) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        }
        if (ALWAYS.contains(c)) {
            return true;
        }
        return !NEVER.contains(c)
                && !isContextual(c)
                && isOfLetters(c)
                && !isIgnorable(c)
                && !isJamo(c)
                && isStable(c);
    }

    private static boolean isOfLetters(int c) {
        return switch (Character.getType(c)) {
            case Character.LOWERCASE_LETTER,
                    Character.UPPERCASE_LETTER,
                    Character.OTHER_LETTER,
                    Character.MODIFIER_LETTER,
                    Character.DECIMAL_DIGIT_NUMBER,
                    Character.NON_SPACING_MARK,
                    Character.COMBINING_SPACING_MARK ->
                    true;
            default -> false;
        };
    }

    /// Default_Ignorable_Code_Point, as far as letters and marks have it, and blocks of symbols.
    private static boolean isIgnorable(int c) {
        return c == 0x34F
                || (c >= 0x17B4 && c <= 0x17B5)
                || (c >= 0x180B && c <= 0x180F)
                || (c >= 0x20D0 && c <= 0x20FF)
                || c == 0x3164
                || (c >= 0xFE00 && c <= 0xFE0F)
                || c == 0xFFA0
                || (c >= 0x1D100 && c <= 0x1D24F)
                || (c >= 0xE0000 && c <= 0xE0FFF);
    }

    /// Parts of Hangul syllables.
    private static boolean isJamo(int c) {
        return (c >= 0x1100 && c <= 0x11FF)
                || (c >= 0xA960 && c <= 0xA97C)
                || (c >= 0xD7B0 && c <= 0xD7FB);
    }

    private static boolean isStable(int c) {
        String text = Character.toString(c);
        String normal = Normalizer.normalize(text, Form.NFKC);
        return Normalizer.normalize(folded(normal), Form.NFKC).equals(text);
    }

    /// Full case folding: Java's lower case of the upper case, but for a letter without a dot and
    /// for Cherokee, which folds to upper case.
    private static String folded(String text) {
        StringBuilder folded = new StringBuilder();
        text.codePoints()
                .forEach(c -> {
                    String upper = Character.toString(c).toUpperCase(Locale.ROOT);
                    boolean isCherokee = UnicodeScript.of(c) == UnicodeScript.CHEROKEE;
                    folded.append(
                            c == 0x131
                                    ? Character.toString(c)
                                    : isCherokee ? upper : upper.toLowerCase(Locale.ROOT));
                });
        return folded.toString();
    }

    /// Whether a character stands where it may.
    private static boolean fits(int[] label, int i) {
        int previous = i == 0 ? 0 : label[i - 1];
        int next = i == label.length - 1 ? 0 : label[i + 1];
        return switch (label[i]) {
            case MIDDLE_DOT -> previous == 'l' && next == 'l';
            case GREEK_NUMERAL -> UnicodeScript.of(next) == UnicodeScript.GREEK;
            case GERESH, GERSHAYIM -> UnicodeScript.of(previous) == UnicodeScript.HEBREW;
            case KATAKANA_MIDDLE_DOT -> Arrays.stream(label).anyMatch(ALabels::isJapanese);
            case NON_JOINER -> isVirama(previous) || isBetweenJoining(label, i);
            case JOINER -> isVirama(previous);
            default ->
                    isArabicDigit(label[i])
                            ? holdsNone(label, ALabels::isExtendedArabicDigit)
                            : isExtendedArabicDigit(label[i])
                                    && holdsNone(label, ALabels::isArabicDigit);
        };
    }

    private static boolean holdsNone(int[] label, IntPredicate kind) {
        for (int c : label) {
            if (kind.test(c)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isJapanese(int c) {
        return c != KATAKANA_MIDDLE_DOT
                && switch (UnicodeScript.of(c)) {
                    case HIRAGANA, KATAKANA, HAN -> true;
                    default -> false;
                };
    }

    /// Whether a mark has the combining class 9, which Java tells only by what it sorts a mark
    /// before and behind.
    private static boolean isVirama(int c) {
        String mark = Character.toString(c);
        String classOf8 = "\u3099";
        String classOf10 = "\u05B0";
        return isMark(c)
                && Normalizer.normalize(mark, Form.NFD).equals(mark)
                && !Normalizer.isNormalized(mark + classOf8, Form.NFD)
                && !Normalizer.isNormalized(classOf10 + mark, Form.NFD);
    }

    private static boolean isBetweenJoining(int[] label, int i) {
        int before = i - 1;
        while (before >= 0 && JoiningTypes.isTransparent(label[before])) {
            before--;
        }
        int behind = i + 1;
        while (behind < label.length && JoiningTypes.isTransparent(label[behind])) {
            behind++;
        }
        return before >= 0
                && behind < label.length
                && JoiningTypes.joinsNext(label[before])
                && JoiningTypes.joinsPrevious(label[behind]);
    }
}
