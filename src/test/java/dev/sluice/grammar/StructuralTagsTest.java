package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

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

    /// The example of the README: a call in XML.
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
                "[] ~ no JSON object",
                "{ ~ it is not JSON"
            })
    void mistakesAreNamed(String tag, String message) {
        assertThatThrownBy(() -> rules(tag))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }
}
