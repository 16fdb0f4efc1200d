package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// Masks against what the matcher says of each token by itself.
class MaskMakerTest {
    private static final String[] PIECES = {
        "a",
        "b",
        "Z",
        "7",
        "0",
        "-",
        ".",
        "_",
        " ",
        "  ",
        "/",
        ":",
        "@",
        ",",
        "\"",
        "\\",
        "\\n",
        "\\\"",
        "\\u00",
        "e4",
        "\\ud83d",
        "\\ude00",
        "\\ud83d\\ude00",
        "{",
        "}",
        "[",
        "]",
        "\n",
        "\t",
        "\u00e4",
        "\u20ac",
        "\ud83d\ude00",
        "name",
        "null",
        "true",
        "the",
        "key",
        "\u007f"
    };

    private final Random random = new Random(6);
    private final List<byte[]> tokens = tokens();
    private final int end = tokens.size();

    /// Single bytes, which allow any text; pieces put together, some cut within a character; long
    /// ones; and some twice.
    private List<byte[]> tokens() {
        List<byte[]> all = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            all.add(new byte[] {(byte) b});
        }
        for (int i = 0; i < 700; i++) {
            StringBuilder text = new StringBuilder();
            int count = 1 + random.nextInt(1 + random.nextInt(40));
            for (int k = 0; k < count; k++) {
                text.append(PIECES[random.nextInt(PIECES.length)]);
            }
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            int from = random.nextInt(8) == 0 ? random.nextInt(bytes.length) : 0;
            int cut = random.nextInt(4) == 0 ? random.nextInt(bytes.length - from) : 0;
            all.add(Arrays.copyOfRange(bytes, from, bytes.length - cut));
        }
        for (int length = 1; length < 90; length += 3) {
            all.add("x".repeat(length).getBytes(StandardCharsets.UTF_8));
            all.add(("\u00e4y".repeat(length) + "\"").getBytes(StandardCharsets.UTF_8));
        }
        for (int i = 0; i < 60; i++) {
            all.add(all.get(random.nextInt(all.size())).clone());
        }
        return all;
    }

    private CompiledGrammar compiled(GrammarSpec spec) throws GrammarException {
        GrammarVocabulary words = GrammarVocabulary.of(GrammarTexts.vocabulary(tokens));
        try (GrammarCompiler compiler =
                new GrammarCompiler(
                        () -> words, GrammarLimits.DEFAULT, JsonSchemaOptions.DEFAULT, 1)) {
            return compiler.compileNow(spec);
        }
    }

    /// Several texts of random tokens that may come; each mask is asked for twice, so that what is
    /// remembered is compared, too.
    private void compare(GrammarSpec spec) throws GrammarException {
        CompiledGrammar grammar = compiled(spec);
        int size = end + 1;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate(ValueLayout.JAVA_INT, Math.ceilDiv(size, 32) + 1);
            for (int text = 0; text < 12; text++) {
                GrammarMatcher matcher = grammar.matcher(Set.of(end));
                for (int step = 0; step < 25 && !matcher.isTerminated(); step++) {
                    List<Integer> allowed = GrammarTexts.accepted(matcher, size);
                    matcher.fillNextTokenBitmask(row);
                    assertThat(GrammarTexts.ids(row))
                            .as("%s, step %d", spec, step)
                            .isEqualTo(allowed);
                    matcher.fillNextTokenBitmask(row);
                    assertThat(GrammarTexts.ids(row))
                            .as("%s, step %d, again", spec, step)
                            .isEqualTo(allowed);
                    assertThat(allowed).isNotEmpty();
                    matcher.accept(allowed.get(random.nextInt(allowed.size())));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{'type':'string'}",
                "{'type':'string','maxLength':3}",
                "{'type':'string','minLength':2,'maxLength':17}",
                "{'type':'string','maxLength':33}",
                "{'type':'array','items':{'type':'string','maxLength':6},'maxItems':9}",
                "{'anyOf':[{'type':'string','maxLength':4},{'enum':['namename','the']}]}",
                "{'type':'string','minLength':9,'maxLength':200}",
                "{'type':'string','pattern':'^[^,]*$'}",
                "{'type':'string','pattern':'^[a-zA-Z0-9._-]+$'}",
                "{'type':'string','pattern':'^[\\\\w-]{5,9}$'}",
                "{'type':'string','pattern':'^\\\\S+@\\\\S+\\\\.[a-z]{2,}$'}",
                "{'type':'string','pattern':'^file:.*\\\\.tif$','maxLength':40}",
                "{'type':'string','pattern':'the.*key'}",
                "{'type':'string','not':{'enum':['the','key','name']}}",
                "{'type':'string','format':'date-time'}",
                "{'type':'array','items':{'type':'string','format':'hostname'},'minItems':2}",
                "{'anyOf':[{'type':'string','format':'email'},{'enum':['name','the@key']}]}",
                "{'type':'string','pattern':'^the.*','maxLength':9}",
                "{'type':'string','pattern':'^(?:the|key|\u20ac)*$','minLength':5,'maxLength':13}",
                "{'anyOf':[{'type':'string','pattern':'^[^a]'},{'type':'string','pattern':'a'}]}",
                "{'enum':['name','null',true,null,7,'\u20ac']}",
                "{'type':'number','minimum':-7.5}",
                "{'type':['integer','boolean','null','array']}",
                "{'type':'array','items':{'type':'string'},'minItems':1,'maxItems':3}",
                "{'properties':{'name':{'type':'string'},'key':{'type':'integer'}}}",
                "{'patternProperties':{'^a':{'type':'string'},'.':{}},'additionalProperties':false}",
                "{'properties':{'the':{'maxLength':4}},'patternProperties':{'key':{'type':'null'}}}",
                "{'type':'object','minProperties':2}",
                "{'type':'object','minProperties':3,'patternProperties':{'a$':{'type':'null'}}}",
                "{'type':'object','minProperties':3,'propertyNames':{'maxLength':1}}",
                "{'type':'object','not':{'additionalProperties':{'type':'object'}}}"
            })
    void masksOfSchemasHoldWhatTheMatcherAccepts(String schema) throws GrammarException {
        compare(new GrammarSpec.JsonSchema(schema.replace('\'', '"'), true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "(.|\\n)*",
                "[^\"]{0,30}",
                "\"[ -~]*\"",
                "(a|b|name)*7{3,}",
                "\\S+( \\S+){0,3}",
                "[a-z]+(\\.[a-z]+)*",
                ".{2,5}[a-z]*",
                "[ -~]{3,9}\n",
                "([a-zA-Z0-9._-]{1,6},?)+",
                "([ -~]{1,4}|[a-z]{7})\"",
                "[a-zA-Z0-9._-]{0,12}( [^a]{2,5})?"
            })
    void masksOfExpressionsHoldWhatTheMatcherAccepts(String pattern) throws GrammarException {
        compare(new GrammarSpec.RegularExpression(pattern));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "root ::= \"[\" (root (\",\" root)*)? \"]\" | text\ntext ::= [^\\[\\],]+",
                "root ::= root root | \"a\" | \"b\" [^b]* \"b\"",
                "root ::= (word \" \"?)+\nword ::= [a-zA-Z0-9_.-]+ | [^a]{1,12}"
            })
    void masksOfGrammarsHoldWhatTheMatcherAccepts(String grammar) throws GrammarException {
        compare(new GrammarSpec.Ebnf(grammar));
    }
}
