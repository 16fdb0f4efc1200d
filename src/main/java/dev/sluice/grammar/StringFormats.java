package dev.sluice.grammar;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The strings of the formats that are known, exactly.
///
/// Safe for use by several threads.
final class StringFormats {
    private static final String HEX = "[0-9A-Fa-f]";
    private static final String RELATIVE_POINTER = "relative-json-pointer";

    /// The same with a number that an index is moved by, as 2020-12 has it.
    private static final String MOVED_POINTER = "moved " + RELATIVE_POINTER;

    private static final String HOSTNAME = "hostname";

    /// The same with Punycode, as draft 7 and what came behind it have it.
    private static final String ENCODED_HOSTNAME = "encoded " + HOSTNAME;

    private static final String POSITIVE = "[1-9][0-9]*";
    private static final int LONGEST_LABEL = 63;
    private static final int LONGEST_NAME = 253;
    private static final int LONGEST_LOCAL_PART = 64;
    private static final int LONGEST_ADDRESS = 254;

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

    /// RFC 5321, section 4.1.3: up to three digits.
    private static final String MAIL_OCTET = "(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]?[0-9])";

    private static final String IPV4 = ipv4(OCTET);
    private static final String GROUP = HEX + "{1,4}";
    private static final String IPV6 = ipv6(7, OCTET);
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
                    + "|\\{[+#./;?&=,!@|]?"
                    + VARIABLE
                    + "(?:,"
                    + VARIABLE
                    + ")*\\})*";
    private static final String LABEL =
            "[A-Za-z0-9](?:[A-Za-z0-9-]{0,%d}[A-Za-z0-9])?".formatted(LONGEST_LABEL - 2);
    private static final String ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-]+";
    private static final String LOCAL_PART =
            ATOM + "(?:\\." + ATOM + ")*|\"(?:[ !#-\\[\\]-~]|\\\\[ -~])*\"";

    private static final Map<String, StringSet> KNOWN = new ConcurrentHashMap<>();
    private static final Set<String> FOR_NUMBERS = Set.of("int32", "int64", "float", "double");

    private StringFormats() {}

    /// Whether a format says nothing about strings.
    static boolean isForNumbers(String format) {
        return FOR_NUMBERS.contains(format);
    }

    /// The strings of a format; empty if it is not known.
    ///
    /// @param dialect of the schema: relative pointers and host names have changed
    static Optional<StringSet> find(String format, SchemaDialect dialect) throws GrammarException {
        if (format.equals(MOVED_POINTER) || format.equals(ENCODED_HOSTNAME)) {
            return Optional.empty();
        }
        String name = name(format, dialect);
        StringSet known = KNOWN.get(name);
        if (known == null) {
            Optional<StringSet> built = build(name);
            built.ifPresent(strings -> KNOWN.putIfAbsent(name, strings));
            return built.map(strings -> KNOWN.getOrDefault(name, strings));
        }
        return Optional.of(known);
    }

    private static String name(String format, SchemaDialect dialect) {
        if (format.equals(RELATIVE_POINTER)
                && dialect.compareTo(SchemaDialect.DRAFT_2020_12) >= 0) {
            return MOVED_POINTER;
        }
        boolean isEncoded =
                format.equals(HOSTNAME) && dialect.compareTo(SchemaDialect.DRAFT_7) >= 0;
        return isEncoded ? ENCODED_HOSTNAME : format;
    }

    private static Optional<StringSet> build(String format) throws GrammarException {
        return switch (format) {
            case "time" -> Optional.of(StringSet.of(StringPattern.of(Times.TIME)));
            case "date-time" -> Optional.of(StringSet.of(StringPattern.of(Times.DATE_TIME)));
            case HOSTNAME -> Optional.of(hostname());
            case ENCODED_HOSTNAME -> Optional.of(encodedHostname());
            case "email" -> Optional.of(email());
            default -> language(format).map(all -> StringSet.of(StringPattern.of(all)));
        };
    }

    private static Optional<TextLanguage> language(String format) throws GrammarException {
        return switch (format) {
            case "date" -> Optional.of(regex(Times.DATE));
            case "duration" -> Optional.of(regex(DURATION));
            case "ipv4" -> Optional.of(regex(IPV4));
            case "ipv6" -> Optional.of(regex(IPV6));
            case "uuid" -> Optional.of(regex(UUID));
            case "uri" -> Optional.of(regex(URI));
            case "uri-reference" -> Optional.of(regex(URI + "|" + RELATIVE_REFERENCE));
            case "uri-template" -> Optional.of(regex(TEMPLATE));
            case "json-pointer" -> Optional.of(regex(POINTER));
            case RELATIVE_POINTER -> Optional.of(relativePointer(""));
            case MOVED_POINTER -> Optional.of(relativePointer("(?:[+-]" + POSITIVE + ")?"));
            default -> Optional.empty();
        };
    }

    /// @param move what an index is moved by
    private static TextLanguage relativePointer(String move) throws GrammarException {
        return regex("(?:0|" + POSITIVE + ")" + move + "(?:#|" + POINTER + ")");
    }

    private static TextLanguage regex(String pattern) throws GrammarException {
        return TextLanguage.regex(pattern, RegexDialect.GUIDED, GrammarLimits.DEFAULT);
    }

    /// RFC 1123, section 2.1.
    private static StringSet hostname() throws GrammarException {
        return StringSet.of(StringPattern.of(names(regex(LABEL))), 0, LONGEST_NAME);
    }

    /// The same, where labels that begin with `xn--` spell labels of other alphabets.
    private static StringSet encodedHostname() throws GrammarException {
        TextLanguage label = regex(LABEL);
        TextLanguage plain = names(label.minus(regex("[Xx][Nn]--.*")));
        return StringSet.of(StringPattern.of(names(label), plain), 0, LONGEST_NAME);
    }

    /// RFC 5321, section 4.1.2. The limits are those of sections 4.5.3.1.1 and 4.5.3.1.3, where a
    /// path is an address in angle brackets, and of RFC 1035, section 2.3.4.
    private static StringSet email() throws GrammarException {
        TextLanguage local = regex(LOCAL_PART).and(TextLanguage.ofLength(1, LONGEST_LOCAL_PART));
        String literal =
                "\\[(?:%s|[Ii][Pp][Vv]6:(?:%s))\\]"
                        .formatted(ipv4(MAIL_OCTET), ipv6(6, MAIL_OCTET));
        TextLanguage domain = names(regex(LABEL)).or(regex(literal));
        TextLanguage address = local.then(TextLanguage.of("@")).then(domain);
        return StringSet.of(StringPattern.of(address), 0, LONGEST_ADDRESS);
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

    private static String ipv4(String octet) {
        return "(?:%s\\.){3}%s".formatted(octet, octet);
    }

    /// RFC 4291, section 2.2: eight groups, or fewer around one "::", the last two as an IPv4
    /// address or not.
    ///
    /// @param most groups around "::", of which RFC 5321 wants two left out at least
    private static String ipv6(int most, String octet) {
        StringBuilder all = new StringBuilder();
        String last = "(?:" + GROUP + ":" + GROUP + "|" + ipv4(octet) + ")";
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
