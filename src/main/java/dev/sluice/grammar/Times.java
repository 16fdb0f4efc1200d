package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// The times of RFC 3339, section 5.6, with a date before them or not.
///
/// A leap second comes behind the last one of a day in UTC (appendix D): at each local time with
/// one offset to the east and one to the west. A rule has a state for each minute of a day, which
/// calls what goes on to the hour of the offset and returns to its minutes, so that the minute need
/// not be remembered by copies of all that stands between. Which days had one is known: a date has
/// leap seconds only there.
///
/// Safe for use by several threads.
final class Times {
    static final Times TIME = new Times(false);
    static final Times DATE_TIME = new Times(true);

    /// The dates of RFC 3339: all days of the years 0 to 9999.
    static final String DATE =
            "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
                    + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
                    + "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
                    + "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])"
                    + "|(?:[02468][048]|[13579][26])00)-02-29)";

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

    private static final int MINUTES = 24 * 60;

    /// Stands for a second's fraction.
    private static final char FRACTION = '_';

    /// Characters of an offset with hours and minutes.
    private static final int OFFSET = 6;

    /// Small models write digits for ever if they may.
    private static final int SHORT_DIGITS = 9;

    /// Lengths up to this are written out in a rule.
    private static final int MOST_CHARACTERS = 1_000;

    private final boolean hasDate;

    /// Characters up to a second's fraction.
    private final int base;

    private final Map<String, TextLanguage> matching = new HashMap<>();
    private @Nullable TextLanguage language;

    private Times(boolean hasDate) {
        this.hasDate = hasDate;
        this.base = hasDate ? 19 : 8;
    }

    /// All texts, as an automaton of some 20,000 states: for what [#rule] can't do.
    synchronized TextLanguage language() throws GrammarException {
        TextLanguage known = language;
        if (known == null) {
            known =
                    hasDate
                            ? usual(false)
                                    .or(onLeapDays(0, leapSeconds(true, false)))
                                    .or(onLeapDays(1, leapSeconds(false, true)))
                            : usual(false).or(leapSeconds(true, true));
            language = known;
        }
        return known;
    }

    private static TextLanguage onLeapDays(int later, TextLanguage seconds)
            throws GrammarException {
        return leapDays(later).then(TextLanguage.of(List.of("T", "t"))).then(seconds);
    }

    /// @param later how many days after those in UTC
    private static TextLanguage leapDays(int later) throws GrammarException {
        return TextLanguage.of(
                LEAP_DAYS.stream().map(day -> day.plusDays(later).toString()).toList());
    }

    private static TextLanguage leapSeconds(boolean sameDay, boolean nextDay)
            throws GrammarException {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < MINUTES; i++) {
            String local = clock(i) + ":60" + FRACTION;
            if (sameDay) {
                texts.add(local + "-" + clock(MINUTES - 1 - i));
            }
            if (nextDay && i < MINUTES - 1) {
                texts.add(local + "+" + clock(i + 1));
            }
        }
        if (sameDay) {
            String last = "23:59:60" + FRACTION;
            texts.addAll(List.of(last + "Z", last + "z", last + "+00:00"));
        }
        return withFractions(TextLanguage.of(texts));
    }

    private static String clock(int minute) {
        return "%02d:%02d".formatted(minute / 60, minute % 60);
    }

    /// The texts with any fraction or none in the place of a sign for it, which no digit follows.
    private static TextLanguage withFractions(TextLanguage signs) throws GrammarException {
        TextLanguage.Builder builder = new TextLanguage.Builder();
        for (int i = 0; i < signs.numStates(); i++) {
            builder.state(signs.accepts(i));
        }
        int size = signs.numStates();
        for (int i = 0; i < signs.numStates(); i++) {
            int behind = signs.next(i, FRACTION);
            copy(signs, i, builder, i);
            if (behind != TextLanguage.DEAD) {
                builder.state(false);
                builder.state(false);
                int point = size++;
                int digits = size++;
                builder.edge(i, '.', '.', point);
                builder.edge(point, '0', '9', digits);
                builder.edge(digits, '0', '9', digits);
                copy(signs, behind, builder, i);
                copy(signs, behind, builder, digits);
            }
        }
        return builder.build();
    }

    private static void copy(TextLanguage from, int state, TextLanguage.Builder to, int copy) {
        from.forEachEdge(
                state,
                (set, target) -> {
                    int[] ranges = set.minus(CodePoints.of(FRACTION)).ranges();
                    for (int i = 0; i < ranges.length; i += 2) {
                        to.edge(copy, ranges[i], ranges[i + 1], target);
                    }
                });
    }

    /// Those that are no leap seconds.
    private TextLanguage usual(boolean shortNumbers) throws GrammarException {
        return matching("[0-5][0-9]", shortNumbers);
    }

    /// All texts, and leap seconds with any offset.
    private TextLanguage wide(boolean shortNumbers) throws GrammarException {
        return matching("(?:[0-5][0-9]|60)", shortNumbers);
    }

    /// @param shortNumbers whether fractions are short
    private synchronized TextLanguage matching(String seconds, boolean shortNumbers)
            throws GrammarException {
        String clock = "(?:[01][0-9]|2[0-3]):[0-5][0-9]";
        String digits = shortNumbers ? "{1,%d}".formatted(SHORT_DIGITS) : "+";
        String pattern =
                (hasDate ? DATE + "[Tt]" : "")
                        + "%s:%s(?:\\.[0-9]%s)?(?:[Zz]|[+-]%s)"
                                .formatted(clock, seconds, digits, clock);
        TextLanguage known = matching.get(pattern);
        if (known == null) {
            known = TextLanguage.regex(pattern, RegexDialect.GUIDED, GrammarLimits.DEFAULT);
            matching.put(pattern, known);
        }
        return known;
    }

    /// Whether some text has `min` to `max` characters.
    ///
    /// @param max or [Repeat#UNBOUNDED]
    boolean hasLength(int min, int max) throws GrammarException {
        return usual(false).sizes().hasLength(min, max);
    }

    /// Strings that are all times, but for what offsets leap seconds have, less those with more
    /// than nine digits behind a second's point, unless lengths ask for them; any other strings as
    /// they are.
    static TextLanguage shortened(TextLanguage all, int min, int max) throws GrammarException {
        if (all.sizes().isFinite()) {
            return all;
        }
        for (Times times : List.of(DATE_TIME, TIME)) {
            if (all.isWithin(times.wide(false))) {
                TextLanguage some = all.and(times.wide(true));
                return some.sizes().hasLength(min, max) ? some : all;
            }
        }
        return all;
    }

    private record Written(Times times, boolean json, boolean isShort, int min, int max) {}

    /// The rule of strings that are times of some length, written once for a grammar; empty if they
    /// are none, or it would be larger than an automaton.
    ///
    /// @param json whether characters are written as in a JSON string
    /// @param shortNumbers whether no fraction has more than nine digits, unless the length asks
    ///   for more
    static Optional<Integer> rule(
            GrammarBuilder builder, StringSet.Piece piece, boolean json, boolean shortNumbers)
            throws GrammarException {
        if (piece.pattern().times().isEmpty()) {
            return Optional.empty();
        }
        Times times = piece.pattern().times().get();
        TextLanguage usual = times.usual(true);
        boolean isShort = shortNumbers && usual.sizes().hasLength(piece.min(), piece.max());
        // Bounds that all times keep make no other rule.
        int min = piece.min() <= usual.sizes().shortest() ? 0 : piece.min();
        int max =
                isShort && piece.max() >= usual.sizes().longest() ? Repeat.UNBOUNDED : piece.max();
        boolean isLong = min > MOST_CHARACTERS || (max > MOST_CHARACTERS && max < Repeat.UNBOUNDED);
        Written written = new Written(times, json, isShort, min, max);
        return isLong
                ? Optional.empty()
                : Optional.of(builder.once(written, () -> times.write(builder, written)));
    }

    private int write(GrammarBuilder builder, Written written) throws GrammarException {
        TextLanguage usual = usual(written.isShort());
        int rule = builder.rule();
        int start = builder.start(rule);
        int end = builder.end(rule);
        builder.call(
                start,
                CountedText.rule(builder, usual, written.json(), written.min(), written.max()),
                end);
        Leap leap = new Leap(builder, written);
        if (hasDate) {
            leap.writeMinutes(leap.behindDays(start, 0), end, true, false);
            leap.writeMinutes(leap.behindDays(start, 1), end, false, true);
        } else {
            leap.writeMinutes(start, end, true, true);
        }
        return rule;
    }

    /// Writes leap seconds.
    private final class Leap {
        private final GrammarBuilder builder;
        private final Written written;
        private final boolean json;

        /// The rules from a minute to the hour of an offset, by the sign and the hour; 0 for none.
        private final int[][] hours = new int[2][24];

        /// The states before the minutes of an offset.
        private final int[] minutes = new int[60];

        Leap(GrammarBuilder builder, Written written) {
            this.builder = builder;
            this.written = written;
            this.json = written.json();
        }

        private int behind(int from, CodePoints set) throws GrammarException {
            int to = builder.state();
            builder.chars(from, set, json, to);
            return to;
        }

        private int behind(int from, String text) throws GrammarException {
            return builder.literal(from, text, json);
        }

        private int behindDigit(int from, int digit) throws GrammarException {
            return behind(from, CodePoints.of('0' + digit));
        }

        /// @param later how many days after those in UTC
        int behindDays(int from, int later) throws GrammarException {
            int end = builder.state();
            builder.epsilon(from, leapDays(later).write(builder, json, end));
            return behind(end, CodePoints.ofCharacters("Tt"));
        }

        /// Local times and offsets.
        ///
        /// @param sameDay whether the local day may be that of UTC
        /// @param nextDay whether it may be the next one, for the offset is to the east
        void writeMinutes(int from, int to, boolean sameDay, boolean nextDay)
                throws GrammarException {
            int[] tens = {behindDigit(from, 0), behindDigit(from, 1), behindDigit(from, 2)};
            for (int hour = 0; hour < 24; hour++) {
                int colon = behind(behindDigit(tens[hour / 10], hour % 10), ":");
                for (int minute = 60 * hour; minute < 60 * hour + 60; minute += 10) {
                    int ten = behindDigit(colon, minute % 60 / 10);
                    for (int i = minute; i < minute + 10; i++) {
                        int at = behindDigit(ten, i % 10);
                        if (sameDay) {
                            writeSeconds(at, '-', MINUTES - 1 - i, to);
                        }
                        if (nextDay && i < MINUTES - 1) {
                            writeSeconds(at, '+', i + 1, to);
                        }
                    }
                }
            }
            if (sameDay) {
                int last = behind(from, "23:59");
                writeSeconds(last, '+', 0, to);
                writeUtc(last, to);
            }
        }

        /// A second and its offset from UTC.
        ///
        /// @param offset in minutes
        private void writeSeconds(int from, char sign, int offset, int to) throws GrammarException {
            builder.call(from, hour(sign, offset / 60), minutes(offset % 60, to));
        }

        private int hour(char sign, int hour) throws GrammarException {
            int[] known = hours[sign == '-' ? 1 : 0];
            if (known[hour] == 0) {
                int rule = builder.rule();
                int behind = behindFraction(behind(builder.start(rule), ":60"), OFFSET);
                String text = "%c%02d".formatted(sign, hour);
                builder.epsilon(behind(behind, text), builder.end(rule));
                known[hour] = rule;
            }
            return known[hour];
        }

        private int minutes(int count, int to) throws GrammarException {
            if (minutes[count] == 0) {
                minutes[count] = builder.state();
                builder.epsilon(behind(minutes[count], ":%02d".formatted(count)), to);
            }
            return minutes[count];
        }

        private void writeUtc(int from, int to) throws GrammarException {
            int behind = behindFraction(behind(from, ":60"), 1);
            builder.chars(behind, CodePoints.ofCharacters("Zz"), json, to);
        }

        /// A second's fraction, if any, of as many digits as make the length right.
        ///
        /// @param offset characters that follow
        /// @return the state behind it, to which nothing leads if no number of digits does
        private int behindFraction(int from, int offset) throws GrammarException {
            int behind = builder.state();
            int others = base + offset;
            if (others >= written.min() && others <= written.max()) {
                builder.epsilon(from, behind);
            }
            boolean isEndless = !written.isShort() && written.max() == Repeat.UNBOUNDED;
            int least = Math.max(1, written.min() - others - 1);
            int most = isEndless ? least : written.max() - others - 1;
            int at = behind(from, ".");
            for (int i = 1; i <= (written.isShort() ? Math.min(most, SHORT_DIGITS) : most); i++) {
                at = behind(at, CodePoints.range('0', '9'));
                if (i >= least) {
                    builder.epsilon(at, behind);
                }
            }
            if (isEndless) {
                builder.chars(at, CodePoints.range('0', '9'), json, at);
            }
            return behind;
        }
    }
}
