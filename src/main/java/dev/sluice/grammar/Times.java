package dev.sluice.grammar;

import java.time.LocalDate;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Stream;

/// The times of RFC 3339, section 5.6, as an automaton.
///
/// A leap second comes behind the last one of a day in UTC (appendix D): at each local time with
/// one offset to the east and one to the west. So the automaton remembers the minute, for as long
/// as a leap second may come, and has a state for each where others need one. Which days have one
/// is known only of the past.
final class Times {
    /// Kinds of times.
    enum Kind {
        /// All but leap seconds.
        USUAL,
        /// Leap seconds whose local day is that of UTC.
        SAME_DAY,
        /// Leap seconds whose local day is the next one, for their offset is to the east.
        NEXT_DAY
    }

    /// The days in UTC that ended with a leap second, as the IERS has announced them in its
    /// bulletins C: none since 2016, and none is to come.
    static final List<LocalDate> LEAP_DAYS =
            Stream.of(
                            "1972-06-30,1972-12-31,1973-12-31,1974-12-31,1975-12-31,1976-12-31",
                            "1977-12-31,1978-12-31,1979-12-31,1981-06-30,1982-06-30,1983-06-30",
                            "1985-06-30,1987-12-31,1989-12-31,1990-12-31,1992-06-30,1993-06-30",
                            "1994-06-30,1995-12-31,1997-06-30,1998-12-31,2005-12-31,2008-12-31",
                            "2012-06-30,2015-06-30,2016-12-31")
                    .flatMap(days -> Stream.of(days.split(",")))
                    .map(LocalDate::parse)
                    .toList();

    /// Texts of the characters that times have, with dates before them or not.
    static final TextLanguage CHARACTERS = characters();

    private static final int MINUTES = 24 * 60;
    private static final int LAST_MINUTE = MINUTES - 1;
    private static final int LAST_HOUR = 23;

    private final TextLanguage.Builder builder = new TextLanguage.Builder();
    private final Set<Kind> kinds;
    private final int digits;
    private int size;
    private final int start = state();
    private final int end = state();

    private Times(Set<Kind> kinds, int digits) {
        this.kinds = kinds;
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

    /// Times of any day.
    ///
    /// @param digits most digits of a second's fraction, or [Repeat#UNBOUNDED]
    static TextLanguage ofAnyDay(int digits) {
        return new Times(EnumSet.allOf(Kind.class), digits).build();
    }

    /// Days and times, the leap seconds only of days that had one.
    ///
    /// @param days all days, and what parts them from times
    /// @param digits as in [#ofAnyDay]
    static TextLanguage withDays(TextLanguage days, int digits) throws GrammarException {
        TextLanguage all = days.then(of(Kind.USUAL, digits));
        TextLanguage parting = TextLanguage.of(List.of("T", "t"));
        for (Kind kind : List.of(Kind.SAME_DAY, Kind.NEXT_DAY)) {
            int later = kind == Kind.NEXT_DAY ? 1 : 0;
            List<String> leapDays =
                    LEAP_DAYS.stream().map(day -> day.plusDays(later).toString()).toList();
            all = all.or(TextLanguage.of(leapDays).then(parting).then(of(kind, digits)));
        }
        return all;
    }

    private static TextLanguage of(Kind kind, int digits) {
        return new Times(EnumSet.of(kind), digits).build();
    }

    private TextLanguage build() {
        builder.accept(end);
        int anyOffset = anyOffset();
        int ones = state();
        OptionalInt usual = ifAny(Kind.USUAL, anyOffset);
        fraction(behind(ones, '0', '9'), new Offsets(usual, usual, usual.isPresent()));
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
    private record Offsets(OptionalInt east, OptionalInt west, boolean isUtc) {}

    private OptionalInt ifAny(Kind kind, int state) {
        return kinds.contains(kind) ? OptionalInt.of(state) : OptionalInt.empty();
    }

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
        int east = (minute + 1) % MINUTES;
        Kind ofEast = east == 0 ? Kind.SAME_DAY : Kind.NEXT_DAY;
        Offsets leap =
                new Offsets(
                        ifAny(ofEast, offsets[east]),
                        ifAny(Kind.SAME_DAY, offsets[LAST_MINUTE - minute]),
                        minute == LAST_MINUTE && kinds.contains(Kind.SAME_DAY));
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
        offsets.east().ifPresent(to -> builder.edge(from, '+', '+', to));
        offsets.west().ifPresent(to -> builder.edge(from, '-', '-', to));
        if (offsets.isUtc()) {
            builder.edge(from, 'Z', 'Z', end);
            builder.edge(from, 'z', 'z', end);
        }
    }
}
