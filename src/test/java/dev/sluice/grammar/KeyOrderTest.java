package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.grammar.JsonSchemaOptions.KeyOrder;
import dev.sluice.guided.SchemaCheck;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.json.JsonMapper;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Objects whose keys may come in any order.
class KeyOrderTest {
    private static final JsonSchemaOptions ANY = JsonSchemaOptions.DEFAULT.with(KeyOrder.ANY);
    private static final int WALKS = 40;
    private static final int LONGEST_WALK = 400;
    private static final JsonMapper NO_KEY_TWICE =
            JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

    private final Random random = new Random(11);

    private static Machine machine(String schema) throws GrammarException {
        return SchemaRows.machine(SchemaRows.json(schema.replace('\'', '"')), ANY);
    }

    private static boolean accepts(Machine machine, List<String> members) {
        return GrammarTexts.accepts(machine, "{" + String.join(", ", members) + "}");
    }

    private static List<List<String>> permutations(List<String> of) {
        if (of.isEmpty()) {
            return List.of(List.of());
        }
        List<List<String>> all = new ArrayList<>();
        for (String first : of) {
            for (List<String> rest : permutations(without(of, first))) {
                all.add(with(rest, 0, first));
            }
        }
        return all;
    }

    private static List<String> without(List<String> members, String one) {
        return members.stream().filter(member -> !member.equals(one)).toList();
    }

    private static List<String> with(List<String> members, int at, String one) {
        List<String> more = new ArrayList<>(members);
        more.add(at, one);
        return List.copyOf(more);
    }

    private List<String> shuffled(List<String> members) {
        List<String> all = new ArrayList<>(members);
        Collections.shuffle(all, random);
        return List.copyOf(all);
    }

    /// Members `name0` and so on, whose values are numbers.
    private static List<String> members(String name, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "\"%s%d\": %d".formatted(name, i, i))
                .toList();
    }

    private static String numbers(List<String> members) {
        return members.stream()
                .map(member -> member.substring(0, member.indexOf(':')) + ": {'type': 'integer'}")
                .collect(Collectors.joining(", "));
    }

    private static String names(List<String> members) {
        return members.stream()
                .map(member -> member.substring(0, member.indexOf(':')))
                .collect(Collectors.joining(", "));
    }

    @Test
    void allOrdersOfTheKeysAreAcceptedAndEachKeyOnce() throws GrammarException {
        Machine machine =
                machine(
                        """
                        {'type': 'object', 'properties': {'a': {'type': 'integer'}, 'ab': {'type': 'boolean'},
                         'b': {'type': 'string'}, 'c': {'enum': [[], null]}},
                         'required': ['a', 'ab', 'b', 'c'], 'additionalProperties': false}\
                        """);
        List<String> members = List.of("\"a\": 1", "\"ab\": true", "\"b\": \"x\"", "\"c\": null");

        for (List<String> order : permutations(members)) {
            assertThat(accepts(machine, order)).as("%s", order).isTrue();
            for (String member : members) {
                assertThat(accepts(machine, without(order, member))).as("%s", order).isFalse();
                for (int at = 0; at <= order.size(); at++) {
                    List<String> doubled = with(order, at, member);
                    assertThat(accepts(machine, doubled)).as("%s", doubled).isFalse();
                }
            }
            assertThat(accepts(machine, with(order, 2, "\"d\": 1"))).isFalse();
        }
    }

    @Test
    void declaredOrderIsTheDefault() throws GrammarException {
        String schema =
                "{\"type\": \"object\", \"properties\": {\"a\": {}, \"b\": {}}, \"required\": [\"b\"]}";
        Machine declared = SchemaRows.machine(SchemaRows.json(schema), JsonSchemaOptions.DEFAULT);

        assertThat(GrammarTexts.accepts(declared, "{\"a\": 1, \"b\": 2}")).isTrue();
        assertThat(GrammarTexts.accepts(declared, "{\"b\": 2, \"a\": 1}")).isFalse();
        assertThat(GrammarTexts.accepts(machine(schema), "{\"b\": 2, \"a\": 1}")).isTrue();
    }

    @Test
    void eightRequiredKeysComeInAnyOrderBetweenOthers() throws GrammarException {
        List<String> required = members("key", 8);
        Machine machine =
                machine(
                        "{'type': 'object', 'properties': {%s}, 'required': [%s]}"
                                .formatted(numbers(required), names(required)));

        for (int i = 0; i < 200; i++) {
            List<String> order = shuffled(required);
            List<String> mixed =
                    with(with(order, random.nextInt(9), "\"x\": {}"), 0, "\"key8\": \"y\"");
            String one = order.get(random.nextInt(8));
            assertThat(accepts(machine, order)).as("%s", order).isTrue();
            assertThat(accepts(machine, mixed)).as("%s", mixed).isTrue();
            assertThat(accepts(machine, without(mixed, one))).as("%s, %s", mixed, one).isFalse();
            assertThat(accepts(machine, with(mixed, random.nextInt(11), one)))
                    .as("%s, %s", mixed, one)
                    .isFalse();
            assertThat(accepts(machine, with(without(order, one), 3, one.replace(": ", ": \""))))
                    .isFalse();
        }
    }

    /// Further keys keep their order among themselves, wherever the others come.
    @Test
    void manyOptionalKeysKeepTheirOrderBesideEightRequiredOnes() throws GrammarException {
        List<String> required = members("key", 8);
        List<String> optional = members("more", 60);
        Machine machine =
                machine(
                        "{'type': 'object', 'properties': {%s, %s}, 'required': [%s]}"
                                .formatted(numbers(optional), numbers(required), names(required)));

        for (int i = 0; i < 50; i++) {
            List<String> some = new ArrayList<>(optional);
            some.removeIf(_ -> random.nextInt(4) == 0);
            List<String> mixed = List.copyOf(some);
            for (String member : shuffled(required)) {
                mixed = with(mixed, random.nextInt(mixed.size() + 1), member);
            }
            String one = mixed.get(random.nextInt(mixed.size()));
            assertThat(accepts(machine, mixed)).as("%s", mixed).isTrue();
            assertThat(accepts(machine, with(mixed, random.nextInt(mixed.size()), one)))
                    .as("%s, %s", mixed, one)
                    .isFalse();
        }
        assertThat(accepts(machine, List.of(optional.get(1), optional.get(0)))).isFalse();
        assertThat(machine.rules().ends().length).isLessThan(60_000);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{'properties':{'a':{},'b':{}},'additionalProperties':false}|{'b':1,'a':2}|true",
                "{'properties':{'a':{},'b':{}},'additionalProperties':false}|{'b':1}|true",
                "{'properties':{'a':{},'b':{}},'additionalProperties':false}|{'b':1,'c':2}|false",
                "{'properties':{'a':{},'b':{}},'additionalProperties':false}|{'b':1,'\\u0062':2}|false",
                "{'properties':{'a':{},'b':{}}}|{'x':0,'b':1,'y':0,'a':2,'z':0}|true",
                "{'properties':{'a':{},'b':{}}}|{'x':0,'b':1,'y':0,'b':2}|false",
                "{'properties':{'a':{'type':'null'}},'additionalProperties':{'type':'integer'}}|{'x':0,'a':null}|true",
                "{'properties':{'a':{'type':'null'}},'additionalProperties':{'type':'integer'}}|{'x':0,'a':1}|false",
                "{'properties':{'a':{'type':'null'}},'additionalProperties':{'type':'integer'}}|{'x':null}|false",
                "{'properties':{'xa':{},'b':{}},'patternProperties':{'^x':{'type':'integer'}}}|{'x':1,'b':0,'xa':2}|true",
                "{'properties':{'xa':{},'b':{}},'patternProperties':{'^x':{'type':'integer'}}}|{'b':0,'xa':{}}|false",
                "{'properties':{'xa':{},'b':{}},'patternProperties':{'^x':{'type':'integer'}}}|{'xb':{}}|false",
                "{'properties':{'a':{},'b':{},'c':{}},'minProperties':2,'additionalProperties':false}|{'c':0,'a':1}|true",
                "{'properties':{'a':{},'b':{},'c':{}},'minProperties':2,'additionalProperties':false}|{'c':0}|false",
                "{'properties':{'a':{},'b':{},'c':{}},'maxProperties':2}|{'c':0,'b':1}|true",
                "{'properties':{'a':{},'b':{},'c':{}},'maxProperties':2}|{'c':0,'b':1,'a':2}|false",
                "{'properties':{'a':{},'b':{},'c':{}},'maxProperties':2,'required':['a']}|{'c':0,'a':1}|true",
                "{'properties':{'a':{},'b':{},'c':{}},'maxProperties':2,'required':['a']}|{'c':0,'b':1,'a':2}|false",
                "{'properties':{'a':{'$ref':'#'},'b':{'type':'null'}},'required':['b']}|{'a':{'b':null},'b':null}|true",
                "{'properties':{'a':{'$ref':'#'},'b':{'type':'null'}},'required':['b']}|{'b':null,'a':{'a':{'b':null},'b':null}}|true",
                "{'properties':{'a':{'$ref':'#'},'b':{'type':'null'}},'required':['b']}|{'b':null,'a':{'a':{},'b':null}}|false",
                "{'allOf':[{'properties':{'a':{},'b':{}},'required':['a']},{'properties':{'c':{},'a':{'type':'null'}},'required':['c']}]}|{'c':0,'b':1,'a':null}|true",
                "{'allOf':[{'properties':{'a':{},'b':{}},'required':['a']},{'properties':{'c':{},'a':{'type':'null'}},'required':['c']}]}|{'c':0,'b':1,'a':2}|false",
                "{'const':{'a':{'x':1,'y':2},'b':3}}|{'b':3,'a':{'y':2,'x':1}}|true",
                "{'const':{'a':{'x':1,'y':2},'b':3}}|{'b':3,'a':{'y':1,'x':2}}|false",
                "{'enum':[{'a':1,'b':2},{'a':2,'b':1}]}|{'b':1,'a':2}|true",
                "{'enum':[{'a':1,'b':2},{'a':2,'b':1}]}|{'b':1,'a':1}|false",
                "{'oneOf':[{'properties':{'k':{'const':'i'},'v':{'type':'integer'}},'required':['k','v']},{'properties':{'k':{'const':'b'},'v':{'type':'boolean'}},'required':['k','v']}]}|{'v':true,'k':'b'}|true",
                "{'oneOf':[{'properties':{'k':{'const':'i'},'v':{'type':'integer'}},'required':['k','v']},{'properties':{'k':{'const':'b'},'v':{'type':'boolean'}},'required':['k','v']}]}|{'v':true,'k':'i'}|false",
                "{'properties':{'a':{},'b':{}},'not':{'required':['a','b']}}|{'b':1}|true",
                "{'properties':{'a':{},'b':{}},'not':{'required':['a','b']}}|{'b':1,'a':2}|false",
                "{'properties':{'a':{},'b':{}},'dependentRequired':{'b':['a']}}|{'b':1,'a':2}|true",
                "{'properties':{'a':{},'b':{}},'dependentRequired':{'b':['a']}}|{'b':1}|false"
            })
    void otherKeywordsHoldAsBefore(String schema, String text, boolean accepted)
            throws GrammarException {
        Machine machine = machine("{'type':'object'," + schema.substring(1));

        assertThat(GrammarTexts.accepts(machine, text.replace('\'', '"'))).isEqualTo(accepted);
    }

    /// Each of its objects could have ten keys without an order.
    @Test
    void largeSchemasStayWithinTheLimits() throws GrammarException {
        List<String> required = members("key", 8);
        String one =
                "{'type': 'object', 'properties': {%s, %s, 'n%%d': {}}, 'required': [%s]}"
                        .formatted(
                                numbers(required), numbers(members("more", 40)), names(required));
        String all =
                IntStream.range(0, 60)
                        .mapToObj(i -> "'o%d': ".formatted(i) + one.formatted(i))
                        .collect(Collectors.joining(", "));

        Machine machine = machine("{'type': 'object', 'properties': {%s}}".formatted(all));

        assertThat(machine.rules().ends().length)
                .isLessThan(GrammarLimits.DEFAULT.maxStates() * 3 / 4);
        assertThat(
                        accepts(
                                machine,
                                List.of("\"o59\": {%s}".formatted(String.join(", ", required)))))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'properties':{'a':{'type':'boolean'},'ab':{'enum':[1,2]},'b':{'type':'null'},'c':{'enum':['x','y']}},'required':['a','b'],'additionalProperties':false}",
                "{'properties':{'a':{'enum':[1]},'b':{'enum':[1]},'c':{'enum':[1]},'d':{'enum':[1]},'e':{'enum':[1]},'f':{'enum':[1]},'g':{'enum':[1]},'h':{'enum':[1]},'i':{'enum':[1]},'j':{'enum':[1]},'k':{'enum':[1]},'l':{'enum':[1]},'m':{'enum':[1]}},'required':['m','a','b','c','d','e','f','g','l'],'additionalProperties':false}",
                "{'properties':{'a':{'$ref':'#'},'b':{'type':'boolean'},'c':{'anyOf':[{'$ref':'#'},{'type':'null'}]}},'required':['b'],'additionalProperties':false}",
                "{'properties':{'a':{'enum':[1]},'b':{'enum':[1]},'c':{'enum':[1]},'d':{'enum':[1]}},'minProperties':2,'maxProperties':3,'required':['c'],'additionalProperties':false}",
                "{'anyOf':[{'properties':{'k':{'const':'i'},'v':{'enum':[1,2]},'a':{'type':'null'}},'required':['k','v'],'additionalProperties':false},{'properties':{'k':{'const':'b'},'v':{'type':'boolean'},'a':{'type':'boolean'}},'required':['v','k'],'additionalProperties':false}]}",
                "{'properties':{'a':{'enum':[1]},'b':{'enum':[1]},'c':{'enum':[1]}},'additionalProperties':false,'oneOf':[{'required':['a']},{'required':['b']}]}",
                "{'properties':{'a':{'enum':[1,2]},'b':{'enum':[1]},'c':{'enum':[1]}},'required':['a'],'additionalProperties':false,'if':{'properties':{'a':{'const':1}}},'then':{'required':['b']},'else':{'required':['c']}}",
                "{'properties':{'a':{'enum':[1,2]},'b':{'enum':[1,2]},'c':{'enum':[1,2]}},'not':{'additionalProperties':{'enum':[1]}},'additionalProperties':false}",
                "{'enum':[{'a':1,'b':{'c':2,'d':3}},{'b':{},'a':2,'e':4}]}",
                "{'properties':{'l':{'type':'array','maxItems':3,'items':{'type':'object','properties':{'x':{'enum':[1]},'y':{'enum':[2]}},'required':['y'],'additionalProperties':false}},'n':{'type':'null'}},'required':['l','n'],'additionalProperties':false}"
            })
    void textsOfClosedObjectsAreValidWithoutAKeyTwice(String schema) throws GrammarException {
        for (String text : walks(schema)) {
            assertThat(NO_KEY_TWICE.readTree(text).isObject()).as(text).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'properties':{'a':{'type':'boolean'},'ab':{'enum':[1,2]},'b':{'type':'null'}},'required':['ab','b'],'propertyNames':{'pattern':'^[a-c]{1,2}$'},'additionalProperties':{'type':'boolean'}}",
                "{'properties':{'a':{'type':'boolean'},'xa':{'enum':[1,'x']}},'required':['xa'],'patternProperties':{'^x[a-c]?$':{'enum':[1,2]},'^b$':false},'additionalProperties':false}",
                "{'required':['c','b','a'],'propertyNames':{'enum':['a','b','c','d']},'additionalProperties':{'enum':[1,2]}}",
                "{'allOf':[{'properties':{'a':{'enum':[1,2,3]},'b':{'type':'boolean'}},'required':['b']},{'properties':{'c':{'type':'null'},'a':{'enum':[2,3]}},'required':['c']}],'propertyNames':{'enum':['a','b','c']}}",
                "{'properties':{'a':{'enum':[1,2]},'b':{'enum':[1,2]}},'propertyNames':{'pattern':'^[a-d]$'},'not':{'additionalProperties':{'enum':[1]}},'additionalProperties':{'enum':[1,2]}}",
                "{'propertyNames':{'pattern':'^[cd]$'},'not':{'additionalProperties':{'const':1}},'additionalProperties':{'enum':[1,2]}}",
                "{'properties':{'a':{'enum':[1]}},'required':['a'],'minProperties':3,'propertyNames':{'pattern':'^[acd]$'},'additionalProperties':{'enum':[1,2]}}",
                "{'properties':{'a':{'enum':[1]}},'required':['a'],'minProperties':4,'propertyNames':{'pattern':'^[a-k]$'},'additionalProperties':{'enum':[1,2]}}",
                "{'propertyNames':{'pattern':'^[xy][ab]*$'},'allOf':[{'not':{'patternProperties':{'^x':{'const':1}}}},{'not':{'patternProperties':{'^y':{'const':1}}}}],'additionalProperties':{'enum':[1,2]}}"
            })
    void textsOfOpenObjectsAreValid(String schema) throws GrammarException {
        assertThat(walks(schema)).doesNotContain("");
    }

    /// Valid texts, written token by token by chance.
    private List<String> walks(String schema) throws GrammarException {
        String json =
                "{'type':'object',".replace('\'', '"') + schema.replace('\'', '"').substring(1);
        List<byte[]> tokens = tokens();
        CompiledGrammar grammar = compiled(json, tokens);
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < WALKS; i++) {
            walk(grammar, tokens).ifPresent(texts::add);
        }
        assertThat(texts).hasSizeGreaterThan(WALKS / 2);
        for (String text : texts) {
            SchemaCheck.Verdict verdict = SchemaCheck.check(json, text);
            assertThat(verdict.judged()).isTrue();
            assertThat(verdict.problem()).as(text).isEmpty();
        }
        return texts;
    }

    private static CompiledGrammar compiled(String schema, List<byte[]> tokens)
            throws GrammarException {
        GrammarVocabulary words = GrammarVocabulary.of(GrammarTexts.vocabulary(tokens));
        try (GrammarCompiler compiler =
                new GrammarCompiler(() -> words, GrammarLimits.DEFAULT, ANY, 1)) {
            return compiler.compileNow(new GrammarSpec.JsonSchema(schema, true));
        }
    }

    private static List<byte[]> tokens() {
        List<byte[]> tokens = new ArrayList<>();
        for (int c = 0x20; c < 0x7F; c++) {
            tokens.add(new byte[] {(byte) c});
        }
        for (String text :
                List.of(
                        "{\"",
                        "\":",
                        "\": ",
                        ", \"",
                        ",\"",
                        "}",
                        "},",
                        "\",\"b\":",
                        "ab",
                        "null",
                        "true",
                        "1, \"")) {
            tokens.add(text.getBytes(StandardCharsets.UTF_8));
        }
        return tokens;
    }

    private Optional<String> walk(CompiledGrammar grammar, List<byte[]> tokens) {
        int end = tokens.size();
        GrammarMatcher matcher = grammar.matcher(Set.of(end));
        StringBuilder text = new StringBuilder();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate(ValueLayout.JAVA_INT, Math.ceilDiv(end + 1, 32));
            for (int i = 0; i < LONGEST_WALK; i++) {
                row.fill((byte) 0);
                matcher.fillNextTokenBitmask(row);
                int[] allowed =
                        IntStream.rangeClosed(0, end).filter(id -> isSet(row, id)).toArray();
                int any = random.nextInt(end);
                if (!isSet(row, any)) {
                    assertThat(matcher.accept(any)).isFalse();
                }
                int token = allowed[random.nextInt(allowed.length)];
                assertThat(matcher.accept(token)).isTrue();
                if (token == end) {
                    return Optional.of(text.toString());
                }
                text.append(new String(tokens.get(token), StandardCharsets.UTF_8));
            }
        }
        return Optional.empty();
    }

    private static boolean isSet(MemorySegment row, int id) {
        return (row.getAtIndex(ValueLayout.JAVA_INT, id >> 5) >>> id & 1) == 1;
    }
}
