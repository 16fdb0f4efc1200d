package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is the same in all dialects, and what is not.
class SchemaDialectTest {
    private static String uri(SchemaDialect dialect) {
        return switch (dialect) {
            case DRAFT_4 -> "http://json-schema.org/draft-04/schema#";
            case DRAFT_6 -> "http://json-schema.org/draft-06/schema#";
            case DRAFT_7 -> "http://json-schema.org/draft-07/schema#";
            case DRAFT_2019_09 -> "https://json-schema.org/draft/2019-09/schema";
            case DRAFT_2020_12 -> "https://json-schema.org/draft/2020-12/schema";
        };
    }

    /// @param keywords of a schema, with apostrophes for quotation marks
    private static Machine machine(SchemaDialect dialect, String keywords) throws GrammarException {
        String schema = "{'$schema':'%s',%s}".formatted(uri(dialect), keywords);
        return SchemaRows.machine(SchemaRows.json(schema.replace('\'', '"')));
    }

    private static void assertAccepts(Machine machine, String... texts) {
        for (String text : texts) {
            assertThat(GrammarTexts.accepts(machine, text.replace('\'', '"'))).as(text).isTrue();
        }
    }

    private static void assertRejects(Machine machine, String... texts) {
        for (String text : texts) {
            assertThat(GrammarTexts.accepts(machine, text.replace('\'', '"'))).as(text).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource
    void listedArraysAndObjectsAreCompared(SchemaDialect dialect) throws GrammarException {
        Machine listed = machine(dialect, "'enum':[[1],{'a':2}]");
        assertAccepts(listed, "[1]", "{'a':2}");
        assertRejects(listed, "[5]", "['x']", "[]", "[1,1]", "{'a':3}", "{}", "{'a':2,'b':2}");
        Machine others = machine(dialect, "'not':{'enum':[{'a':[1]}]}");
        assertAccepts(others, "{'a':2}", "{'a':[2]}", "{'a':[1],'b':1}", "[1]", "{}");
        assertRejects(others, "{'a':[1]}");
        Machine one = machine(dialect, "'oneOf':[{'enum':[[1],[2]]},{'enum':[[2],[3]]}]");
        assertAccepts(one, "[1]", "[3]");
        assertRejects(one, "[2]", "[4]");
    }

    @ParameterizedTest
    @EnumSource
    void itemsDiffer(SchemaDialect dialect) throws GrammarException {
        Machine listed = machine(dialect, "'items':{'enum':[1,-1,'a']},'uniqueItems':true");
        assertAccepts(listed, "[-1,1]", "[1,'a',-1]", "[]");
        assertRejects(listed, "[1,1]", "['a',1,'a']", "[2]");
        Machine booleans = machine(dialect, "'items':{'type':'boolean'},'uniqueItems':true");
        assertAccepts(booleans, "[true,false]", "[false]");
        assertRejects(booleans, "[true,true]");
        assertThatThrownBy(() ->
                        machine(
                                dialect,
                                "'type':'array','items':{'type':'string'},'uniqueItems':true"))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("keyword uniqueItems at the root");
    }

    /// Equal values of all parts of a document share what is known of them.
    @ParameterizedTest
    @EnumSource
    void aPartOfAnotherDialectLeavesTheOthersAlone(SchemaDialect dialect) throws GrammarException {
        String part =
                "'id':'old','$id':'older','$schema':'%s','enum':[[1]]".formatted(uri(dialect));
        for (SchemaDialect whole : SchemaDialect.values()) {
            Machine machine =
                    machine(
                            whole,
                            "'$id':'http://x.y/','id':'http://x.y/','type':'object',"
                                    + "'required':['a','b'],'properties':{'a':{"
                                    + part
                                    + "},'b':{'enum':[[1]]}}");

            assertAccepts(machine, "{'a':[1],'b':[1]}");
            assertRejects(machine, "{'a':[1],'b':[2]}", "{'a':[2],'b':[1]}");
        }
    }

    @Test
    void itemsBesidePrefixItemsAreOneSchema() throws GrammarException {
        String both = "'prefixItems':[{'const':1}],'items':[{'const':2}]";

        assertThatThrownBy(() -> machine(SchemaDialect.DRAFT_2020_12, both))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("keyword items at the root");
        Machine old = machine(SchemaDialect.DRAFT_7, both);
        assertAccepts(old, "[2,1]");
        assertRejects(old, "[1]");
        assertAccepts(machine(SchemaDialect.DRAFT_2020_12, "'items':[{'const':2}]"), "[2,1]");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "uniqueItems|'uniqueItems':'true'",
                "uniqueItems|'type':'string','uniqueItems':1",
                "exclusiveMinimum|'exclusiveMinimum':true",
                "exclusiveMaximum|'minimum':1,'exclusiveMaximum':true",
                "format|'format':['date']",
                "required|'type':'string','required':true",
                "minimum|'type':'string','minimum':'x'",
                "properties|'type':'string','properties':[]",
                "minItems|'type':'string','minItems':-1",
                "pattern|'type':'null','pattern':1",
                "multipleOf|'type':'string','multipleOf':0",
                "type|'type':['string','null','string']",
                "type|'type':[]",
                "items|'type':'string','items':3",
                "items|'type':'string','items':[{},3]",
                "additionalItems|'type':'string','additionalItems':3",
                "contains|'type':'string','contains':3",
                "additionalProperties|'type':'string','additionalProperties':3",
                "propertyNames|'type':'string','propertyNames':3",
                "properties|'type':'string','properties':{'b':3}",
                "patternProperties|'type':'string','patternProperties':{'b':[]}",
                "dependencies|'type':'string','dependencies':{'b':3}",
                "dependencies|'type':'string','dependencies':{'b':[3]}",
                "definitions|'type':'string','definitions':{'b':3}",
                "then|'type':'string','then':3",
                "not|'type':'string','not':[]",
                "allOf|'type':'string','allOf':{}",
                "anyOf|'type':'string','anyOf':[]",
                "oneOf|'type':'string','oneOf':[3]",
                "$id|'type':'string','$id':3",
                "$ref|'type':'string','$ref':3"
            })
    void malformedValuesAreRefusedWhereTheyAreMoot(String keyword, String keywords) {
        String inside = "'properties':{'a':{" + keywords + "}}";

        assertThatThrownBy(() -> machine(SchemaDialect.DRAFT_7, inside))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("keyword " + keyword + " at /properties/a");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'minContains':-1",
                "'maxContains':1.5",
                "'prefixItems':{}",
                "'prefixItems':[3]",
                "'unevaluatedItems':3",
                "'unevaluatedProperties':[]",
                "'dependentSchemas':{'a':3}",
                "'dependentRequired':{'a':'b'}",
                "'$defs':{'a':3}",
                "'$anchor':3",
                "'$dynamicRef':3"
            })
    void malformedValuesOfNewerKeywordsAreRefusedByThoseWhoKnowThem(String keyword) {
        String moot = "'type':'string'," + keyword;

        assertThatThrownBy(() -> machine(SchemaDialect.DRAFT_2020_12, moot))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(
                        "keyword "
                                + keyword.substring(1, keyword.indexOf(':') - 1)
                                + " at the root");
    }

    @Test
    void exclusiveBoundsOfDraft4BelongToBounds() throws GrammarException {
        Machine bound = machine(SchemaDialect.DRAFT_4, "'minimum':1,'exclusiveMinimum':true");
        assertAccepts(bound, "2");
        assertRejects(bound, "1");
        assertAccepts(machine(SchemaDialect.DRAFT_4, "'exclusiveMinimum':true"), "1");
    }

    @Test
    void whatSaysNothingIsNamed() throws GrammarException {
        String schema =
                """
                {"$schema": "http://json-schema.org/draft-03/schema#", "properties": {"a":
                {"contentEncoding": "base64", "contentMediaType": "image/png"}}}\
                """;
        SchemaRule rule =
                new JsonSchemaCompiler(JsonSchemaOptions.DEFAULT)
                        .compile(
                                SchemaRows.json(schema), new GrammarBuilder(GrammarLimits.DEFAULT));

        assertThat(rule.annotations())
                .containsExactly(
                        "$schema \"http://json-schema.org/draft-03/schema#\" at the root, which is"
                                + " read as 2020-12",
                        "contentEncoding at /properties/a",
                        "contentMediaType at /properties/a");
    }

    /// A version says nothing about keywords that came later; they are named.
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "DRAFT_4 ~ 'const':1 ~ 2 ~ const at the root, which draft 4 does not know",
                "DRAFT_6 ~ 'if':{'const':1},'then':false ~ 1 ~ if at the root, which draft 6 does not know",
                "DRAFT_7 ~ 'properties':{'b':{}},'unevaluatedProperties':false ~ {'a':1} ~ unevaluatedProperties at the root, which draft 7 does not know",
                "DRAFT_7 ~ 'dependentRequired':{'a':['b']} ~ {'a':1} ~ dependentRequired at the root, which draft 7 does not know",
                "DRAFT_7 ~ 'dependentSchemas':{'a':false} ~ {'a':1} ~ dependentSchemas at the root, which draft 7 does not know",
                "DRAFT_2019_09 ~ 'prefixItems':[false] ~ [1] ~ prefixItems at the root, which 2019-09 does not know"
            })
    void laterKeywordsAreNamed(
            SchemaDialect dialect, String keywords, String text, String annotation)
            throws GrammarException {
        String schema = "{'$schema':'%s',%s}".formatted(uri(dialect), keywords).replace('\'', '"');
        SchemaRule rule =
                new JsonSchemaCompiler(JsonSchemaOptions.DEFAULT)
                        .compile(
                                SchemaRows.json(schema), new GrammarBuilder(GrammarLimits.DEFAULT));

        assertAccepts(machine(dialect, keywords), text);
        assertThat(rule.annotations()).contains(annotation);
        assertRejects(machine(SchemaDialect.DRAFT_2020_12, keywords), text);
    }
}
