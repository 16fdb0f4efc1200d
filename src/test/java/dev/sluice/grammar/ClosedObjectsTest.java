package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Objects that don't say whether they are open, where they are asked to be closed: nothing is let
/// in that the schema does not allow, and no key that some part of it declares is left out.
class ClosedObjectsTest {
    private static final JsonSchemaOptions CLOSED =
            JsonSchemaOptions.DEFAULT.withClosedObjects(true);

    private static final String BASES =
            "\"$defs\":{\"Base\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}}},"
                    + "\"Free\":{\"type\":\"object\",\"properties\":{\"a\":{}},\"additionalProperties\":true}}";

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "'properties':{'a':{}} ~ {'a':1} ~ true",
                "'properties':{'a':{}} ~ {'b':1} ~ false",
                "'properties':{'a':{'properties':{'b':{}}}} ~ {'a':{'b':1}} ~ true",
                "'properties':{'a':{'properties':{'b':{}}}} ~ {'a':{'c':1}} ~ false",
                "'properties':{'a':{}},'additionalProperties':true ~ {'b':1} ~ true",
                "'minProperties':1 ~ {'b':1} ~ true",
                "'const':{'b':1},'dependentSchemas':{'c':{'properties':{'a':{}}}} ~ {'b':1} ~ true",
                // Conditions
                "'properties':{'k':{'enum':['a','b']},'x':{},'y':{}},'required':['k'],'if':{'properties':{'k':{'const':'a'}},'required':['k']},'then':{'required':['x']} ~ {'k':'a','y':1} ~ false",
                "'properties':{'k':{'enum':['a','b']},'x':{},'y':{}},'required':['k'],'if':{'properties':{'k':{'const':'a'}},'required':['k']},'then':{'required':['x']} ~ {'k':'a','x':1,'y':1} ~ true",
                "'properties':{'k':{'enum':['a','b']},'x':{},'y':{}},'required':['k'],'if':{'properties':{'k':{'const':'a'}},'required':['k']},'then':{'required':['x']} ~ {'k':'b','y':1} ~ true",
                "'properties':{'k':{'enum':['a','b']},'x':{},'y':{}},'required':['k'],'additionalProperties':false,'if':{'properties':{'k':{'const':'a'}},'required':['k']},'then':{'required':['x']} ~ {'k':'a','y':1} ~ false",
                "'properties':{'k':{'enum':['a','b']}},'required':['k'],'if':{'properties':{'k':{'const':'a'}}},'then':{'properties':{'x':{'type':'integer'}},'required':['x']},'else':{'properties':{'y':{}}} ~ {'k':'a','x':1} ~ true",
                "'properties':{'k':{'enum':['a','b']}},'required':['k'],'if':{'properties':{'k':{'const':'a'}}},'then':{'properties':{'x':{'type':'integer'}},'required':['x']},'else':{'properties':{'y':{}}} ~ {'k':'a','x':1,'y':2} ~ false",
                "'properties':{'k':{'enum':['a','b']}},'required':['k'],'if':{'properties':{'k':{'const':'a'}}},'then':{'properties':{'x':{'type':'integer'}},'required':['x']},'else':{'properties':{'y':{}}} ~ {'k':'b','y':2} ~ true",
                "'properties':{'a':{},'b':{}},'not':{'properties':{'a':{'const':1}},'required':['a']} ~ {'a':1,'b':2} ~ false",
                "'properties':{'a':{},'b':{}},'not':{'properties':{'a':{'const':1}},'required':['a']} ~ {'a':2,'b':2} ~ true",
                "'properties':{'a':{},'b':{}},'not':{'properties':{'a':{'const':1}},'required':['a']} ~ {'a':2,'c':2} ~ false",
                "'properties':{'l':{'type':'array','contains':{'properties':{'t':{'const':'x'}},'required':['t']},'maxContains':1}} ~ {'l':[{'t':'x','n':1},{'t':'x'}]} ~ false",
                // Alternatives
                "'oneOf':[{'properties':{'a':{'type':'integer'}}},{'properties':{'b':{}},'required':['b']}] ~ {'a':1} ~ true",
                "'oneOf':[{'properties':{'a':{'type':'integer'},'b':{}}},{'properties':{'b':{}},'required':['b']}] ~ {'b':1} ~ false",
                "'oneOf':[{'properties':{'a':{'type':'integer'}},'required':['a']},{'properties':{'b':{'type':'integer'}},'required':['b']}] ~ {'a':1} ~ true",
                "'oneOf':[{'properties':{'a':{'type':'integer'}},'required':['a']},{'properties':{'b':{'type':'integer'}},'required':['b']}] ~ {'a':1,'b':'x'} ~ false",
                "'anyOf':[{'properties':{'a':{'type':'integer'}}},{'properties':{'b':{'type':'integer'}}}] ~ {'a':1} ~ true",
                "'anyOf':[{'properties':{'a':{'type':'integer'}}},{'properties':{'b':{'type':'integer'}}}] ~ {'a':1,'c':1} ~ false",
                "'properties':{'k':{}},'anyOf':[{'properties':{'a':{'type':'integer'}},'required':['a']},{'properties':{'b':{'type':'integer'}},'required':['b']}] ~ {'k':1,'a':1} ~ true",
                "'properties':{'k':{}},'anyOf':[{'properties':{'a':{'type':'integer'}},'required':['a']},{'properties':{'b':{'type':'integer'}},'required':['b']}] ~ {'k':1,'b':1} ~ true",
                "'properties':{'k':{}},'anyOf':[{'properties':{'a':{'type':'integer'}},'required':['a']},{'properties':{'b':{'type':'integer'}},'required':['b']}] ~ {'k':1,'b':1,'c':1} ~ false",
                // Parts of one object
                "'allOf':[{'$ref':'#/$defs/Base'}],'properties':{'b':{'type':'string'}} ~ {'a':'x','b':'y'} ~ true",
                "'allOf':[{'$ref':'#/$defs/Base'}],'properties':{'b':{'type':'string'}} ~ {'a':'x'} ~ true",
                "'allOf':[{'$ref':'#/$defs/Base'}],'properties':{'b':{'type':'string'}} ~ {'b':'y','c':'x'} ~ false",
                "'$ref':'#/$defs/Base','properties':{'b':{'type':'string'}},'required':['a','b'] ~ {'a':'x','b':'y'} ~ true",
                "'$ref':'#/$defs/Base','properties':{'b':{'type':'string'}} ~ {'b':'y','c':'x'} ~ false",
                "'$ref':'#/$defs/Base' ~ {'a':'x'} ~ true",
                "'$ref':'#/$defs/Base' ~ {'c':'x'} ~ false",
                "'allOf':[{'$ref':'#/$defs/Base'}] ~ {'c':'x'} ~ false",
                "'allOf':[{'$ref':'#/$defs/Base'},{'minProperties':1}] ~ {'a':'x'} ~ true",
                "'allOf':[{'$ref':'#/$defs/Base'},{'minProperties':1}] ~ {'c':'x'} ~ false",
                "'allOf':[{'required':['c']},{'minProperties':1}] ~ {'c':'x'} ~ true",
                "'allOf':[{'$ref':'#/$defs/Free'}],'properties':{'b':{}} ~ {'b':1,'c':'x'} ~ true",
                "'properties':{'a':{'type':'integer'},'b':{'type':'integer'}},'dependentSchemas':{'a':{'properties':{'b':{'minimum':5}}}} ~ {'a':1,'b':7} ~ true",
                "'properties':{'a':{'type':'integer'},'b':{'type':'integer'}},'dependentSchemas':{'a':{'properties':{'b':{'minimum':5}}}} ~ {'a':1} ~ true",
                "'properties':{'a':{'type':'integer'},'b':{'type':'integer'}},'dependentSchemas':{'a':{'properties':{'b':{'minimum':5}}}} ~ {'a':1,'b':2} ~ false",
                "'properties':{'a':{'type':'integer'},'b':{'type':'integer'}},'dependentSchemas':{'a':{'properties':{'b':{'minimum':5}}}} ~ {'a':1,'c':2} ~ false",
                // Inside parts, values are closed again
                "'allOf':[{'properties':{'a':{'properties':{'b':{}}}}}],'properties':{'c':{}} ~ {'a':{'b':1},'c':1} ~ true",
                "'allOf':[{'properties':{'a':{'properties':{'b':{}}}}}],'properties':{'c':{}} ~ {'a':{'d':1},'c':1} ~ false",
                "'properties':{'l':{'items':{'$ref':'#/$defs/Base'}}} ~ {'l':[{'a':'x'}]} ~ true",
                "'properties':{'l':{'items':{'$ref':'#/$defs/Base'}}} ~ {'l':[{'b':'x'}]} ~ false"
            })
    void closesWhatIsSilent(String keywords, String text, boolean accepted)
            throws GrammarException {
        String schema = "{\"type\":\"object\",%s,%s}".formatted(keywords.replace('\'', '"'), BASES);

        assertThat(
                        GrammarTexts.accepts(
                                SchemaRows.machine(SchemaRows.json(schema), CLOSED),
                                text.replace('\'', '"')))
                .isEqualTo(accepted);
    }
}
