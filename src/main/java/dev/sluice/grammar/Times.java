package dev.sluice.grammar;

/// The times of RFC 3339, section 5.6, as an automaton.
///
/// A leap second comes behind the last one of a day in UTC (appendix D): at each local time with
/// one offset to the east and one to the west. So the automaton remembers the minute, for as long
/// as a leap second may come, and has a state for each where others need one.
final class Times {
    /// Texts of the characters that times have, with dates before them or not.
    static final TextLanguage CHARACTERS = characters();

    private static final int MINUTES = 24 * 60;
    private static final int LAST_MINUTE = MINUTES - 1;
    private static final int LAST_HOUR = 23;

    private final TextLanguage.Builder builder = new TextLanguage.Builder();
    private final int digits;
    private int size;
    private final int start = state();
    private final int end = state();

    private Times(int digits) {
        this.digits = digits;
    }

    private static TextLanguage characters() {
        try {
            return TextLanguage.any(
                    CodePoints.ofCharacters("0123456789-:.+TtZz"), 0, Repeat.UNBOUNDED);
        } catch (GrammarException e) {
            throw new IllegalStateException(e);
        }
    }

    /// @param digits most digits of a second's fraction, or [Repeat#UNBOUNDED]
    static TextLanguage language(int digits) {
        return new Times(digits).build();
    }

    private TextLanguage build() {
        builder.accept(end);
        int anyOffset = anyOffset();
        int ones = state();
        fraction(behind(ones, '0', '9'), new Offsets(anyOffset, anyOffset, true));
        int[] offsets = offsets();
        int[] hours = new int[LAST_HOUR / 10 + 1];
        for (int tens = 0; tens < hours.length; tens++) {
            hours[tens] = behind(start, digit(tens));
        }
        for (int hour = 0; hour <= LAST_HOUR; hour++) {
            int colon = behind(behind(hours[hour / 10], digit(hour % 10)), ':');
            for (int minute = 60 * hour; minute < 60 * hour + 60; minute += 10) {
                int tens = behind(colon, digit(minute % 60 / 10));
                for (int i = minute; i < minute + 10; i++) {
                    seconds(behind(behind(tens, digit(i % 10)), ':'), i, ones, offsets);
                }
            }
        }
        return builder.build();
    }

    /// What may follow a second and its fraction.
    ///
    /// @param east the state behind a plus sign
    /// @param west the state behind a minus sign
    /// @param isUtc whether a Z may come, too
    private record Offsets(int east, int west, boolean isUtc) {}

    private int state() {
        builder.state(false);
        return size++;
    }

    /// The state to which a character of a range leads.
    private int behind(int from, int first, int last) {
        int to = state();
        builder.edge(from, first, last, to);
        return to;
    }

    private int behind(int from, int c) {
        return behind(from, c, c);
    }

    private static int digit(int value) {
        return '0' + value;
    }

    /// @return the state behind the sign
    private int anyOffset() {
        int sign = state();
        int hour = behind(behind(sign, '0', '1'), '0', '9');
        builder.edge(behind(sign, '2'), '0', '3', hour);
        builder.edge(behind(behind(hour, ':'), '0', '5'), '0', '9', end);
        return sign;
    }

    /// @return the states behind the sign of each offset, in minutes
    private int[] offsets() {
        int[] offsets = new int[MINUTES];
        for (int i = 0; i < MINUTES; i++) {
            offsets[i] = state();
            int hour = behind(behind(offsets[i], digit(i / 600)), digit(i / 60 % 10));
            int tens = behind(behind(hour, ':'), digit(i % 60 / 10));
            builder.edge(tens, digit(i % 10), digit(i % 10), end);
        }
        return offsets;
    }

    private void seconds(int from, int minute, int ones, int[] offsets) {
        builder.edge(from, '0', '5', ones);
        Offsets leap =
                new Offsets(
                        offsets[(minute + 1) % MINUTES],
                        offsets[LAST_MINUTE - minute],
                        minute == LAST_MINUTE);
        fraction(behind(behind(from, '6'), '0'), leap);
    }

    private void fraction(int from, Offsets offsets) {
        offset(from, offsets);
        int at = behind(from, '.');
        for (int i = 0; i < (digits == Repeat.UNBOUNDED ? 1 : digits); i++) {
            at = behind(at, '0', '9');
            offset(at, offsets);
        }
        if (digits == Repeat.UNBOUNDED) {
            builder.edge(at, '0', '9', at);
        }
    }

    private void offset(int from, Offsets offsets) {
        builder.edge(from, '+', '+', offsets.east());
        builder.edge(from, '-', '-', offsets.west());
        if (offsets.isUtc()) {
            builder.edge(from, 'Z', 'Z', end);
            builder.edge(from, 'z', 'z', end);
        }
    }
}
