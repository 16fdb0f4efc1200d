package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.node.JsonNodeFactory;

import java.lang.management.ManagementFactory;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

class StringFormatsTest {
    private static final int MINUTES_PER_DAY = 24 * 60;
    private static final JsonSchemaOptions ANY_SPACE =
            JsonSchemaOptions.DEFAULT.with(JsonSchemaOptions.Whitespace.ANY);
    private static final String LABEL = "a".repeat(63);

    private final Map<String, Machine> machines = new HashMap<>();

    /// Whether a string follows a schema; fractions of seconds with more than nine digits aside,
    /// that is so whatever white space there may be.
    private boolean accepts(String schema, String text) {
        String json = JsonNodeFactory.instance.stringNode(text).toString();
        boolean accepted = GrammarTexts.accepts(machine(schema, JsonSchemaOptions.DEFAULT), json);
        assertThat(GrammarTexts.accepts(machine(schema, ANY_SPACE), json))
                .as("%s by %s", text, schema)
                .isEqualTo(accepted);
        return accepted;
    }

    private Machine machine(String schema, JsonSchemaOptions options) {
        return machines.computeIfAbsent(
                options + schema,
                _ -> {
                    try {
                        return SchemaRows.machine(SchemaRows.json(schema), options);
                    } catch (GrammarException e) {
                        throw new AssertionError(e);
                    }
                });
    }

    private boolean isValid(String format, String text) {
        return accepts("{\"type\":\"string\",\"format\":\"%s\"}".formatted(format), text);
    }

    @ParameterizedTest
    @CsvSource({
        "0000-01-01, true",
        "0000-02-29, true",
        "0000-02-30, false",
        "0100-02-29, false",
        "0400-02-29, true",
        "9999-12-31, true",
        "0000-00-01, false",
        "0000-1-01, false"
    })
    void yearsHaveFourDigits(String date, boolean valid) {
        assertThat(isValid("date", date)).isEqualTo(valid);
        assertThat(isValid("date-time", date + "T00:00:00Z")).isEqualTo(valid);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".5", ".123456789"})
    void leapSecondsAreLastOfADayInUtcWhateverTheOffset(String fraction) {
        for (int minute = 0; minute < MINUTES_PER_DAY; minute++) {
            String local = clock(minute) + ":60" + fraction;
            int east = minute + 1;
            int west = MINUTES_PER_DAY - 1 - minute;
            boolean isNextDay = east < MINUTES_PER_DAY;
            assertOffsets(local, "+", east, isNextDay ? "2017-01-01" : "2016-12-31");
            assertOffsets(local, "-", west, "2016-12-31");
            assertThat(isValid("time", local + "Z")).isEqualTo(minute == MINUTES_PER_DAY - 1);
            assertThat(isValid("time", local)).isFalse();
        }
    }

    private void assertOffsets(String local, String sign, int right, String day) {
        assertThat(isValid("time", local + sign + clock(right))).as(local).isTrue();
        for (String other : List.of("2016-12-30", "2016-12-31", "2017-01-01", "2017-12-31")) {
            assertThat(isValid("date-time", other + "T" + local + sign + clock(right)))
                    .as("%s on %s, %s", local, other, sign)
                    .isEqualTo(other.equals(day));
        }
        for (int wrong : List.of(1, 2, 10, 60, 61, 600, 720, MINUTES_PER_DAY - 1)) {
            assertThat(isValid("time", local + sign + clock(right + wrong))).as(local).isFalse();
        }
    }

    @Test
    void datesHaveTheLeapSecondsThatThereWere() {
        assertThat(Times.LEAP_DAYS).hasSize(27).doesNotHaveDuplicates();
        for (LocalDate day : Times.LEAP_DAYS) {
            assertThat(isValid("date-time", day + "T23:59:60Z")).isTrue();
            assertThat(isValid("date-time", day + "t18:59:60.5-05:00")).isTrue();
            assertThat(isValid("date-time", day.plusDays(1) + "T00:59:60+01:00")).isTrue();
            assertThat(isValid("date-time", day + "T00:59:60+01:00")).isFalse();
            assertThat(isValid("date-time", day.minusDays(1) + "T23:59:60Z")).isFalse();
            assertThat(isValid("date-time", day.plusDays(1) + "T23:59:60Z")).isFalse();
            assertThat(isValid("date-time", day.plusYears(100) + "T23:59:60Z")).isFalse();
        }
    }

    private static String clock(int minute) {
        int ofDay = Math.floorMod(minute, MINUTES_PER_DAY);
        return "%02d:%02d".formatted(ofDay / 60, ofDay % 60);
    }

    @Test
    void otherSecondsHaveAnyOffset() {
        for (int minute = 0; minute < MINUTES_PER_DAY; minute += 7) {
            String local = clock(minute) + ":59.25";
            for (int offset = 0; offset < MINUTES_PER_DAY; offset += 11) {
                assertThat(isValid("time", local + "-" + clock(offset))).isTrue();
                assertThat(isValid("time", local + "+" + clock(offset))).isTrue();
            }
            assertThat(isValid("time", local + "z")).isTrue();
            assertThat(isValid("time", clock(minute) + ":61Z")).isFalse();
            assertThat(isValid("time", local + "+24:00")).isFalse();
            assertThat(isValid("time", local + "+00:60")).isFalse();
        }
    }

    @Test
    void labelsOfHostNamesHaveUpTo63Characters() {
        assertThat(isValid("hostname", LABEL)).isTrue();
        assertThat(isValid("hostname", LABEL + "a")).isFalse();
        assertThat(isValid("hostname", "a." + LABEL + ".b")).isTrue();
        assertThat(isValid("hostname", "a." + LABEL + "a.b")).isFalse();
        assertThat(isValid("hostname", "a" + "-".repeat(61) + "a")).isTrue();
        assertThat(isValid("hostname", "a" + "-".repeat(62) + "a")).isFalse();
        assertThat(isValid("hostname", "a".repeat(62) + "-.b")).isFalse();
    }

    @Test
    void hostNamesHaveUpTo253CharactersAndAnyNumberOfLabels() {
        String long253 = (LABEL + ".").repeat(3) + "a".repeat(61);

        assertThat(long253).hasSize(253);
        assertThat(isValid("hostname", long253)).isTrue();
        assertThat(isValid("hostname", long253 + "a")).isFalse();
        assertThat(isValid("hostname", "a.".repeat(126) + "a")).isTrue();
        assertThat(isValid("hostname", "a.".repeat(126) + "ab")).isFalse();
        assertThat(isValid("hostname", "a.".repeat(127))).isFalse();
        assertThat(isValid("hostname", "")).isFalse();
        assertThat(isValid("hostname", "a..b")).isFalse();
    }

    @Test
    void drafts4And6KnowNoOtherAlphabets() {
        String schema =
                "{\"$schema\":\"http://json-schema.org/draft-0%d/schema#\",\"type\":\"string\",\"format\":\"hostname\"}";

        for (int draft : List.of(4, 6)) {
            assertThat(accepts(schema.formatted(draft), "a.xn--a")).isTrue();
            assertThat(accepts(schema.formatted(draft), "a.xn--a-")).isFalse();
        }
        assertThat(accepts(schema.formatted(7), "a.xn--a")).isFalse();
    }

    @Test
    void localPartsHaveUpTo64CharactersAndAddresses254() {
        String local = "a".repeat(64);
        String domain189 = LABEL + "." + LABEL + "." + "a".repeat(61);

        assertThat(isValid("email", local + "@a.example")).isTrue();
        assertThat(isValid("email", "a" + local + "@a.example")).isFalse();
        assertThat(isValid("email", "\"" + "a".repeat(62) + "\"@a.example")).isTrue();
        assertThat(isValid("email", "\"" + "a".repeat(63) + "\"@a.example")).isFalse();
        assertThat(local + "@" + domain189).hasSize(254);
        assertThat(isValid("email", local + "@" + domain189)).isTrue();
        assertThat(isValid("email", local + "@" + domain189 + "a")).isFalse();
        assertThat(isValid("email", "a@" + (LABEL + ".").repeat(3) + "a".repeat(60))).isTrue();
        assertThat(isValid("email", "a@" + (LABEL + ".").repeat(3) + "a".repeat(61))).isFalse();
        assertThat(isValid("email", "a@" + LABEL + "a")).isFalse();
        assertThat(isValid("email", "a@" + "b.".repeat(100) + "c")).isTrue();
        assertThat(isValid("email", local + "@[IPv6:1:2:3:4:5:6:7:8]")).isTrue();
        assertThat(isValid("email", "a@xn--ll-0ea.example")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'minLength':21",
                "'minLength':27,'maxLength':29",
                "'maxLength':20",
                "'pattern':'Z$'",
                "'pattern':'^2016.*:60[+]'",
                "'pattern':'[+-][0-9:]*$','minLength':22",
                "'not':{'format':'date'}",
                "'not':{'pattern':':60'}",
                "'anyOf':[{'format':'time'},{'minLength':22}]"
            })
    void whatElseASchemaSaysOfATimeHolds(String more) {
        for (String text :
                List.of(
                        "2016-12-31T23:59:60Z",
                        "2016-12-31T23:59:60+00:00",
                        "2017-01-01T01:29:60+01:30",
                        "2016-12-31T15:59:60.5-08:00",
                        "2016-12-31T15:59:60.25-08:00",
                        "2016-12-31T15:59:60.25-08:01",
                        "2016-12-31T15:59:59Z",
                        "2016-12-31T15:59:59.5Z",
                        "2016-12-31T15:59:59+01:00",
                        "2016-12-31")) {
            assertBoth("date-time", more.replace('\'', '"'), text);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'minLength':20",
                "'maxLength':40",
                "'minLength':60,'maxLength':200",
                "'maxLength':253",
                "'pattern':'[.]example$'",
                "'pattern':'^[^b-]*$','maxLength':252",
                "'not':{'minLength':100}",
                "'not':{'pattern':'^a'}",
                "'not':{'format':'ipv4'}"
            })
    void whatElseASchemaSaysOfANameHolds(String more) {
        for (String name :
                List.of(
                        "a",
                        "127.0.0.1",
                        "a.example",
                        LABEL + ".example",
                        "b." + LABEL + ".example",
                        LABEL + "a.example",
                        "a.".repeat(110) + "example",
                        "a.".repeat(126) + "a",
                        "a.".repeat(126) + "ab")) {
            assertBoth("hostname", more.replace('\'', '"'), name);
            assertBoth("email", more.replace('\'', '"'), "b@" + name);
        }
    }

    private void assertBoth(String format, String more, String text) {
        String schema = "{\"type\":\"string\",\"format\":\"%s\",%s}".formatted(format, more);
        boolean follows = accepts("{\"type\":\"string\",%s}".formatted(more), text);

        assertThat(accepts(schema, text))
                .as("%s by %s", text, schema)
                .isEqualTo(isValid(format, text) && follows);
    }

    @ParameterizedTest
    @CsvSource({
        "date-time, 6_000, 2016-12-31T23:59:60Z, 2016-12-31",
        "time, 3_000, 23:59:60Z, 23:59",
        "hostname, 300, a.example, a_b",
        "email, 1_000, a@b.example, a@b@c"
    })
    void aFormatIsWrittenOnceForAGrammar(
            String format, String states, String valid, String invalid) {
        String plain = "{\"type\":\"string\",\"format\":\"%s\"}".formatted(format);
        String or = "{\"oneOf\":[%s,{\"type\":\"null\"},{\"const\":\"-\"}]}".formatted(plain);

        for (String schema : List.of(plain, or, or.replace("\"-\"", "\"+\""))) {
            String three =
                    "{\"prefixItems\":[%s,%s,%s],\"items\":false,\"minItems\":3}"
                            .formatted(schema, or, plain);
            assertThat(machine(three, JsonSchemaOptions.DEFAULT).rules().ends().length)
                    .isLessThan(Integer.parseInt(states.replace("_", "")));
            assertThat(accepts(schema, valid)).isTrue();
            assertThat(accepts(schema, invalid)).isFalse();
        }
        assertThat(accepts(or, "-")).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'pattern':'$a','maxLength':0",
                "'pattern':'^[a-z]+$','maxLength':0",
                "'pattern':'^(?:ab)*$','minLength':3,'maxLength':3"
            })
    void whatNoStringFollowsIsRefused(String keywords) {
        String schema = "{\"type\":\"string\",%s}".formatted(keywords.replace('\'', '"'));

        assertThatThrownBy(() ->
                        SchemaRows.machine(SchemaRows.json(schema), JsonSchemaOptions.DEFAULT))
                .isInstanceOf(GrammarException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "0, true, true",
        "1/foo/bar, true, true",
        "2#, true, true",
        "0+1/foo, false, true",
        "1-12#, false, true",
        "0+0, false, false",
        "+1, false, false",
        "00, false, false"
    })
    void relativePointersMoveIndexesSince2020(String text, boolean before, boolean since) {
        String keywords = "\"format\":\"relative-json-pointer\"";
        String draft7 = "\"$schema\":\"http://json-schema.org/draft-07/schema#\",";

        assertThat(accepts("{\"type\":\"string\",%s}".formatted(keywords), text)).isEqualTo(since);
        assertThat(accepts("{%s\"type\":\"string\",%s}".formatted(draft7, keywords), text))
                .isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({
        "'a@[ipv6:::1]', true",
        "'a@[127.000.000.001]', true",
        "'a@[127.0.0.256]', false",
        "'a@[127.0.0.0001]', false",
        "'a@[IPv6:1::5.06.007.8]', true"
    })
    void literalsInMailHaveTagsOfEitherCaseAndLeadingZeros(String address, boolean valid) {
        assertThat(isValid("email", address)).isEqualTo(valid);
    }

    @ParameterizedTest
    @CsvSource({
        "a'b, true",
        "a\uD83D\uDE00b, true",
        "\uE000\uDBFF\uDFFD, true",
        "\uDB40\uDC01, false",
        "\uFDD0, false",
        "{=a}, true",
        "{|a}, true",
        "{-a}, false",
        "a b, false"
    })
    void templatesOfUrisHaveTheLiteralsOfTheirStandard(String text, boolean valid) {
        assertThat(isValid("uri-template", text)).isEqualTo(valid);
    }

    @ParameterizedTest
    @CsvSource({
        "1:2:3:4:5:6:7:8, true, true",
        "1:2:3:4:5:6::, true, true",
        "::1:2:3:4:5:6, true, true",
        "1:2::3:4:5:6, true, true",
        "1:2::3:4:5.6.7.8, true, true",
        "1:2:3:4:5:6:7::, true, false",
        "::1:2:3:4:5:6:7, true, false",
        "1:2::3:4:5:5.6.7.8, true, false",
        "1:2:3:4:5:6:7:8::, false, false",
        "1::2::3, false, false",
        "::, true, true"
    })
    void addressesOfMailLeaveOutTwoGroupsOrNone(String address, boolean alone, boolean inMail) {
        assertThat(isValid("ipv6", address)).isEqualTo(alone);
        assertThat(isValid("uri", "http://[" + address + "]/")).isEqualTo(alone);
        assertThat(isValid("email", "a@[IPv6:" + address + "]")).isEqualTo(inMail);
    }

    @Test
    void addressesOfTheFutureBeginWithEitherV() {
        assertThat(isValid("uri", "http://[v1.a:b]")).isTrue();
        assertThat(isValid("uri", "http://[V1.a:b]")).isTrue();
        assertThat(isValid("uri", "http://[w1.a:b]")).isFalse();
    }

    /// An object that must have more members than can be written is no place to begin.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "'type':'string','format':'hostname','pattern':'^xn--a$'",
                "'type':'string','format':'hostname','const':'xn--a'",
                "'type':'string','pattern':'$a'",
                "'items':{'items':{'items':{'items':{'items':{'pattern':'$a','type':'string'},"
                        + "'type':'array','minItems':1},'type':'array','minItems':1},'type':'array','minItems':1},"
                        + "'type':'array','minItems':1},'type':'array','minItems':1"
            })
    void membersThatCannotBeWrittenAreNotCountedOn(String value) {
        String schema =
                "{'type':'object','minProperties':3,'additionalProperties':false,"
                        + "'patternProperties':{'^[ab]$':{'type':'null'},'^[c-z]$':{"
                        + value
                        + "}}}";

        assertThatThrownBy(() ->
                        SchemaRows.machine(
                                SchemaRows.json(schema.replace('\'', '"')),
                                JsonSchemaOptions.DEFAULT))
                .isInstanceOf(GrammarException.class)
                .hasMessageMatching(".*(no text can follow|members that can't be written).*");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'propertyNames':{'format':'hostname'},'patternProperties':{'z$':{'type':'null'}}}",
                "{'propertyNames':{'format':'email'},'patternProperties':{'com$':{'type':'null'}}}",
                "{'type':'string','format':'date-time','pattern':'2'}",
                "{'type':'string','pattern':'^(a{5000})*b','not':{'pattern':'aaa'}}"
            })
    void largeAutomataTakeNoLongerThanAGrammarMay(String schema) {
        long begin = cpuNanos();
        try (GrammarCompiler compiler =
                new GrammarCompiler(
                        () -> GrammarVocabulary.of(GrammarTexts.vocabulary(List.of())),
                        GrammarLimits.DEFAULT,
                        JsonSchemaOptions.DEFAULT,
                        1)) {
            compiler.compileNow(new GrammarSpec.JsonSchema(schema.replace('\'', '"'), true));
        } catch (GrammarException e) {
            assertThat(e.kind()).isNotEqualTo(GrammarException.Kind.MALFORMED);
        }
        assertThat(cpuNanos() - begin)
                .isLessThan(2 * GrammarLimits.DEFAULT.compileTime().toNanos());
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
