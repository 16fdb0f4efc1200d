package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The strings of the formats that are known, exactly, but for one exception: host names with
/// labels that begin with `xn--` are left out. Which of these are names in other alphabets can't be
/// told without decoding them and without tables of Unicode.
///
/// Leap seconds and the lengths of names make large automata. They are made once, when they are
/// first asked for, and written once for all grammars ([#rule]).
///
/// Safe for use by several threads.
final class StringFormats {
    private static final String HEX = "[0-9A-Fa-f]";
    private static final String DATE =
            "(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
                    + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
                    + "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
                    + "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])"
                    + "|(?:[02468][048]|[13579][26])00)-02-29)";
    private static final List<String> TIMES = List.of("date-time", "time");

    /// Begins the names of formats of our own: to the nanosecond.
    private static final String SHORT = "short ";

    private static final int SHORT_DIGITS = 9;
    private static final int LONGEST_LABEL = 63;
    private static final int LONGEST_NAME = 253;
    private static final int LONGEST_LOCAL_PART = 64;
    private static final int LONGEST_ADDRESS = 254;

    /// From so many states on, a language is written once for all grammars.
    private static final int MANY_STATES = 1_000;

    private static final String SECONDS = "[0-9]+S";
    private static final String MINUTES = "[0-9]+M(?:" + SECONDS + ")?";
    private static final String HOURS = "[0-9]+H(?:" + MINUTES + ")?";
    private static final String CLOCK = "T(?:" + HOURS + "|" + MINUTES + "|" + SECONDS + ")";
    private static final String DAYS = "[0-9]+D";
    private static final String MONTHS = "[0-9]+M(?:" + DAYS + ")?";
    private static final String YEARS = "[0-9]+Y(?:" + MONTHS + ")?";
    private static final String DURATION =
            "P(?:(?:%s|%s|%s)(?:%s)?|%s|[0-9]+W)".formatted(YEARS, MONTHS, DAYS, CLOCK, CLOCK);
    private static final String OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
    private static final String IPV4 = "(?:%s\\.){3}%s".formatted(OCTET, OCTET);
    private static final String GROUP = HEX + "{1,4}";
    private static final String IPV6 = ipv6(7);
    private static final String UUID =
            "%s{8}-%s{4}-%s{4}-%s{4}-%s{12}".formatted(HEX, HEX, HEX, HEX, HEX);
    private static final String POINTER = "(?:/(?:[^~/]|~[01])*)*";
    private static final String UNRESERVED = "A-Za-z0-9._~\\-";
    private static final String DELIMITERS = "!$&'()*+,;=";
    private static final String PERCENT = "%" + HEX + HEX;
    private static final String URI_CHARACTER =
            "(?:[" + UNRESERVED + DELIMITERS + ":@]|" + PERCENT + ")";
    private static final String AUTHORITY = authority();
    private static final String SEGMENTS = "(?:/" + URI_CHARACTER + "*)*";
    private static final String ROOTED = "/(?:" + URI_CHARACTER + "+" + SEGMENTS + ")?";
    private static final String QUERY_AND_FRAGMENT =
            "(?:\\?(?:%s|[/?])*)?(?:#(?:%s|[/?])*)?".formatted(URI_CHARACTER, URI_CHARACTER);
    private static final String URI =
            "[A-Za-z][A-Za-z0-9+.\\-]*:(?://%s%s|%s|%s+%s|)%s"
                    .formatted(
                            AUTHORITY,
                            SEGMENTS,
                            ROOTED,
                            URI_CHARACTER,
                            SEGMENTS,
                            QUERY_AND_FRAGMENT);
    private static final String RELATIVE_REFERENCE =
            "(?://%s%s|%s|(?:[%s%s@]|%s)+%s|)%s"
                    .formatted(
                            AUTHORITY,
                            SEGMENTS,
                            ROOTED,
                            UNRESERVED,
                            DELIMITERS,
                            PERCENT,
                            SEGMENTS,
                            QUERY_AND_FRAGMENT);
    private static final String VARIABLE_CHARACTER = "(?:[A-Za-z0-9_]|" + PERCENT + ")";
    private static final String VARIABLE =
            VARIABLE_CHARACTER + "(?:\\.?" + VARIABLE_CHARACTER + ")*(?::[1-9][0-9]{0,3}|\\*)?";
    private static final String TEMPLATE =
            "(?:[!#$&-;=?-\\[\\]_a-z~"
                    + otherLiterals()
                    + "]|"
                    + PERCENT
                    + "|\\{[+#./;?&]?"
                    + VARIABLE
                    + "(?:,"
                    + VARIABLE
                    + ")*\\})*";
    private static final String LABEL =
            "[A-Za-z0-9](?:[A-Za-z0-9-]{0,%d}[A-Za-z0-9])?".formatted(LONGEST_LABEL - 2);
    private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-]+";
    private static final String LOCAL_PART =
            ATOM + "(?:\\." + ATOM + ")*|\"(?:[ !#-\\[\\]-~]|\\\\[ -~])*\"";

    private static final Map<String, Known> KNOWN = new ConcurrentHashMap<>();
    private static final Set<String> FOR_NUMBERS = Set.of("int32", "int64", "float", "double");

    private StringFormats() {}

    /// The strings of a format: those of a language that are no longer than `max`.
    private static final class Known {
        private final TextLanguage language;
        private final int max;
        private @Nullable SharedRule rule;

        Known(TextLanguage language, int max) {
            this.language = language;
            this.max = max;
        }

        StringSet strings() {
            return StringSet.of(StringPattern.of(language), 0, max);
        }

        boolean isLarge() {
            return max != Repeat.UNBOUNDED || language.numStates() >= MANY_STATES;
        }

        /// Synchronized, for it takes long to make.
        synchronized SharedRule rule() throws GrammarException {
            SharedRule made = rule;
            if (made == null) {
                TextLanguage all =
                        max == Repeat.UNBOUNDED
                                ? language
                                : language.and(TextLanguage.ofLength(0, max));
                made = SharedRule.write(all);
                rule = made;
            }
            return made;
        }
    }

    /// Whether a format says nothing about strings.
    static boolean isForNumbers(String format) {
        return FOR_NUMBERS.contains(format);
    }

    /// The strings of a format; empty if it is not known.
    static Optional<StringSet> find(String format) throws GrammarException {
        return format.startsWith(SHORT) ? Optional.empty() : remembered(format).map(Known::strings);
    }

    /// The rule of a large format, if strings of a language with a number of characters are those
    /// of one, as [#find] or [#withoutLongFractions] has given it.
    static Optional<SharedRule> rule(TextLanguage language, int min, int max)
            throws GrammarException {
        for (Known known : KNOWN.values()) {
            if (known.language.equals(language)
                    && min == 0
                    && max == known.max
                    && known.isLarge()) {
                return Optional.of(known.rule());
            }
        }
        return Optional.empty();
    }

    /// Whether a pattern is a format that is written by [#rule].
    static boolean isLarge(StringPattern pattern) throws GrammarException {
        if (pattern.isExpression()) {
            return false;
        }
        TextLanguage language = pattern.language();
        for (Known known : KNOWN.values()) {
            if (known.language.equals(language)) {
                return known.isLarge();
            }
        }
        return false;
    }

    private static TextLanguage known(String format) throws GrammarException {
        return remembered(format).orElseThrow().language;
    }

    private static Optional<Known> remembered(String format) throws GrammarException {
        Known known = KNOWN.get(format);
        if (known == null) {
            Optional<Known> built = build(format);
            built.ifPresent(strings -> KNOWN.putIfAbsent(format, strings));
            return built.map(strings -> KNOWN.getOrDefault(format, strings));
        }
        return Optional.of(known);
    }

    private static Optional<Known> build(String format) throws GrammarException {
        return switch (format) {
            case "hostname" -> Optional.of(new Known(hostname(), LONGEST_NAME));
            case "email" -> Optional.of(new Known(email(), LONGEST_ADDRESS));
            default -> language(format).map(language -> new Known(language, Repeat.UNBOUNDED));
        };
    }

    private static Optional<TextLanguage> language(String format) throws GrammarException {
        return switch (format) {
            case "date" -> Optional.of(regex(DATE));
            case "time" -> Optional.of(Times.ofAnyDay(Repeat.UNBOUNDED));
            case "date-time" -> Optional.of(dateTime(Repeat.UNBOUNDED));
            case SHORT + "time" -> Optional.of(Times.ofAnyDay(SHORT_DIGITS));
            case SHORT + "date-time" -> Optional.of(dateTime(SHORT_DIGITS));
            case "duration" -> Optional.of(regex(DURATION));
            case "ipv4" -> Optional.of(regex(IPV4));
            case "ipv6" -> Optional.of(regex(IPV6));
            case "uuid" -> Optional.of(regex(UUID));
            case "uri" -> Optional.of(regex(URI));
            case "uri-reference" -> Optional.of(regex(URI + "|" + RELATIVE_REFERENCE));
            case "uri-template" -> Optional.of(regex(TEMPLATE));
            case "json-pointer" -> Optional.of(regex(POINTER));
            case "relative-json-pointer" ->
                    Optional.of(regex("(?:0|[1-9][0-9]*)(?:#|" + POINTER + ")"));
            default -> Optional.empty();
        };
    }

    private static TextLanguage dateTime(int digits) throws GrammarException {
        return Times.withDays(regex(DATE + "[Tt]"), digits);
    }

    private static TextLanguage regex(String pattern) throws GrammarException {
        return TextLanguage.regex(pattern, RegexDialect.GUIDED, GrammarLimits.DEFAULT);
    }

    /// Strings that are all times, less those with more than nine digits behind a second's point;
    /// any other strings as they are. Small models write digits for ever if they may.
    static TextLanguage withoutLongFractions(TextLanguage language) throws GrammarException {
        for (String format : TIMES) {
            if (KNOWN.containsKey(format) && language.equals(known(format))) {
                return known(SHORT + format);
            }
        }
        if (language.isFinite() || !language.isWithin(Times.CHARACTERS)) {
            return language;
        }
        for (String format : TIMES) {
            if (language.isWithin(known(format))) {
                return language.and(known(SHORT + format));
            }
        }
        return language;
    }

    /// RFC 1123, section 2.1, but for what may be names in other alphabets.
    private static TextLanguage hostname() throws GrammarException {
        return names(regex(LABEL).minus(regex("[Xx][Nn]--.*")));
    }

    /// RFC 5321, section 4.1.2. The limits are those of sections 4.5.3.1.1 and 4.5.3.1.3, where a
    /// path is an address in angle brackets, and of RFC 1035, section 2.3.4.
    private static TextLanguage email() throws GrammarException {
        TextLanguage local = regex(LOCAL_PART).and(TextLanguage.ofLength(1, LONGEST_LOCAL_PART));
        TextLanguage literal = regex("\\[(?:" + IPV4 + "|IPv6:(?:" + ipv6(6) + "))\\]");
        TextLanguage domain = names(regex(LABEL)).or(literal);
        return local.then(TextLanguage.of("@")).then(domain);
    }

    /// RFC 6570, section 2.1: characters beyond ASCII.
    private static String otherLiterals() {
        StringBuilder all = new StringBuilder("\\xA0-\\uD7FF\\uE000-\\uFDCF\\uFDF0-\\uFFEF");
        for (int plane = 0x1; plane <= 0x10; plane++) {
            // Plane 14 begins with characters that only mark others.
            int first = (plane << 16) + (plane == 0xE ? 0x1000 : 0);
            all.append("\\u{%x}-\\u{%x}".formatted(first, (plane << 16) + 0xFFFD));
        }
        return all.toString();
    }

    private static TextLanguage names(TextLanguage label) throws GrammarException {
        return label.then(TextLanguage.of(".").then(label).repeat(0, Repeat.UNBOUNDED));
    }

    /// RFC 4291, section 2.2: eight groups, or fewer around one "::", the last two as an IPv4
    /// address or not.
    ///
    /// @param most groups around "::", of which RFC 5321 wants two left out at least
    private static String ipv6(int most) {
        StringBuilder all = new StringBuilder();
        String last = "(?:" + GROUP + ":" + GROUP + "|" + IPV4 + ")";
        all.append("(?:").append(GROUP).append(":){6}").append(last);
        for (int before = 0; before <= most; before++) {
            String left = before == 0 ? "" : GROUP + "(?::" + GROUP + "){" + (before - 1) + "}";
            int room = most - before;
            StringBuilder right = new StringBuilder("(?:");
            if (room >= 1) {
                right.append('|').append(GROUP);
            }
            if (room >= 2) {
                right.append("|(?:").append(GROUP).append(":){0,").append(room - 2).append('}');
                right.append(last);
            }
            all.append('|').append(left).append("::").append(right).append(')');
        }
        return all.toString();
    }

    private static String authority() {
        String user = "(?:(?:[" + UNRESERVED + DELIMITERS + ":]|" + PERCENT + ")*@)?";
        String name = "(?:[" + UNRESERVED + DELIMITERS + "]|" + PERCENT + ")*";
        String future = "[Vv]" + HEX + "+\\.[" + UNRESERVED + DELIMITERS + ":]+";
        String literal = "\\[(?:" + IPV6 + "|" + future + ")\\]";
        return user + "(?:" + literal + "|" + name + ")(?::[0-9]*)?";
    }
}
