package dev.sluice.grammar;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The strings of the formats that are known. Where a format asks for more than an automaton of
/// modest size can tell, fewer strings are allowed than it has, never others.
///
/// Safe for use by several threads.
final class StringFormats {
    private static final String HEX = "[0-9A-Fa-f]";
    private static final String DATE =
            "[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
                    + "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
                    + "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
                    + "|(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])"
                    + "|(?:[02468][048]|[13579][26])00)-02-29";
    private static final String LEAP_DAYS =
            "(?:198[1235]|199[2347]|1972|2012|2015)-06-30"
                    + "|(?:197[2-9]|1987|1989|199[058]|2005|2008|2016)-12-31";
    private static final String FRACTION = "(?:\\.[0-9]+)?";
    private static final String TIME = time(FRACTION);

    /// Begins the names of formats of our own: to the nanosecond.
    private static final String SHORT = "short ";

    private static final String SHORT_FRACTION = "(?:\\.[0-9]{1,9})?";
    private static final String SHORT_TIME = time(SHORT_FRACTION);

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
    private static final String IPV6 = ipv6();
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
            "(?:[!#$&(-;=?-\\[\\]_a-z~\\xA0-\\uD7FF\\uF900-\\uFDCF\\uFDF0-\\uFFEF]|"
                    + PERCENT
                    + "|\\{[+#./;?&]?"
                    + VARIABLE
                    + "(?:,"
                    + VARIABLE
                    + ")*\\})*";
    private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-]+";
    private static final String LOCAL_PART =
            ATOM + "(?:\\." + ATOM + ")*|\"(?:[ !#-\\[\\]-~]|\\\\[ -~])*\"";

    private static final Map<String, TextLanguage> KNOWN = new ConcurrentHashMap<>();
    private static final Set<String> FOR_NUMBERS = Set.of("int32", "int64", "float", "double");

    private StringFormats() {}

    /// Whether a format says nothing about strings.
    static boolean isForNumbers(String format) {
        return FOR_NUMBERS.contains(format);
    }

    /// The strings of a format; empty if it is not known.
    static Optional<TextLanguage> find(String format) throws GrammarException {
        return format.startsWith(SHORT) ? Optional.empty() : remembered(format);
    }

    private static TextLanguage known(String format) throws GrammarException {
        return remembered(format).orElseThrow();
    }

    private static Optional<TextLanguage> remembered(String format) throws GrammarException {
        TextLanguage known = KNOWN.get(format);
        if (known == null) {
            Optional<TextLanguage> built = build(format);
            built.ifPresent(language -> KNOWN.put(format, language));
            return built;
        }
        return Optional.of(known);
    }

    private static Optional<TextLanguage> build(String format) throws GrammarException {
        return switch (format) {
            case "date" -> Optional.of(regex(DATE));
            case "time" -> Optional.of(regex(TIME));
            case "date-time" -> Optional.of(dateTime(FRACTION));
            case SHORT + "time" -> Optional.of(regex(SHORT_TIME));
            case SHORT + "date-time" -> Optional.of(dateTime(SHORT_FRACTION));
            case "duration" -> Optional.of(regex(DURATION));
            case "ipv4" -> Optional.of(regex(IPV4));
            case "ipv6" -> Optional.of(regex(IPV6));
            case "hostname" -> Optional.of(hostname());
            case "email" -> Optional.of(email());
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

    private static TextLanguage regex(String pattern) throws GrammarException {
        return TextLanguage.regex(pattern, RegexDialect.GUIDED, GrammarLimits.DEFAULT);
    }

    /// RFC 3339, section 5.6. A leap second is the last one of a day in UTC; other offsets than
    /// none are left out.
    private static String time(String fraction) {
        return usualTime(fraction) + "|" + leapSecond(fraction);
    }

    private static String usualTime(String fraction) {
        return "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
                + fraction
                + "(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])";
    }

    private static String leapSecond(String fraction) {
        return "23:59:60" + fraction + "(?:[Zz]|[+-]00:00)";
    }

    /// Strings that are all times, less those with more than nine digits behind a second's point;
    /// any other strings as they are. Small models write digits for ever if they may.
    static TextLanguage withoutLongFractions(TextLanguage language) throws GrammarException {
        if (language.isFinite()) {
            return language;
        }
        for (String format : List.of("date-time", "time")) {
            if (language.minus(known(format)).isEmpty()) {
                return language.and(known(SHORT + format));
            }
        }
        return language;
    }

    /// RFC 3339, section 5.6. Leap seconds have been inserted on the days that the IERS announced
    /// in its bulletins C; none since 2016, and none is to come.
    private static TextLanguage dateTime(String fraction) throws GrammarException {
        TextLanguage leap = regex("(?:" + LEAP_DAYS + ")[Tt]" + leapSecond(fraction));
        return regex("(?:" + DATE + ")[Tt](?:" + usualTime(fraction) + ")").or(leap);
    }

    /// RFC 1123. Names of many long labels and labels with two hyphens in the third place (of which
    /// only some are names in other alphabets) are left out.
    private static TextLanguage hostname() throws GrammarException {
        return labels(3, 63).or(labels(8, 30));
    }

    /// RFC 5321, section 4.1.2. The domain is so short that no address is longer than the 254
    /// characters of section 4.5.3.1.3.
    private static TextLanguage email() throws GrammarException {
        TextLanguage local = regex(LOCAL_PART).and(TextLanguage.ofLength(1, 64));
        TextLanguage literal = regex("\\[(?:" + IPV4 + "|IPv6:(?:" + IPV6 + "))\\]");
        TextLanguage domain = labels(3, 62).or(labels(6, 30));
        return local.then(TextLanguage.of("@")).then(domain.or(literal));
    }

    private static TextLanguage labels(int most, int length) throws GrammarException {
        String label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,%d}[A-Za-z0-9])?".formatted(length - 2);
        TextLanguage one = regex(label).minus(regex("..--.*"));
        return one.then(TextLanguage.of(".").then(one).repeat(0, most - 1));
    }

    /// RFC 4291, section 2.2: eight groups, or fewer around one "::", the last two as an IPv4
    /// address or not.
    private static String ipv6() {
        StringBuilder all = new StringBuilder();
        String last = "(?:" + GROUP + ":" + GROUP + "|" + IPV4 + ")";
        all.append("(?:").append(GROUP).append(":){6}").append(last);
        for (int before = 0; before <= 6; before++) {
            // At most 7 groups around "::".
            String left = before == 0 ? "" : GROUP + "(?::" + GROUP + "){" + (before - 1) + "}";
            int room = 7 - before;
            StringBuilder right = new StringBuilder("(?:|" + GROUP);
            if (room >= 2) {
                right.append("|(?:").append(GROUP).append(":){0,").append(room - 2).append('}');
                right.append(last);
            }
            all.append('|').append(left).append("::").append(right).append(')');
        }
        String seven = GROUP + "(?::" + GROUP + "){6}";
        return all.append('|').append(seven).append("::").toString();
    }

    private static String authority() {
        String user = "(?:(?:[" + UNRESERVED + DELIMITERS + ":]|" + PERCENT + ")*@)?";
        String name = "(?:[" + UNRESERVED + DELIMITERS + "]|" + PERCENT + ")*";
        String future = "v" + HEX + "+\\.[" + UNRESERVED + DELIMITERS + ":]+";
        String literal = "\\[(?:" + ipv6() + "|" + future + ")\\]";
        return user + "(?:" + literal + "|" + name + ")(?::[0-9]*)?";
    }
}
