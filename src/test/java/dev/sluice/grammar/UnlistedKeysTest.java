package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Keys that a schema does not list, where its meaning depends on them: they come once.
class UnlistedKeysTest {
    /// @param schema of an object, without its first member, in single quotes as the text is
    private static boolean accepts(String schema, String text) throws GrammarException {
        String object = ("{'type':'object'," + schema).replace('\'', '"');
        return GrammarTexts.accepts(
                SchemaRows.machine(SchemaRows.json(object)), text.replace('\'', '"'));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'not':{'additionalProperties':{'const':1}}}|{'c':2}|true",
                "'not':{'additionalProperties':{'const':1}}}|{'c':1}|false",
                "'not':{'additionalProperties':{'const':1}}}|{'c':1,'d':2}|true",
                "'not':{'additionalProperties':{'const':1}}}|{'\\u0063':2,'c':1}|false",
                "'not':{'additionalProperties':{'const':1}}}|{'c':2,'c':1}|false",
                "'not':{'additionalProperties':{'const':1}}}|{'c':2,'d':0,'c':1}|false",
                "'not':{'additionalProperties':{'const':1}}}|{'c':1,'c':2}|false",
                "'not':{'additionalProperties':{'const':1}}}|{'c':3,'d':2}|true",
                "'properties':{'a':{}},'not':{'additionalProperties':{'const':1}}}|{'c':2,'a':1}|true",
                "'properties':{'a':{}},'not':{'additionalProperties':{'const':1}}}|{'c':2,'a':1,'c':1}|false",
                "'properties':{'a':{'enum':[1,2]}},'not':{'properties':{'a':{'const':1}}}}|{'a':2,'c':0,'c':1}|true",
                "'not':{'patternProperties':{'^x':{'const':1}}}}|{'x':2,'c':1,'c':2}|false",
                "'not':{'patternProperties':{'^x':{'const':1}}}}|{'x':2,'xy':1}|true",
                "'not':{'patternProperties':{'^x':{'const':1}}}}|{'xy':1,'x':2}|true",
                "'not':{'patternProperties':{'^x':{'const':1}}}}|{'x':2,'c':1,'\\u0078':1}|false",
                "'not':{'propertyNames':{'pattern':'^x'}}}|{'c':1,'c':2,'d':3}|true",
                "'not':{'propertyNames':{'pattern':'^x'}}}|{'x':1,'xa':1}|false"
            })
    void aLaterValueDoesNotHideWhatAMemberMustBe(String schema, String text, boolean accepted)
            throws GrammarException {
        assertThat(accepts(schema, text)).isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'x':2,'y':2}|true",
                "{'y':2,'x':2}|true",
                "{'y':2,'x':2,'y':1}|false",
                "{'y':2,'x':2,'y':3}|false",
                "{'c':1,'y':2,'x':2,'c':1}|false",
                "{'x':2,'x':2}|false"
            })
    void twoConditionsOnKeysThatDifferAreBothMet(String text, boolean accepted)
            throws GrammarException {
        assertThat(
                        accepts(
                                "'allOf':[{'not':{'patternProperties':{'^x':{'const':1}}}},"
                                        + "{'not':{'patternProperties':{'^y':{'const':1}}}}]}",
                                text))
                .isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {"{'c':'x'}|true", "{'c':3}|false", "{'c':2}|true", "{'d':3,'c':'x'}|true"})
    void oneMemberMeetsAConditionThatFollowsFromAnother(String text, boolean accepted)
            throws GrammarException {
        assertThat(
                        accepts(
                                "'additionalProperties':{'enum':['x',2,3]},'allOf':["
                                        + "{'not':{'additionalProperties':{'const':3}}},"
                                        + "{'not':{'additionalProperties':{'enum':[3,4]}}}]}",
                                text))
                .isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'c':3,'d':4}|true",
                "{'c':2,'d':1}|true",
                "{'d':1,'c':2}|true",
                "{'c':1,'d':1}|false",
                "{'c':2,'c':1}|false",
                "{'c':1,'d':2,'c':1}|false",
                "{'c':1,'d':1,'e':2,'f':7}|true"
            })
    void twoConditionsOnAnyKeysAreMetByMembersThatDiffer(String text, boolean accepted)
            throws GrammarException {
        assertThat(
                        accepts(
                                "'allOf':[{'not':{'additionalProperties':{'const':1}}},"
                                        + "{'not':{'additionalProperties':{'const':2}}}]}",
                                text))
                .isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'minProperties':1}|{'c':1,'c':2}|true",
                "'minProperties':1}|{}|false",
                "'required':['a'],'minProperties':2}|{'a':1,'c':1,'c':2}|true",
                "'required':['a'],'minProperties':2}|{'a':1}|false",
                "'maxProperties':2}|{'c':1,'d':1,'e':2}|false",
                "'maxProperties':2}|{'c':1,'d':1}|true",
                "'properties':{'a':{},'b':{},'c':{}},'minProperties':2,'additionalProperties':false}|{'a':1,'c':1}|true"
            })
    void membersAreCounted(String schema, String text, boolean accepted) throws GrammarException {
        assertThat(accepts(schema, text)).isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "'minProperties':2}|{'c':1,'c':2}|false",
                "'minProperties':2}|{'c':1,'\\u0063':2,'d':1}|false",
                "'minProperties':2}|{'c':1}|false",
                "'minProperties':2}|{'c':1,'d':2}|true",
                "'minProperties':2}|{'':1,'d':2,'cd':0}|true",
                "'minProperties':2}|{'':1,'':2}|false",
                "'minProperties':2}|{'\\ud83d\\ude00':1,'\ud83d\ude00':2}|false",
                "'minProperties':2}|{'\\ud83d\\ude00':1,'\ud83d\ude01':2}|true",
                "'minProperties':3}|{'c':1,'d':{'c':1,'c':2},'e':[{'d':1,'d':1}]}|true",
                "'minProperties':3}|{'c':1,'d':{'c':1,'c':2},'d':2}|false",
                "'properties':{'a':{}},'minProperties':2}|{'a':1,'c':2}|true",
                "'properties':{'a':{}},'minProperties':2}|{'c':2,'a':1}|true",
                "'properties':{'a':{}},'minProperties':2}|{'c':2,'c':1}|false",
                "'properties':{'a':{}},'minProperties':2}|{'a':2,'\\u0061':1}|false",
                "'required':['a'],'minProperties':3}|{'a':1,'c':1,'d':2}|true",
                "'required':['a'],'minProperties':3}|{'a':1,'c':1,'c':2}|false",
                "'not':{'maxProperties':1}}|{'c':1,'d':1}|true",
                "'not':{'maxProperties':1}}|{'c':1,'c':1}|false",
                "'minProperties':2,'additionalProperties':{'minProperties':2,'type':'object'}}|{'a':{'b':1,'a':2},'b':{'b':{},'a':1}}|true",
                "'minProperties':2,'additionalProperties':{'minProperties':2,'type':'object'}}|{'a':{'b':1,'a':2},'b':{'b':{},'b':1}}|false",
                "'minProperties':2,'patternProperties':{'^x':{'type':'null'}}}|{'x':null,'y':1,'xy':null}|true",
                "'minProperties':2,'patternProperties':{'^x':{'type':'null'}}}|{'x':null,'x':null}|false",
                "'minProperties':2,'maxProperties':3}|{'c':1,'d':1,'e':2}|true",
                "'minProperties':2,'maxProperties':3}|{'c':1,'d':1,'e':2,'f':0}|false",
                "'minProperties':2,'propertyNames':{'enum':['c','d']}}|{'d':1,'c':1}|true",
                "'minProperties':2,'propertyNames':{'enum':['c','d']}}|{'d':1,'d':1}|false",
                "'minProperties':2,'propertyNames':{'pattern':'^[a-z]{2}$'}}|{'zz':1,'ab':1}|true",
                "'minProperties':2,'propertyNames':{'pattern':'^[a-z]{2}$'}}|{'zz':1,'zz':1}|false"
            })
    void keysAreCountedOnce(String schema, String text, boolean accepted) throws GrammarException {
        assertThat(accepts(schema, text)).isEqualTo(accepted);
    }
}
