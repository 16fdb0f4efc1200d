package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;

class JsonSchemaCompilerTest {
    private static boolean accepts(String schema, String text) throws GrammarException {
        return GrammarTexts.accepts(SchemaRows.machine(SchemaRows.json(schema)), text);
    }

    private static SchemaRule compile(String schema, boolean strict) throws GrammarException {
        JsonSchemaOptions options = JsonSchemaOptions.DEFAULT.withStrict(strict);
        return new JsonSchemaCompiler(options)
                .compile(SchemaRows.json(schema), new GrammarBuilder(GrammarLimits.DEFAULT));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'a':1}|true",
                "{'a':1,'b':true}|true",
                "{'a':1,'y':[],'b':true,'z':{}}|true",
                "{'x':0,'a':1,'b':true}|false",
                "{'a':1,'c':{'a':2}}|true",
                "{}|false",
                "{'b':true,'a':1}|false",
                "{'a':1,'a':1}|false",
                "{'x':0,'a':'1'}|false",
                "{'a':1,'b':0}|false",
                "{'a':1,'\\u0062':0}|false",
                "{'a':1,'c':{'b':true}}|false"
            })
    void keysComeInTheirOrderWithOthersBetween(String text, boolean accepted)
            throws GrammarException {
        String schema =
                """
                {"type": "object", "properties": {"a": {"type": "integer"},
                "b": {"type": "boolean"}, "c": {"$ref": "#"}}, "required": ["a"]}\
                """;

        assertThat(accepts(schema, text.replace('\'', '"'))).isEqualTo(accepted);
    }

    @Test
    void keysThatAreOnlyRequiredComeInAnyOrder() throws GrammarException {
        String schema = "{\"type\": \"object\", \"required\": [\"a\", \"b\"]}";

        assertThat(accepts(schema, "{\"b\":1,\"a\":3,\"x\":2}")).isTrue();
        assertThat(accepts(schema, "{\"b\":1,\"x\":2,\"a\":3}")).isFalse();
        assertThat(accepts(schema, "{\"a\":1,\"b\":3}")).isTrue();
        assertThat(accepts(schema, "{\"b\":1,\"x\":2}")).isFalse();
        assertThat(accepts(schema, "{\"b\":1,\"a\":2,\"b\":3}")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'k':'a','n':1}|true",
                "{'k':'b','s':'x'}|true",
                "{'k':'c'}|true",
                "{}|true",
                "{'k':'a'}|false",
                "{'k':'a','n':'1'}|false",
                "{'k':'b','n':1}|false"
            })
    void conditionsSplitIntoBranches(String text, boolean accepted) throws GrammarException {
        String schema =
                """
                {"type": "object", "properties": {"k": {"enum": ["a", "b", "c"]}}, "allOf": [
                {"if": {"properties": {"k": {"const": "a"}}, "required": ["k"]},
                 "then": {"properties": {"n": {"type": "integer"}}, "required": ["n"]}},
                {"if": {"properties": {"k": {"const": "b"}}, "required": ["k"]},
                 "then": {"properties": {"s": {"type": "string"}}, "required": ["s"]}}]}\
                """;

        assertThat(accepts(schema, text.replace('\'', '"'))).isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource({"2,true", "3,true", "6,false", "5,false", "10,true", "9,true"})
    void exactlyOneBranchOfOneOfHolds(String text, boolean accepted) throws GrammarException {
        String schema = "{\"type\":\"integer\",\"oneOf\":[{\"multipleOf\":2},{\"multipleOf\":3}]}";

        assertThat(accepts(schema, text)).isEqualTo(accepted);
    }

    @Test
    void overlappingObjectsOfOneOfExcludeEachOther() throws GrammarException {
        String schema =
                "{\"type\":\"object\",\"oneOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"]}]}";

        assertThat(accepts(schema, "{\"a\":1}")).isTrue();
        assertThat(accepts(schema, "{\"b\":1,\"c\":0}")).isTrue();
        assertThat(accepts(schema, "{\"a\":1,\"b\":1}")).isFalse();
        assertThat(accepts(schema, "{}")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[1,2]|true",
                "[2,\"a\",1]|true",
                "[]|false",
                "[1,1]|false",
                "[1,1.0]|false",
                "[\"a\",2]|false",
                "[3,1]|false"
            })
    void itemsAreCountedByKindAndDifferent(String text, boolean accepted) throws GrammarException {
        String schema =
                """
                {"type": "array", "items": {"enum": [1, 2, "a"]}, "uniqueItems": true,
                "contains": {"const": 1}}\
                """;

        assertThat(accepts(schema, text)).isEqualTo(accepted);
    }

    @Test
    void mostOfAKindIsKept() throws GrammarException {
        String schema =
                """
                {"type": "array", "contains": {"type": "string", "minLength": 2},
                "minContains": 1, "maxContains": 2}\
                """;

        assertThat(accepts(schema, "[1,\"ab\",\"c\",\"cd\"]")).isTrue();
        assertThat(accepts(schema, "[1,\"a\"]")).isFalse();
        assertThat(accepts(schema, "[\"ab\",\"cd\",[],\"ef\"]")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'const':'\u65e5\u672c'}|'\u65e5\u672c'|true",
                "{'const':'\u65e5\u672c'}|'\\u65e5\u672c'|false",
                "{'enum':['\ud83d\ude00','/','\u007f']}|'\ud83d\ude00'|true",
                "{'enum':['\ud83d\ude00','/','\u007f']}|'\\ud83d\\ude00'|false",
                "{'enum':['\ud83d\ude00','/','\u007f']}|'\\/'|false",
                "{'enum':['\ud83d\ude00','/','\u007f']}|'\\u007f'|false",
                "{'const':'\\n'}|'\\n'|true",
                "{'properties':{'\u00e4':{'const':1}},'required':['\u00e4']}|{'\u00e4':1}|true",
                "{'properties':{'\u00e4':{'const':1}},'required':['\u00e4']}|{'\\u00e4':1}|false",
                "{'type':'string','maxLength':1}|'\\u65e5'|true"
            })
    void whatIsListedHasNoEscapesThatItNeedsNot(String schema, String text, boolean accepted)
            throws GrammarException {
        assertThat(accepts(schema.replace('\'', '"'), text.replace('\'', '"'))).isEqualTo(accepted);
    }

    @Test
    void lengthsCountCharactersHoweverTheyAreWritten() throws GrammarException {
        String schema =
                "{\"type\":\"string\",\"pattern\":\"^[a-z\u20ac]+$\",\"minLength\":2,\"maxLength\":3}";

        assertThat(accepts(schema, "\"a\\u20acb\"")).isTrue();
        assertThat(accepts(schema, "\"\\u0061\u20ac\"")).isTrue();
        assertThat(accepts(schema, "\"a\"")).isFalse();
        assertThat(accepts(schema, "\"abcd\"")).isFalse();
        assertThat(accepts(schema, "\"a1\"")).isFalse();
    }

    @Test
    void whatIsForcedHasOneSpelling() throws GrammarException {
        Machine machine =
                SchemaRows.machine(
                        SchemaRows.json(
                                """
                                {"type": "object", "properties": {"kind": {"const": "abc"}},
                                "required": ["kind"], "additionalProperties": false}\
                                """),
                        JsonSchemaOptions.DEFAULT.with(JsonSchemaOptions.Whitespace.NONE));
        ParseState state = machine.start();
        StringBuilder forced = new StringBuilder();
        for (int i = 0; i < 15; i++) {
            int only = -1;
            for (int b = 0; b < 128; b++) {
                if (!machine.step(state, b).isDead()) {
                    assertThat(only).isNegative();
                    only = b;
                }
            }
            forced.append((char) only);
            state = machine.step(state, only);
        }

        assertThat(forced).hasToString("{\"kind\": \"abc\"}");
    }

    @ParameterizedTest
    @CsvSource({
        "NONE,true,false,false,false",
        "BOUNDED,true,true,false,true",
        "ANY,true,true,true,true"
    })
    void whiteSpaceIsAsTheOptionsHaveIt(
            JsonSchemaOptions.Whitespace whitespace,
            boolean single,
            boolean lines,
            boolean many,
            boolean none)
            throws GrammarException {
        JsonNode schema = SchemaRows.json("{\"type\":\"object\"}");
        Machine machine = SchemaRows.machine(schema, JsonSchemaOptions.DEFAULT.with(whitespace));

        assertThat(GrammarTexts.accepts(machine, "{\"a\": 1, \"b\": [1, 2]}")).isEqualTo(single);
        assertThat(GrammarTexts.accepts(machine, "{\n  \"a\": [\n    1\n  ]\n}")).isEqualTo(lines);
        assertThat(GrammarTexts.accepts(machine, "{\n\n\"a\": 1}")).isEqualTo(many);
        assertThat(GrammarTexts.accepts(machine, "{\"a\":1}")).isEqualTo(none);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{ \"a\": [ 1, 2 ] }|true",
                "{\\n\"a\":[1,\\n2]}|true",
                "{\"a\" : 1}|false",
                "{\"a\": [1 , 2]}|false",
                "{\"a\"\\n: 1}|false",
                "{\"a\":\\n1}|false",
                "{\"a\": 1\\n, \"b\": 2}|false"
            })
    void linesEndOnlyBehindBracketsAndCommasAndBeforeBrackets(String text, boolean accepted)
            throws GrammarException {
        Machine machine =
                SchemaRows.machine(
                        SchemaRows.json("{\"type\":\"object\"}"), JsonSchemaOptions.DEFAULT);

        assertThat(GrammarTexts.accepts(machine, text.replace("\\n", "\n"))).isEqualTo(accepted);
    }

    @Test
    void whatCantBeEnforcedIsRefusedWithItsPlace() {
        String schema = "{\"properties\":{\"a\":{\"type\":\"array\",\"uniqueItems\":true}}}";

        assertThatThrownBy(() -> SchemaRows.machine(SchemaRows.json(schema)))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("uniqueItems");
        assertThatThrownBy(() -> accepts("{\"properties\":{},\"minProperties\":\"x\"}", "{}"))
                .hasMessageContaining("minProperties must be a number")
                .hasMessageContaining("keyword minProperties at the root");
        assertThatThrownBy(() -> accepts("{\"$ref\":\"https://example.com/a\"}", "1"))
                .hasMessageContaining("$ref")
                .hasMessageContaining("the root");
        assertThatThrownBy(
                        () -> accepts("{\"properties\":{\"a\":{\"pattern\":\"(a)\\\\1\"}}}", "1"))
                .hasMessageContaining("pattern")
                .hasMessageContaining("/properties/a");
    }

    @Test
    void relaxedCompilationNamesWhatItIgnores() throws GrammarException {
        SchemaRule rule =
                compile("{\"type\":\"string\",\"maxLength\":3,\"pattern\":\"(a)\\\\1\"}", false);

        assertThat(rule.ignored()).singleElement().asString().contains("pattern");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'type':'array','items':{'type':'string'},'uniqueItems':true|['a','a']|['a',1]"
                        + "|uniqueItems",
                "'type':'array','items':{'enum':[1,2]},'contains':{'const':2},'maxItems':5000"
                        + "|[1,1]|[3]|contains",
                "'type':'object','additionalProperties':{'type':'null'},'maxProperties':5000"
                        + "|{'a':null}|{'a':1}|maxProperties",
                "'type':'string','pattern':'^(?:ab)*c*$','minLength':60000" + "|'ab'|1|minLength",
                "'type':'integer','multipleOf':9973,'minimum':1e900|1|1.5|multipleOf"
            })
    void relaxedCompilationLeavesOutWhatCannotBeWritten(
            String keywords, String valid, String invalid, String keyword) throws GrammarException {
        String schema =
                "{'type':'object','properties':{'p':{%s}},'required':['p']}"
                        .formatted(keywords)
                        .replace('\'', '"');
        JsonSchemaOptions options = JsonSchemaOptions.DEFAULT.withStrict(false);
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        SchemaRule rule = new JsonSchemaCompiler(options).compile(SchemaRows.json(schema), builder);
        Rules rules = builder.build(rule.rule());

        assertThat(rule.ignored())
                .singleElement()
                .asString()
                .contains("(keyword " + keyword + " at /properties/p)");
        assertThat(GrammarTexts.accepts(rules, member(valid))).isTrue();
        assertThat(GrammarTexts.accepts(rules, member(invalid))).isFalse();
        assertThatThrownBy(() -> compile(schema, true))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("(keyword " + keyword + " at /properties/p)");
    }

    private static String member(String value) {
        return "{\"p\":" + value.replace('\'', '"') + "}";
    }

    @Test
    void unknownFormatsAreAnnotations() throws GrammarException {
        SchemaRule rule =
                compile(
                        "{\"properties\":{\"a\":{\"type\":\"string\",\"format\":\"color\"}}}",
                        true);

        assertThat(rule.annotations()).containsExactly("format \"color\" at /properties/a");
    }

    @Test
    void aSchemaThatIsItselfIsRefused() {
        assertThatThrownBy(() -> accepts("{\"$ref\":\"#\"}", "1"))
                .hasMessageContaining("refers to itself");
        assertThatThrownBy(() -> accepts("{\"anyOf\":[{\"not\":{\"$ref\":\"#\"}}]}", "1"))
                .hasMessageContaining("refers to itself");
    }

    @Test
    void keysMayFollowTheSchemaOfTheirOwnObject() throws GrammarException {
        assertThat(accepts("{\"propertyNames\":{\"$ref\":\"#\"}}", "{\"a\":1}")).isTrue();
        String schema =
                """
                {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "object",
                 "minProperties": 1, "propertyNames": {"$ref": "#"},
                 "additionalProperties": {"$ref": "#"}}]}\
                """;

        assertThat(accepts(schema, "{\"ab\":{\"c\":\"d\"}}")).isTrue();
        assertThat(accepts(schema, "{\"abc\":\"d\"}")).isFalse();
        assertThat(accepts(schema, "{\"ab\":{}}")).isFalse();
        String others = "{\"not\":" + schema.replace("#", "#/not") + "}";
        assertThat(accepts(others, "{\"ab\":\"cd\"}")).isFalse();
        assertThat(accepts(others, "{\"abc\":\"cd\"}")).isTrue();
        assertThatThrownBy(() ->
                        accepts(
                                "{\"propertyNames\":{\"not\":{\"$ref\":\"#/propertyNames\"}}}",
                                "{}"))
                .hasMessageContaining("propertyNames refers to itself without end");
    }

    @Test
    void numbersOfASchemaAreReadAsTheyAreWritten() throws GrammarException {
        String large = "1" + "0".repeat(400);
        assertThat(accepts("{\"minimum\":1e400}", large)).isTrue();
        assertThat(accepts("{\"minimum\":1e400}", "9".repeat(400))).isFalse();
        assertThat(accepts("{\"maximum\":1e400}", large)).isTrue();
        assertThat(accepts("{\"maximum\":1e400}", large + "0")).isFalse();
        assertThat(accepts("{\"const\":1e400}", large)).isTrue();
        assertThat(accepts("{\"enum\":[1e400,\"a\"]}", "\"Infinity\"")).isFalse();
        assertThat(accepts("{\"type\":\"string\",\"maxLength\":1e400}", "\"a\"")).isTrue();
        assertThat(accepts("{\"type\":\"string\",\"minLength\":1e1000000000}", "\"a\"")).isFalse();
        String exact = "9007199254740993.5";
        String between = "{\"type\":\"number\",\"minimum\":%s,\"maximum\":%s}";
        assertThat(accepts(between.formatted(exact, exact), exact)).isTrue();
        assertThat(accepts(between.formatted(exact, exact), "9007199254740994.0")).isFalse();
        assertThatThrownBy(() -> accepts("{\"multipleOf\":1e400}", "1"))
                .hasMessageContaining("keyword multipleOf at the root");
    }

    @ParameterizedTest
    @ValueSource(strings = {"minimum", "maximum", "multipleOf", "const", "exclusiveMinimum"})
    void absurdNumbersAreRefusedAtOnce(String keyword) {
        for (String number : List.of("1e1000000000", "1e-1000000000", "-1e2147483647")) {
            String schema = "{\"items\":{\"%s\":%s}}".formatted(keyword, number);

            assertThatThrownBy(() -> accepts(schema, "[1]"))
                    .isInstanceOf(GrammarException.class)
                    .hasMessageContaining("keyword %s at /items".formatted(keyword));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"maxLength\":1e2147483648}",
                "{\"minimum\":1e99999999999}",
                "{\"const\":[1e-99999999999]}"
            })
    void numbersThatJavaCannotHoldAreRefused(String schema) {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        SpecWriter writer = new SpecWriter(builder, JsonSchemaOptions.DEFAULT);

        assertThatThrownBy(() -> writer.write(new GrammarSpec.JsonSchema(schema, true)))
                .isInstanceOf(GrammarException.class)
                .hasMessage("it holds a number whose exponent is too large");
        assertThatThrownBy(() ->
                        writer.write(
                                new GrammarSpec.StructuralTag(
                                        "{\"format\":{\"type\":\"json_schema\",\"json_schema\":"
                                                + schema
                                                + "}}")))
                .isInstanceOf(GrammarException.class)
                .hasMessage("it holds a number whose exponent is too large");
    }

    @ParameterizedTest
    @ValueSource(strings = {"time", "date-time"})
    void fractionsOfSecondsAreShortWhereNumbersAre(String format) throws GrammarException {
        String time = (format.equals("time") ? "" : "2024-02-29T") + "12:00:00.";
        String nanos = "\"" + time + "123456789Z\"";
        String longer = "\"" + time + "1234567890Z\"";
        String schema = "{\"type\":\"string\",\"format\":\"%s\"%s}";
        String plain = schema.formatted(format, "");
        String sized = schema.formatted(format, ",\"minLength\":50");
        String longest = "\"" + time + "1".repeat(40) + "Z\"";

        assertThat(shortened(plain, nanos)).isTrue();
        assertThat(shortened(plain, longer)).isFalse();
        assertThat(bounded(plain, longer)).isTrue();
        assertThat(accepts(plain, longer)).isTrue();
        assertThat(shortened(sized, longest)).isTrue();
        assertThat(shortened("{\"not\":" + plain + "}", longer)).isFalse();
        assertThat(shortened("{\"not\":{\"not\":" + plain + "}}", nanos)).isTrue();
    }

    /// The empty string alone is an automaton without edges.
    @Test
    void stringsThatNoLengthLeavesAreNone() throws GrammarException {
        String none = "{\"type\":\"string\",\"pattern\":\"^$\",\"minLength\":1}";

        assertThat(accepts("{\"anyOf\":[%s,{\"const\":1}]}".formatted(none), "1")).isTrue();
        assertThat(accepts("{\"anyOf\":[{\"allOf\":[%s]},{}]}".formatted(none), "\"\"")).isTrue();
    }

    /// However many digits a number has, it is what the schema allows.
    @ParameterizedTest
    @ValueSource(strings = {"1234567890123456789012345", "-0.12345678901234567890123456789"})
    void numbersHaveAnyDigitsUnlessTheyAreToBeShort(String number) throws GrammarException {
        assertThat(bounded("{\"type\":\"number\"}", number)).isTrue();
        assertThat(bounded("{}", number)).isTrue();
        assertThat(shortened("{\"type\":\"number\"}", number)).isFalse();
        assertThat(shortened("{\"type\":\"number\"}", "-12.5E-99")).isTrue();
    }

    /// Readers of JSON can't read any exponent, and each number has a spelling without.
    @Test
    void exponentsAreBoundedWhereWhiteSpaceIs() throws GrammarException {
        String schema = "{\"type\":\"number\",\"minimum\":1}";

        assertThat(bounded(schema, "2e99")).isTrue();
        assertThat(bounded(schema, "2e400")).isFalse();
        assertThat(accepts(schema, "2e400")).isTrue();
        assertThat(bounded(schema, "2" + "0".repeat(400))).isTrue();
    }

    private static boolean bounded(String schema, String text) throws GrammarException {
        return GrammarTexts.accepts(
                SchemaRows.machine(SchemaRows.json(schema), JsonSchemaOptions.DEFAULT), text);
    }

    private static boolean shortened(String schema, String text) throws GrammarException {
        return GrammarTexts.accepts(
                SchemaRows.machine(
                        SchemaRows.json(schema), JsonSchemaOptions.DEFAULT.withShortNumbers(true)),
                text);
    }

    @Test
    void infiniteNumbersAreRefused() {
        ObjectNode schema = JsonNodeFactory.instance.objectNode();
        schema.putObject("items").put("const", Double.POSITIVE_INFINITY);

        assertThatThrownBy(() -> SchemaRows.machine(schema))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("keyword const at /items");
    }

    @Test
    void longListsAreCompiled() throws GrammarException {
        ObjectNode schema = JsonNodeFactory.instance.objectNode();
        var values = schema.putArray("enum");
        for (int i = 0; i < 20_000; i++) {
            values.add("value-" + i);
        }
        Machine machine = SchemaRows.machine(schema);

        assertThat(GrammarTexts.accepts(machine, "\"value-19999\"")).isTrue();
        assertThat(GrammarTexts.accepts(machine, "\"value-20000\"")).isFalse();
        values.add("one more");
        assertThatThrownBy(() -> SchemaRows.machine(schema)).hasMessageContaining("20,000");
    }

    @Test
    void deepSchemasAreRefused() {
        ObjectNode root = JsonNodeFactory.instance.objectNode();
        ObjectNode at = root;
        for (int i = 0; i < 5_000; i++) {
            at = at.putObject("items");
        }

        assertThatThrownBy(() -> SchemaRows.machine(root))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("nested");
    }

    @Test
    void formatsAllowNothingElse() throws GrammarException {
        List<List<String>> cases =
                List.of(
                        List.of("date", "2024-02-29", "2023-02-29"),
                        List.of("date-time", "2016-12-31T23:59:60Z", "2024-02-29T23:59:60Z"),
                        List.of("date-time", "0000-02-29t00:00:00.5z", "2024-01-01 00:00:00Z"),
                        List.of("time", "12:00:00.5+01:00", "12:00:00"),
                        List.of("duration", "P1Y2M3DT4H", "P1Y3D"),
                        List.of("ipv4", "255.0.0.1", "256.0.0.1"),
                        List.of("ipv6", "::ffff:1.2.3.4", "1::2::3"),
                        List.of("hostname", "a-b.example", "-a.example"),
                        List.of("email", "\\\"a b\\\"@[127.0.0.1]", "a@-b"),
                        List.of("uuid", "2EB8AA08-AA98-11EA-B4AA-73B441D16380", "2EB8AA08"),
                        List.of("uri", "http://[::1]:80/a?b#c", "/a"),
                        List.of("uri-reference", "../a?b", "a\\\\b"),
                        List.of("uri-template", "/{+a:3,b*}/c", "/{a"),
                        List.of("json-pointer", "/a~1/0", "a"),
                        List.of("relative-json-pointer", "1/a", "/a"));
        for (List<String> row : cases) {
            String schema = "{\"type\":\"string\",\"format\":\"%s\"}".formatted(row.get(0));
            assertThat(accepts(schema, '"' + row.get(1) + '"')).as(row.get(1)).isTrue();
            assertThat(accepts(schema, '"' + row.get(2) + '"')).as(row.get(2)).isFalse();
        }
    }

    /// All alternatives are read at the same time, and so are those of the values in them.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'type':'array','items':%s,'minItems':%d}",
                "{'properties':{'a':%s},'required':['r%d']}"
            })
    void tooManyAlternativesInsideAlternativesAreRefused(String form) throws GrammarException {
        assertThat(
                        accepts(
                                "{\"type\":\"object\",\"properties\":{\"x\":"
                                        + nested(form, 6)
                                        + "}}",
                                "{}"))
                .isTrue();
        String schema = "{\"type\":\"object\",\"properties\":{\"x\":" + nested(form, 46) + "}}";
        assertThatThrownBy(() -> compile(schema, true))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("2,116 kinds of arrays")
                .hasMessageContaining("at /properties/x");
        SchemaRule relaxed = compile(schema, false);
        assertThat(relaxed.ignored()).singleElement().asString().contains("2,116 kinds of arrays");
    }

    private static String nested(String form, int number) {
        List<String> outer = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            List<String> inner = new ArrayList<>();
            for (int k = 0; k < number; k++) {
                inner.add("{'type':'array','items':{'const':%d}}".formatted(i * number + k));
            }
            String items = "{'anyOf':[" + String.join(",", inner) + "]}";
            outer.add(form.formatted(items, i));
        }
        return ("{'anyOf':[" + String.join(",", outer) + "]}").replace('\'', '"');
    }

    @Test
    void countsOfManyKindsOfItemsAreBoundedTogether() throws GrammarException {
        String contains =
                """
                {"type": "array", "allOf": [{"contains": {"type": "integer"}, "minContains": %1$d},
                {"contains": {"minimum": 0}, "minContains": %1$d}]}\
                """;

        assertThat(accepts(contains.formatted(3), "[1,2,3]")).isTrue();
        assertThatThrownBy(() -> compile(contains.formatted(50), true))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("contains in 2 places with 2,601 combinations");
        assertThat(compile(contains.formatted(50), false).ignored()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'a':1,'b':2,'c':3}|true",
                "{'a':1,'b':2,'12':'12'}|true",
                "{'a':1,'b':2}|false",
                "{'a':1,'b':2,'1':3}|false",
                "{'a':1,'b':2,'1':'12'}|false",
                "{'a':1,'b':2,'12':3}|false"
            })
    void membersThatNothingCanBeAreNotWritten(String text, boolean accepted)
            throws GrammarException {
        String schema =
                """
                {"type": "object", "patternProperties": {"^.$": {"type": "integer"},
                "[0-9]": {"const": "12"}}, "minProperties": 3}\
                """;

        assertThat(accepts(schema, text.replace('\'', '"'))).isEqualTo(accepted);
    }

    @Test
    void membersThatNoTextCanFollowAreNamedOrTheirNumberIsLeftOut() throws GrammarException {
        String schema =
                """
                {"properties": {"p": {"type": "object", "minProperties": 3,
                "additionalProperties": false, "patternProperties":
                {"^a": {"$ref": "#/$defs/x"}, "^b": {"type": "integer"}}}},
                "$defs": {"x": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/x"}}}}\
                """;
        String wrong =
                "an object has members that no text can follow, and minProperties, not or the like"
                        + " asks for keys that differ (keyword minProperties at /properties/p)";

        assertThatThrownBy(() -> compile(schema, true)).hasMessage(wrong);
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        SchemaRule relaxed =
                new JsonSchemaCompiler(JsonSchemaOptions.DEFAULT.withStrict(false))
                        .compile(SchemaRows.json(schema), builder);
        assertThat(relaxed.ignored()).containsExactly(wrong);
        Rules rules = builder.build(relaxed.rule());
        assertThat(GrammarTexts.accepts(rules, "{\"p\": {\"b\": 1}}")).isTrue();
        assertThat(GrammarTexts.accepts(rules, "{\"p\": {\"a\": []}}")).isFalse();
    }

    @Test
    void halvesOfSurrogatePairsAreNamedOrRefused() throws GrammarException {
        String listed = "{\"items\":{\"enum\":[\"\\ud800\",\"a\"]}}";

        assertThat(compile(listed, true).annotations())
                .singleElement()
                .asString()
                .contains("half of a surrogate pair at /items");
        assertThat(accepts(listed, "[\"a\"]")).isTrue();
        for (String only : List.of("{\"const\":\"\\ud800\"}", "{\"enum\":[\"\\ud800\"]}")) {
            assertThatThrownBy(() -> accepts(only, "\"\\ud800\""))
                    .isInstanceOf(GrammarException.class)
                    .hasMessage(
                            "no text can follow the grammar: no value of the schema at the root can be"
                                    + " written");
        }
        assertThatThrownBy(() -> accepts("{\"items\":{\"properties\":{\"a\\ud800\":{}}}}", "[]"))
                .hasMessage("the key 'a\\ud800' can't be written here (at /items)");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{'type':'object','properties':{'a':false},'required':['a']}; the root",
                "{'type':'object','properties':{'b':{'$ref':'#/$defs/x','maxItems':9},'a':{'$ref':'#/$defs/x'}},"
                        + "'required':['a'],'$defs':{'x':{'type':'array','minItems':1,"
                        + "'items':{'$ref':'#/$defs/x'}}}}; /properties/a",
                "{'type':'array','minItems':1,'items':{'type':'object','required':['a','b'],"
                        + "'properties':{'a':{'const':'\ud800'},'b':{},'c':{'const':'\ud800'}}}};"
                        + "/items/properties/a",
                "{'type':'object','required':['a','b'],'properties':{'a':{'const':'\ud800'},"
                        + "'b':{'const':'\ud801'}}}; the root",
            })
    void theSchemaOfWhichNoValueCanBeWrittenIsNamed(String schema, String place) {
        assertThatThrownBy(() -> accepts(schema.replace('\'', '"'), ""))
                .isInstanceOf(GrammarException.class)
                .hasMessage(
                        "no text can follow the grammar: no value of the schema at %s can be written"
                                .formatted(place));
    }

    /// How guided decoding's documentation has it.
    @Test
    void listedNumbersHaveOneSpelling() throws GrammarException {
        String listed = "{\"enum\":[1.0,2.50,-0,300]}";
        for (String number : List.of("1", "2.5", "0", "300")) {
            assertThat(bounded(listed, number)).as(number).isTrue();
        }
        for (String number : List.of("1.0", "2.50", "-0", "0.0", "0e1")) {
            assertThat(bounded(listed, number)).as(number).isFalse();
            assertThat(accepts(listed, number)).as(number).isTrue();
        }
        for (String number : List.of("1e0", "3e2", "2.", "2")) {
            assertThat(bounded(listed, number)).as(number).isFalse();
            assertThat(accepts(listed, number)).as(number).isFalse();
        }
        String orMore = "{\"anyOf\":[{\"const\":1},{\"minimum\":5}]}";
        assertThat(bounded(orMore, "1")).isTrue();
        assertThat(bounded(orMore, "1.0")).isFalse();
        assertThat(bounded(orMore, "5.0")).isTrue();
        assertThat(bounded("{\"minimum\":1e30}", "1" + "0".repeat(31))).isTrue();
        assertThat(bounded("{\"minimum\":1e30}", "2e30")).isFalse();
    }
}
