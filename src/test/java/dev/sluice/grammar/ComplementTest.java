package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.stream.Collectors;
import java.util.stream.IntStream;

class ComplementTest {
    /// Objects without three of twenty-one keys each: too many alternatives to be taken apart.
    private static final String MANY =
            IntStream.range(0, 7)
                    .mapToObj("{'type':'object','required':['a%1$d','b%1$d','c%1$d']}"::formatted)
                    .collect(Collectors.joining(","));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'type':'array','not':{'$ref':'#/$defs/x'}",
                "'type':'array','oneOf':[{},{'$ref':'#/$defs/x'}]",
                "'type':'array','if':{'$ref':'#/$defs/x'},'then':false",
                "'oneOf':[{'type':'array'},{'$ref':'#/$defs/x'}],'type':['array','null']",
                "'allOf':[{'type':'array'},{'not':{'$ref':'#/$defs/x'},'type':['array','null']}]"
            })
    void whatTheTypeMakesMootIsNotComplemented(String keywords) throws GrammarException {
        String schema =
                "{%s,'$defs':{'x':{'anyOf':[%s,{'type':'array','items':{'type':'string'}}]}}}"
                        .formatted(keywords, MANY);

        Machine machine = SchemaRows.machine(SchemaRows.json(schema.replace('\'', '"')));

        assertThat(GrammarTexts.accepts(machine, "[1]")).isTrue();
        assertThat(GrammarTexts.accepts(machine, "[\"a\"]")).isFalse();
        assertThat(GrammarTexts.accepts(machine, "{}")).isFalse();
    }
}
