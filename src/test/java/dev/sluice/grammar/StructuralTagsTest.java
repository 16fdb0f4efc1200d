package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

class StructuralTagsTest {
    /// Two functions with one trigger.
    private static final String FUNCTIONS =
            """
            {"type": "structural_tag",
             "structures": [
               {"begin": "<function=add>",
                "schema": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"],
                           "additionalProperties": false},
                "end": "</function>"},
               {"begin": "<function=now>", "schema": null, "end": "</function>"}],
             "triggers": ["<function="]}
            """;

    /// The end begins with what the text must not have.
    private static final String EXCLUDING =
            "{\"type\":\"tag\",\"begin\":\"\",\"content\":{\"type\":\"any_text\",\"excludes\":[\"</\"]},\"end\":\"</a>\"}";

    /// Two triggers, and an end that its own JSON may hold inside a string.
    private static final String TOOLS =
            """
            {"structures": [
               {"begin": "<tool>", "schema": {"type": "array", "items": {"type": "string"}}, "end": "]"},
               {"begin": "[[", "schema": {"enum": ["x", "y"]}, "end": "]]"}],
             "triggers": ["<to", "[["]}
            """;

    private static Rules rules(String tag) throws GrammarException {
        return new SpecWriter(
                        new GrammarBuilder(GrammarLimits.DEFAULT),
                        JsonSchemaOptions.DEFAULT.with(JsonSchemaOptions.Whitespace.ANY))
                .write(new GrammarSpec.StructuralTag(tag));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "`` ~ true",
                "no call at all ~ true",
                "a < b and <b>bold</b> ~ true",
                "<function ~ true",
                "<function=add>{\"a\": 1}</function> ~ true",
                "text <function=add>{\"a\": 1}</function> ~ true",
                "<function=add>{\"a\": 1}</function> text ~ true",
                "<function=add>{\"a\":1}</function><function=add>{\"a\":2}</function> ~ true",
                "x<function=add>{\"a\":1}</function>y<function=now>{}</function>z ~ true",
                "<function=now>{\"any\": [1, null]}</function> ~ true",
                "<<function=now>{}</function> ~ true",
                "<function=add>{\"a\": \"1\"}</function> ~ false",
                "<function=add>{\"b\": 1}</function> ~ false",
                "<function=add>{}</function> ~ false",
                "<function=sub>{\"a\": 1}</function> ~ false",
                "<function= ~ false",
                "<function=add>{\"a\": 1} ~ false",
                "<function=add>{\"a\": 1}</funktion> ~ false",
                "<function=add>text</function> ~ false",
                "<function=now>1</function> ~ false",
                "<function=add>{\"a\": 1}</function><function=add> ~ false"
            })
    void callsOfFunctionsStandInFreeText(String text, boolean accepted) throws GrammarException {
        assertThat(GrammarTexts.accepts(rules(FUNCTIONS), text)).isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "<t and [ ] ~ true",
                "<tool>[\"a\", \"]\"]] ~ true",
                "<tool>[]] behind ~ true",
                "[[\"x\"]] and <tool>[]] ~ true",
                "[[\"y\"]][[\"x\"]] ~ true",
                "[[\"z\"]] ~ false",
                "<to ~ false",
                "<tool>[1]] ~ false",
                "[[ ~ false"
            })
    void severalTriggersHaveTheirOwnTags(String text, boolean accepted) throws GrammarException {
        assertThat(GrammarTexts.accepts(rules(TOOLS), text)).isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"any_text\"} ~ anything ~ true",
                "{\"type\":\"tag\",\"begin\":\"<a>\",\"content\":{\"type\":\"any_text\"},\"end\":\"</a>\"} ~ <a>b<c></a> ~ true",
                "{\"type\":\"tag\",\"begin\":\"<a>\",\"content\":{\"type\":\"any_text\"},\"end\":\"</a>\"} ~ <a>b</a></a> ~ false",
                "{\"type\":\"or\",\"elements\":[{\"type\":\"regex\",\"pattern\":\"[0-9]+\"},{\"type\":\"const_string\",\"value\":\"none\"}]} ~ 42 ~ true",
                "{\"type\":\"repeat\",\"min\":2,\"max\":3,\"content\":{\"type\":\"const_string\",\"value\":\"ab\"}} ~ abab ~ true",
                "{\"type\":\"repeat\",\"min\":2,\"max\":3,\"content\":{\"type\":\"const_string\",\"value\":\"ab\"}} ~ ab ~ false",
                "{\"type\":\"any_text\",\"excludes\":[\"no\"]} ~ now ~ false",
                EXCLUDING + " ~ a<b</a> ~ true",
                EXCLUDING + " ~ a</b>b</a> ~ false",
                EXCLUDING + " ~ a</</a> ~ false",
                EXCLUDING + " ~ a</a>b</a> ~ false"
            })
    void formatsAreATree(String format, String text, boolean accepted) throws GrammarException {
        Rules rules = rules("{\"type\":\"structural_tag\",\"format\":" + format + "}");

        assertThat(GrammarTexts.accepts(rules, text)).isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "true ~ {\"a\": 1, \"b\": {\"c\": 1, \"d\": 2}} ~ true",
                "true ~ {\"b\": {\"d\": 2, \"c\": 1}, \"a\": 1} ~ true",
                "true ~ {\"b\": {\"d\": 2, \"c\": 1}} ~ false",
                "true ~ {\"b\": {\"d\": 2, \"c\": 1}, \"a\": 1, \"b\": {}} ~ false",
                "false ~ {\"a\": 1, \"b\": {\"c\": 1, \"d\": 2}} ~ true",
                "false ~ {\"b\": {\"c\": 1, \"d\": 2}, \"a\": 1} ~ false",
                "null ~ {\"b\": {\"c\": 1, \"d\": 2}, \"a\": 1} ~ false"
            })
    void keysComeInAnyOrderWhereTheFormatSaysSo(String anyOrder, String text, boolean accepted)
            throws GrammarException {
        Rules rules =
                rules(
                        """
                        {"type": "structural_tag", "format": {"type": "json_schema", "any_order": %s,
                          "json_schema": {"type": "object", "properties": {"a": {"type": "integer"},
                            "b": {"type": "object", "properties": {"c": {}, "d": {}}}}, "required": ["a"],
                            "additionalProperties": false}}}
                        """
                                .formatted(anyOrder));

        assertThat(GrammarTexts.accepts(rules, text)).isEqualTo(accepted);
    }

    private static Rules xml(String schema) throws GrammarException {
        return rules(
                "{\"format\":{\"type\":\"qwen_xml_parameter\",\"json_schema\":%s}}"
                        .formatted(schema));
    }

    private static String parameters(String... namesAndValues) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            text.append(
                    "<parameter=%s>%s</parameter>"
                            .formatted(namesAndValues[i], namesAndValues[i + 1]));
        }
        return text.toString();
    }

    /// One line end on either side is not part of a value; `\u00b6` stands for line ends here.
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"string\"} ~ any <b>text</b></param>\u00b6\u00b6 ~ true",
                "{\"type\":\"string\"} ~ `` ~ true",
                "{\"type\":\"string\",\"maxLength\":4} ~ 1234 ~ true",
                "{\"type\":\"string\",\"maxLength\":4} ~ 12345 ~ false",
                "{\"type\":\"string\",\"maxLength\":4} ~ \u00b61234\u00b6 ~ true",
                "{\"type\":\"string\",\"maxLength\":4} ~ \u00b6\u00b6123\u00b6 ~ true",
                "{\"type\":\"string\",\"maxLength\":4} ~ \u00b6\u00b61234\u00b6 ~ false",
                "{\"type\":\"string\",\"maxLength\":4} ~ 1234\u00b6 ~ true",
                "{\"type\":\"string\",\"maxLength\":4} ~ \u00b61234\u00b6\u00b6 ~ false",
                "{\"type\":\"string\",\"maxLength\":4} ~ \ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00 ~ true",
                "{\"type\":\"string\",\"maxLength\":90} ~ a</parameter>b ~ false",
                "{\"type\":\"string\",\"maxLength\":90} ~ a<</parameter<b ~ true",
                "{\"type\":\"string\",\"minLength\":2} ~ 1 ~ false",
                "{\"type\":\"string\",\"minLength\":2} ~ \u00b61\u00b6 ~ false",
                "{\"type\":\"string\",\"minLength\":2} ~ 12 ~ true",
                "{\"type\":\"string\",\"minLength\":2} ~ 12345678 ~ true",
                "{\"type\":\"string\",\"minLength\":2} ~ 12</parameter>3 ~ false",
                "{\"type\":\"string\",\"pattern\":\"^[a-c]+$\"} ~ abc ~ true",
                "{\"type\":\"string\",\"pattern\":\"^[a-c]+$\"} ~ abd ~ false",
                "{\"type\":\"string\",\"pattern\":\"^[a-c]+$\",\"maxLength\":2} ~ abc ~ false",
                "{\"type\":\"string\",\"pattern\":\"^[a-c]+$\",\"maxLength\":2} ~ ab ~ true",
                "{\"type\":\"string\",\"pattern\":\"b\"} ~ abc ~ true",
                "{\"type\":\"string\",\"pattern\":\"b\"} ~ axc ~ false",
                "{\"type\":\"string\",\"pattern\":\"b\"} ~ x</parameter>b ~ false",
                "{\"type\":\"string\",\"format\":\"date\"} ~ 2026-11-27 ~ true",
                "{\"type\":\"string\",\"format\":\"date\"} ~ tomorrow ~ false",
                "{\"type\":\"string\",\"format\":\"date-time\"} ~ 2017-01-01T00:59:60+01:00 ~ true",
                "{\"type\":\"string\",\"format\":\"date-time\"} ~ \u00b62016-12-31T23:59:60Z\u00b6 ~ true",
                "{\"type\":\"string\",\"format\":\"date-time\"} ~ 2017-12-31T23:59:60Z ~ false",
                "{\"type\":\"string\",\"format\":\"hostname\",\"maxLength\":4} ~ \u00b6a.bc\u00b6 ~ true",
                "{\"type\":\"string\",\"format\":\"hostname\",\"maxLength\":4} ~ a.bcd ~ false",
                "{\"enum\":[\"a<b\",\"c\"]} ~ a<b ~ true",
                "{\"enum\":[\"a<b\",\"c\"]} ~ \u00b6c\u00b6 ~ true",
                "{\"enum\":[\"a<b\",\"c\"]} ~ \u00b6\u00b6c\u00b6 ~ false",
                "{\"enum\":[\"a<b\",\"c\"]} ~ d ~ false",
                "{\"type\":\"string\",\"const\":\"k\"} ~ k ~ true",
                "{\"type\":\"string\",\"const\":\"k\"} ~ kk ~ false",
                "{\"type\":\"string\",\"not\":{\"enum\":[\"no\"]}} ~ no ~ false",
                "{\"type\":\"string\",\"allOf\":[{\"maxLength\":1}]} ~ no ~ false",
                "{\"type\":[\"string\",\"null\"],\"maxLength\":1} ~ null ~ true",
                "{\"type\":[\"string\",\"null\"],\"maxLength\":1} ~ nul ~ false",
                "{\"$ref\":\"#/$defs/short\"} ~ abc ~ true",
                "{\"$ref\":\"#/$defs/short\"} ~ abcd ~ false",
                "{\"type\":\"integer\"} ~ \u00b612\u00b6 ~ true",
                "{\"type\":\"integer\"} ~ \u00b6\u00b612 ~ false",
                "{\"type\":\"integer\"} ~ 12\u00b6\u00b6 ~ false",
                "{\"type\":\"integer\",\"maximum\":9} ~ 12 ~ false",
                "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/short\"}} ~ [\"abc\"] ~ true",
                "{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/short\"}} ~ [\"abcd\"] ~ false",
                "{\"type\":\"array\"} ~ [\"a</parameter>b\"] ~ false",
                "{\"type\":\"array\"} ~ [\"a</parameter\", \"<b>\"] ~ true",
                "{\"type\":\"array\",\"items\":{\"minLength\":3}} ~ [\"</parameter>\"] ~ false",
                "{\"type\":\"array\",\"items\":{\"pattern\":\"p\"}} ~ [\"</parameter>\"] ~ false",
                "{\"type\":\"array\",\"items\":{\"pattern\":\"p\"}} ~ [\"</par>\"] ~ true",
                "{\"type\":\"object\"} ~ {\"</parameter>\":1} ~ false",
                "{\"type\":\"object\"} ~ {\"</para>\":1} ~ true",
                "{\"type\":\"object\",\"properties\":{\"k\":{}}} ~ {\"</parameter>\":1} ~ false",
                "{\"type\":\"object\",\"minProperties\":2} ~ {\"a\":1,\"</parameter>\":1} ~ false",
                "{\"type\":\"object\",\"minProperties\":2} ~ {\"a\":1,\"b\":1} ~ true"
            })
    void valuesOfXmlFollowTheirSchema(String value, String text, boolean accepted)
            throws GrammarException {
        Rules rules =
                xml(
                        "{\"type\":\"object\",\"properties\":{\"a\":%s},\"required\":[\"a\"],\"$defs\":{\"short\":{\"type\":\"string\",\"maxLength\":3}}}"
                                .formatted(value));

        assertThat(GrammarTexts.accepts(rules, parameters("a", text.replace('\u00b6', '\n'))))
                .isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "`` ~ `` ~ true",
                "`` ~ a ~ true",
                "`` ~ ab ~ true",
                "`` ~ ba ~ false",
                "`` ~ abcx ~ false",
                "`,\"required\":[\"b\"]` ~ a ~ false",
                "`,\"required\":[\"b\"]` ~ b ~ true",
                "`,\"required\":[\"x\"]` ~ abc ~ false",
                "`,\"required\":[\"x\"]` ~ abcx ~ true",
                "`,\"minProperties\":2` ~ b ~ false",
                "`,\"minProperties\":2` ~ bc ~ true",
                "`,\"minProperties\":2` ~ abc ~ true",
                "`,\"maxProperties\":2` ~ bc ~ true",
                "`,\"maxProperties\":2` ~ abc ~ false",
                "`,\"maxProperties\":2,\"minProperties\":1` ~ `` ~ false",
                "`,\"maxProperties\":2,\"minProperties\":1,\"required\":[\"c\"]` ~ ac ~ true",
                "`,\"maxProperties\":2,\"minProperties\":1,\"required\":[\"c\"]` ~ ab ~ false",
                "`,\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]` ~ c ~ false",
                "`,\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]` ~ bc ~ true",
                "`,\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]` ~ ab ~ false",
                "`,\"dependentRequired\":{\"a\":[\"c\"]}` ~ ab ~ false",
                "`,\"dependentRequired\":{\"a\":[\"c\"]}` ~ ac ~ true",
                "`,\"patternProperties\":{\"[ab]\":{\"minimum\":5}}` ~ a ~ false",
                "`,\"patternProperties\":{\"[ab]\":{\"minimum\":5}}` ~ c ~ true",
                "`,\"propertyNames\":{\"enum\":[\"a\"]}` ~ b ~ false",
                "`,\"additionalProperties\":{\"type\":\"integer\"}` ~ ab ~ true",
                "`,\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]}` ~ a ~ false",
                "`,\"if\":{\"required\":[\"a\"]},\"then\":{\"required\":[\"b\"]}` ~ ab ~ true"
            })
    void parametersOfXmlFollowTheKeywordsForObjects(String more, String names, boolean accepted)
            throws GrammarException {
        Rules rules =
                xml(
                        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"},\"c\":{\"type\":\"integer\"}}%s}"
                                .formatted(more));
        StringBuilder text = new StringBuilder();
        names.chars().forEach(c -> text.append(parameters(Character.toString(c), "1")));

        assertThat(GrammarTexts.accepts(rules, text.toString())).isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{\"type\":\"object\"} ~ need a schema with 'properties'",
                "{\"type\":\"string\"} ~ need a schema with 'properties'",
                "{\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"(a)\\\\1\"}}} ~ uses back-references, which is not supported (keyword pattern at /properties/a)",
                "{\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":100000}}} ~ a pattern or format together with a length needs more than 100,000 states (XML parameter 'a')",
                "{\"properties\":{\"a\":{}},\"minProperties\":2} ~ minProperties is greater than the number of members that the schema names",
                "{\"properties\":{\"a>\":{}}} ~ the name can't be written in XML (XML parameter 'a>')",
                "{\"properties\":{\"a\":{\"$ref\":\"#/$defs/none\"}}} ~ points to nothing",
                "{\"properties\":{\"a\":{}},\"not\":{\"additionalProperties\":false}} ~ a member that not, oneOf or if asks for"
            })
    void whatXmlCantEnforceIsRefused(String schema, String message) {
        assertThatThrownBy(() -> xml(schema))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }

    /// One line end on either side is no part of a string, any other is.
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "0 ~ 2 ~ ``",
                "1 ~ 1 ~ ``",
                "2 ~ 3 ~ ``",
                "0 ~ 3 ~ ^[a\\n]*$",
                "0 ~ 4 ~ ^\\na*",
                "0 ~ 2 ~ a\\n$",
                "1 ~ 3 ~ ^(?:a\\n)+$",
                "0 ~ 4 ~ ^[^a]*$"
            })
    void stringsOfXmlKeepTheirOwnLineEnds(int min, int max, String pattern)
            throws GrammarException {
        Rules rules =
                xml(
                        "{\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":%d,\"maxLength\":%d,\"pattern\":\"%s\"}}}"
                                .formatted(min, max, pattern.replace("\\", "\\\\")));
        Predicate<String> matches = Pattern.compile(pattern.replace("$", "\\z")).asPredicate();
        List<String> texts = new ArrayList<>(List.of(""));
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i);
            String string = text.replaceFirst("^\n", "").replaceFirst("\n\\z", "");
            boolean belongs =
                    string.length() >= min && string.length() <= max && matches.test(string);

            assertThat(GrammarTexts.accepts(rules, parameters("a", text)))
                    .as(text)
                    .isEqualTo(belongs);
            if (text.length() < max + 3) {
                texts.add(text + "a");
                texts.add(text + "\n");
            }
        }
    }

    /// What is counted while it is read may be long.
    @Test
    void stringsOfXmlMayBeLong() throws GrammarException {
        Rules rules = xml("{\"properties\":{\"a\":{\"type\":\"string\",\"maxLength\":100000}}}");

        assertThat(GrammarTexts.accepts(rules, parameters("a", "\nx".repeat(50_000)))).isTrue();
        assertThat(GrammarTexts.accepts(rules, parameters("a", "x".repeat(100_001)))).isFalse();
    }

    /// Small models print line ends for ever if they may.
    @Test
    void parametersOfXmlStandOnOneLineEach() throws GrammarException {
        Rules rules =
                xml("{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{}}}");
        String one = "\n<parameter=a>\n1\n</parameter>\n<parameter=b>\nx\n</parameter>\n";

        assertThat(GrammarTexts.accepts(rules, one)).isTrue();
        assertThat(GrammarTexts.accepts(rules, "\n" + one)).isFalse();
        assertThat(GrammarTexts.accepts(rules, one + "\n")).isFalse();
        assertThat(GrammarTexts.accepts(rules, one.replace("\n<parameter=b", "\n\n<parameter=b")))
                .isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",\"pattern\":\"^1\"", ",\"minLength\":10"})
    void fractionsOfSecondsInXmlAreShortWhereNumbersAre(String more) throws GrammarException {
        String time = "{\"type\":\"string\",\"format\":\"time\"%s}".formatted(more);
        String tag =
                "{\"format\":{\"type\":\"qwen_xml_parameter\",\"json_schema\":{\"properties\":{\"a\":%s}}}}"
                        .formatted(time);
        Rules shortened =
                new SpecWriter(
                                new GrammarBuilder(GrammarLimits.DEFAULT),
                                JsonSchemaOptions.DEFAULT.withShortNumbers(true))
                        .write(new GrammarSpec.StructuralTag(tag));

        String nanos = "10:00:00.123456789";
        assertThat(GrammarTexts.accepts(shortened, parameters("a", nanos + "Z"))).isTrue();
        assertThat(GrammarTexts.accepts(shortened, parameters("a", nanos + "0Z"))).isFalse();
        assertThat(GrammarTexts.accepts(rules(tag), parameters("a", nanos + "0Z"))).isTrue();
    }

    /// What is left out in the loose form is named.
    @Test
    void looseXmlNamesWhatItLeavesOut() throws GrammarException {
        SpecWriter writer =
                new SpecWriter(
                        new GrammarBuilder(GrammarLimits.DEFAULT), JsonSchemaOptions.DEFAULT);
        Rules rules =
                writer.write(
                        new GrammarSpec.StructuralTag(
                                "{\"format\":{\"type\":\"qwen_xml_parameter\",\"strict\":false,\"json_schema\":{\"properties\":{\"a\":{\"type\":\"string\",\"pattern\":\"(a)\\\\1\",\"maxLength\":2}}}}}"));

        assertThat(writer.remarks())
                .singleElement()
                .asString()
                .contains("back-references", "/properties/a");
        assertThat(GrammarTexts.accepts(rules, parameters("a", "xy"))).isTrue();
        assertThat(GrammarTexts.accepts(rules, parameters("a", "xyz"))).isFalse();
    }

    /// A call in XML.
    @Test
    void xmlIsWrittenByTags() throws GrammarException {
        Rules rules =
                rules(
                        """
                        {"type": "structural_tag", "format": {"type": "tag", "begin": "<call name=\\"add\\">",
                          "content": {"type": "qwen_xml_parameter", "json_schema": {"type": "object",
                            "properties": {"a": {"type": "integer"}, "note": {"type": "string"}}, "required": ["a"]}},
                          "end": "</call>"}}
                        """);

        assertThat(
                        GrammarTexts.accepts(
                                rules,
                                "<call name=\"add\"><parameter=a>1</parameter><parameter=note>a < b</parameter></call>"))
                .isTrue();
        assertThat(
                        GrammarTexts.accepts(
                                rules, "<call name=\"add\"><parameter=a>x</parameter></call>"))
                .isFalse();
    }

    /// A trigger is found wherever tokens begin and end.
    @Test
    void triggersAreFoundAcrossTokens() throws GrammarException {
        List<byte[]> tokens = new ArrayList<>();
        for (String token :
                List.of("text<fun", "ction=ad", "d>{\"a\":1}</", "function>!", "d>oops")) {
            tokens.add(token.getBytes(StandardCharsets.UTF_8));
        }
        CompiledGrammar grammar =
                new CompiledGrammar(
                        rules(FUNCTIONS),
                        GrammarVocabulary.of(GrammarTexts.vocabulary(tokens)),
                        GrammarLimits.DEFAULT);
        GrammarMatcher matcher = grammar.matcher(Set.of(tokens.size()));

        assertThat(matcher.accept(0)).isTrue();
        assertThat(matcher.accept(1)).isTrue();
        assertThat(matcher.accept(4)).isFalse();
        assertThat(matcher.accept(2)).isTrue();
        assertThat(matcher.accept(3)).isTrue();
        assertThat(matcher.mayEnd()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "{\"structures\":[{\"begin\":\"<a>\",\"schema\":{},\"end\":\"\"}],\"triggers\":[\"<b\"]} ~ has no trigger",
                "{\"structures\":[],\"triggers\":[\"<a\",\"<ab\"]} ~ is the beginning of",
                "{\"triggers\":[]} ~ 'structures' is missing",
                "{\"format\":{\"type\":\"poem\"}} ~ the format 'poem' is not supported",
                "{\"format\":{\"type\":\"json_schema\",\"json_schema\":{},\"any_order\":1}} ~ 'any_order' is neither true nor false",
                "{\"format\":{\"type\":\"any_text\"},\"structures\":[],\"triggers\":[]} ~ 'format' and 'structures' exclude each other",
                "{\"format\":{\"type\":\"any_text\"},\"triggers\":[]} ~ 'format' and 'triggers' exclude each other",
                "{\"format\":{\"type\":\"repeat\",\"min\":\"2\",\"max\":3,\"content\":{\"type\":\"any_text\"}}} ~ 'min' is no integer",
                "{\"format\":{\"type\":\"repeat\",\"min\":2,\"max\":3.5,\"content\":{\"type\":\"any_text\"}}} ~ 'max' is no integer",
                "{\"format\":{\"type\":\"repeat\",\"min\":-2,\"max\":3,\"content\":{\"type\":\"any_text\"}}} ~ 'min' is less than 0",
                "{\"format\":{\"type\":\"json_schema\",\"json_schema\":{},\"strict\":\"yes\"}} ~ 'strict' is neither true nor false",
                "{\"format\":{\"type\":\"qwen_xml_parameter\",\"json_schema\":{},\"strict\":1}} ~ 'strict' is neither true nor false",
                "{\"format\":{\"type\":\"triggered_tags\",\"triggers\":[],\"tags\":[],\"at_least_one\":\"no\"}} ~ 'at_least_one' is neither true nor false",
                "{\"format\":{\"type\":\"any_text\",\"type\":\"any_text\"}} ~ an object in it has a member twice",
                "[] ~ no JSON object",
                "{ ~ it is not JSON"
            })
    void mistakesAreNamed(String tag, String message) {
        assertThatThrownBy(() -> rules(tag))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }

    /// What is ignored in an expression is named.
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "^xy$ ~ false",
                "^(x|y)$|^z ~ false",
                "(^x|y$) ~ false",
                "(?:^x)?y ~ false",
                "x$y ~ true",
                "x^y ~ true",
                "(x$)+ ~ true",
                "x(^y|z) ~ true"
            })
    void anchorsInsideExpressionsAreNamed(String pattern, boolean named) throws GrammarException {
        for (GrammarSpec spec :
                List.of(
                        new GrammarSpec.RegularExpression(pattern),
                        new GrammarSpec.StructuralTag(
                                "{\"format\":{\"type\":\"regex\",\"pattern\":\"%s\"}}"
                                        .formatted(pattern)))) {
            SpecWriter writer =
                    new SpecWriter(
                            new GrammarBuilder(GrammarLimits.DEFAULT), JsonSchemaOptions.DEFAULT);
            writer.write(spec);

            assertThat(writer.remarks())
                    .isEqualTo(
                            named
                                    ? List.of(
                                            "an anchor inside the regular expression \"%s\""
                                                    .formatted(pattern))
                                    : List.of());
        }
    }
}
