package dev.sluice.grammar;

/// The order of letters that are written from right to left and others in a label of a host name.
///
/// @see "RFC 5893, section 2"
final class Directions {
    private static final int LEFT = bit(Character.DIRECTIONALITY_LEFT_TO_RIGHT);
    private static final int MARK = bit(Character.DIRECTIONALITY_NONSPACING_MARK);
    private static final int NUMBER = bit(Character.DIRECTIONALITY_EUROPEAN_NUMBER);
    private static final int ARABIC_NUMBER = bit(Character.DIRECTIONALITY_ARABIC_NUMBER);
    private static final int RIGHT =
            bit(Character.DIRECTIONALITY_RIGHT_TO_LEFT)
                    | bit(Character.DIRECTIONALITY_RIGHT_TO_LEFT_ARABIC);
    private static final int FROM_RIGHT = RIGHT | ARABIC_NUMBER;
    private static final int NEUTRAL =
            NUMBER
                    | MARK
                    | bit(Character.DIRECTIONALITY_EUROPEAN_NUMBER_SEPARATOR)
                    | bit(Character.DIRECTIONALITY_COMMON_NUMBER_SEPARATOR)
                    | bit(Character.DIRECTIONALITY_EUROPEAN_NUMBER_TERMINATOR)
                    | bit(Character.DIRECTIONALITY_OTHER_NEUTRALS)
                    | bit(Character.DIRECTIONALITY_BOUNDARY_NEUTRAL);
    private static final int BOTH_NUMBERS = NUMBER | ARABIC_NUMBER;

    private Directions() {}

    /// Whether some letters between others may bring a label in order.
    ///
    /// @param all the directions of those that it has
    static boolean mayBeInOrder(int all) {
        boolean isMixed = (all & LEFT) != 0 && (all & FROM_RIGHT) != 0;
        return !isMixed && (all & BOTH_NUMBERS) != BOTH_NUMBERS;
    }

    /// Whether a label is in order; labels without letters from the right are.
    static boolean areInOrder(int[] label) {
        int all = of(label);
        if ((all & FROM_RIGHT) == 0) {
            return true;
        }
        int last = label.length - 1;
        while (last > 0 && kind(label[last]) == MARK) {
            last--;
        }
        int first = kind(label[0]);
        if ((first & RIGHT) != 0) {
            return (all & ~(NEUTRAL | FROM_RIGHT)) == 0
                    && (kind(label[last]) & (FROM_RIGHT | NUMBER)) != 0
                    && (all & BOTH_NUMBERS) != BOTH_NUMBERS;
        }
        return first == LEFT
                && (all & ~(NEUTRAL | LEFT)) == 0
                && (kind(label[last]) & (LEFT | NUMBER)) != 0;
    }

    /// The directions of some characters, one bit each.
    static int of(int... characters) {
        int all = 0;
        for (int c : characters) {
            all |= kind(c);
        }
        return all;
    }

    private static int kind(int c) {
        return bit(Character.getDirectionality(c));
    }

    /// Characters without a direction count as one kind.
    private static int bit(byte directionality) {
        return 1 << (directionality + 1);
    }
}
