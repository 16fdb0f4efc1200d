package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.grammar.JsonSchemaOptions.KeyOrder;
import dev.sluice.grammar.JsonSchemaOptions.Whitespace;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Schemas whose alternatives could be too many are refused; those that aren't can be followed
/// wherever a text goes.
class ReadingsTest {
    private static final String PASSED = " passes a limit";
    private static final String DEAD_END = " is a dead end";
    private static final int WALKS = 6;
    private static final int LONGEST_WALK = 120;

    /// What texts are made of, more often than not.
    private static final String FREQUENT = "\"\"\"\"\"\"\"::::,,,,,{{{[[[}]0011223kkkkkkabr.-e";

    static GrammarLimits limits(int maxConfigurations, Duration compileTime) {
        GrammarLimits base = GrammarLimits.DEFAULT;
        return new GrammarLimits(
                base.maxSourceLength(),
                base.maxRegexLength(),
                base.maxNesting(),
                base.maxChoices(),
                base.maxStates(),
                base.maxRules(),
                maxConfigurations,
                base.maxBytes(),
                compileTime);
    }

    private static Machine machine(String schema, JsonSchemaOptions options, GrammarLimits limits)
            throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(limits);
        SchemaRule rule = new JsonSchemaCompiler(options).compile(SchemaRows.json(schema), builder);
        return new Machine(builder.build(rule.rule()), limits);
    }

    /// A text that goes on wherever it may, at random.
    ///
    /// @return what was read, and [#PASSED] if a limit was passed there, or [#DEAD_END] if the text
    ///   can't go on there
    private static String walk(Machine machine, SplittableRandom random) {
        return walk(machine, machine.start(), random);
    }

    private static String walk(Machine machine, ParseState from, SplittableRandom random) {
        StringBuilder text = new StringBuilder();
        ParseState state = from;
        int tries = 0;
        while (text.length() < LONGEST_WALK && tries < 100) {
            int c =
                    tries < 60
                            ? FREQUENT.charAt(random.nextInt(FREQUENT.length()))
                            : random.nextInt(' ', 0x7F);
            ParseState next;
            try {
                next = machine.step(state, c);
            } catch (GrammarLimitException e) {
                return text.append((char) c) + PASSED;
            }
            tries++;
            if (!next.isDead()) {
                state = next;
                text.append((char) c);
                tries = 0;
            }
        }
        return goesOn(machine, state) ? text.toString() : text + DEAD_END;
    }

    private static boolean goesOn(Machine machine, ParseState state) {
        return state.accepts()
                || IntStream.range(0, 256).anyMatch(b -> !machine.step(state, b).isDead());
    }

    static IntStream seeds() {
        return IntStream.range(0, 200);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void whatIsAcceptedCanBeFollowed(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        GrammarLimits limits = limits(random.nextInt(25, 160), Duration.ofMillis(100));
        JsonSchemaOptions options =
                JsonSchemaOptions.DEFAULT
                        .with(pick(random, Whitespace.values()))
                        .with(random.nextInt(4) == 0 ? KeyOrder.ANY : KeyOrder.DECLARED)
                        .withStrict(random.nextInt(3) > 0);
        String schema = new Schemas(random).value(random.nextInt(2, 4));

        Optional<Machine> machine = compiled(schema, options, limits);

        for (int i = 0; i < WALKS && machine.isPresent(); i++) {
            String text = walk(machine.get(), random);
            assertThat(text).as(schema).doesNotEndWith(PASSED).doesNotEndWith(DEAD_END);
        }
    }

    @ParameterizedTest
    @CsvSource({"10,10,30", "20,20,10", "20,20,2", "2,12,90", "1,1,2500"})
    void tooManyKeysInAlternativesAreRefused(int alternatives, int inside, int keys)
            throws GrammarException {
        for (boolean arrays : new boolean[] {false, true}) {
            String schema = nested(arrays, alternatives, inside, keys);

            assertThatThrownBy(
                            () -> machine(schema, JsonSchemaOptions.DEFAULT, GrammarLimits.DEFAULT))
                    .isInstanceOf(GrammarException.class)
                    .hasMessageContaining("which are too many; fewer alternatives");
            machine(schema, JsonSchemaOptions.DEFAULT.withStrict(false), GrammarLimits.DEFAULT);
        }
    }

    @ParameterizedTest
    @CsvSource({"2,50,15", "2,12,75", "6,6,40", "5,50,3", "1,1,1900"})
    void asManyAlternativesAsCanBeFollowedAreAccepted(int alternatives, int inside, int keys)
            throws GrammarException {
        for (boolean arrays : new boolean[] {false, true}) {
            Machine machine =
                    machine(
                            nested(arrays, alternatives, inside, keys),
                            JsonSchemaOptions.DEFAULT,
                            GrammarLimits.DEFAULT);

            assertThat(
                            GrammarTexts.accepts(
                                    machine, arrays ? "[{\"k1\": 0}]" : "{\"a\": {\"k1\": 0}}"))
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 20})
    void theLargestSchemaThatIsAcceptedCanBeFollowed(int keys) {
        GrammarLimits limits = limits(400, Duration.ofSeconds(5));
        int accepted = 0;
        for (int number = 2; number < 150; number++) {
            String schema =
                    "{'type':'object','anyOf':[%s]}"
                            .formatted(
                                    Schemas.list(
                                            number,
                                            i ->
                                                    "{'properties':{%s},'required':['r%d']}"
                                                            .formatted(constants(keys, i), i)))
                            .replace('\'', '"');
            Optional<Machine> machine = compiled(schema, JsonSchemaOptions.DEFAULT, limits);
            if (machine.isEmpty()) {
                break;
            }
            assertThat(GrammarTexts.accepts(machine.get(), "{\"k0\": 1, \"r1\": 2}")).isTrue();
            accepted = number;
        }
        assertThat(accepted).isGreaterThanOrEqualTo(400 / (2 * keys + 7));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{'type':'array','items':{'type':'number','minimum':%1$d}}; [900, 900e0",
                "{'type':'array','maxItems':%1$d,'items':{'type':'number','minimum':%1$d}}; [900e0",
                "{'type':'array','minItems':%1$d,'items':{'type':'number','minimum':%1$d}}; [9, 9e0",
                "{'type':'array','maxItems':%1$d,'items':{'enum':[0,%1$d]}}; [0",
                "{'type':'object','properties':{'a':{'minimum':%1$d}}}; {\"a\": 900e0",
                "{'type':'array','items':{'enum':[%1$d,0.%1$d,1.%1$d,2.%1$d]},'uniqueItems':true}; [",
                "{'type':'array','items':{'enum':['a%1$d','b%1$d']},'uniqueItems':true}; [",
            })
    void alternativesThatAreAcceptedCanBeFollowed(String alternative, String text) {
        GrammarLimits limits = limits(400, Duration.ofSeconds(5));
        int accepted = 0;
        for (int number = 2; number < 150; number++) {
            String schema =
                    "{'anyOf':[%s]}"
                            .formatted(Schemas.list(number, i -> alternative.formatted(i + 2)))
                            .replace('\'', '"');
            Optional<Machine> machine = compiled(schema, JsonSchemaOptions.DEFAULT, limits);
            if (machine.isEmpty()) {
                break;
            }
            assertThat(goesOn(machine.get(), text)).as(schema).isTrue();
            accepted = number;
        }
        assertThat(accepted).isBetween(16, 148);
    }

    @ParameterizedTest
    @CsvSource({"40,50", "30,60", "250,60", "2,1900"})
    void objectsThatTheirFirstMembersTellApartAreCountedOneByOne(int alternatives, int keys)
            throws GrammarException {
        JsonSchemaOptions options = JsonSchemaOptions.DEFAULT.withClosedObjects(keys % 100 == 50);
        String schema = union(alternatives, keys, i -> "{'const':'a%d'}".formatted(i), "");

        Machine machine = machine(schema, options, GrammarLimits.DEFAULT);

        assertThat(GrammarTexts.accepts(machine, "{\"t\": \"a1\", \"k7\": 1}")).isTrue();
        assertThat(GrammarTexts.accepts(machine, "{\"t\": \"a1\", \"k7\": 0}")).isFalse();
        String tools =
                "{'anyOf':[%s]}"
                        .formatted(
                                Schemas.list(
                                        alternatives,
                                        i ->
                                                tool("'a%d'".formatted(i), constants(keys, i))
                                                        .replace('\'', '"')))
                        .replace('\'', '"');
        machine = machine(tools, options, GrammarLimits.DEFAULT);
        assertThat(GrammarTexts.accepts(machine, "{\"name\": \"a1\", \"arguments\": {\"k7\": 1}}"))
                .isTrue();
    }

    private static String tool(String name, String properties) {
        return ("{'type':'object','properties':{'name':{'const':%s},'arguments':{'type':'object',"
                        + "'properties':{%s}}},'required':['name','arguments']}")
                .formatted(name, properties);
    }

    /// Alternatives with a first key and optional ones, whose values tell which one it is.
    private static String union(
            int alternatives, int keys, IntFunction<String> first, String keywords) {
        return "{'anyOf':[%s]}"
                .formatted(
                        Schemas.list(
                                alternatives,
                                i ->
                                        ("{'type':'object','properties':{'t':%s,%s},"
                                                        + "'required':['t']%s}")
                                                .formatted(
                                                        first.apply(i),
                                                        constants(keys, i),
                                                        keywords)))
                .replace('\'', '"');
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void firstMembersThatTellObjectsApartCanBeFollowed(int seed) throws GrammarException {
        SplittableRandom random = new SplittableRandom(seed);
        JsonSchemaOptions options =
                JsonSchemaOptions.DEFAULT
                        .with(pick(random, Whitespace.values()))
                        .withClosedObjects(random.nextBoolean())
                        .withStrict(random.nextInt(3) > 0);
        int alternatives = random.nextInt(2, 12);
        String first = pick(random, FIRST);
        int depth = random.nextInt(1, 3);
        String schema =
                union(
                        random,
                        alternatives,
                        depth,
                        i -> first.formatted(i, i * 10, (char) ('\u00e0' + i)));

        Machine machine = tightest(schema, options);

        for (int i = 0; i < alternatives; i++) {
            for (String value : VALUES) {
                String begun = "{\"t\": " + value.formatted(i, i * 10, (char) ('\u00e0' + i));
                if (random.nextInt(3) == 0) {
                    begun = begun.replace("{", "{\"z\": [{}], ");
                }
                String text = begun + "\"k\": " + begun;
                ParseState state = machine.start();
                for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
                    state = machine.step(state, b & 0xFF);
                    if (state.isDead()) {
                        break;
                    }
                    if (random.nextInt(6) == 0) {
                        assertThat(walk(machine, state, random))
                                .as(schema + text)
                                .doesNotEndWith(PASSED)
                                .doesNotEndWith(DEAD_END);
                    }
                }
            }
        }
    }

    private static final String[] FIRST = {
        "{'const':'a%1$d'}",
        "{'const':'a%1$d','type':'string'}",
        "{'enum':['%1$d','x%1$d']}",
        "{'const':'%1$d\\u0000\\n%3$c'}",
        "{'const':'%3$c%3$c'}",
        "{'const':%1$d}",
        "{'const':%1$d.0}",
        "{'enum':[%1$d,'%1$d']}",
        "{'enum':[%2$d,0.%1$d5,7%1$de2]}",
        "{'const':%1$d,'type':'integer'}"
    };

    private static final String[] VALUES = {
        "\"a%1$d\", ",
        "\"%1$d\", ",
        "\"%1$d\\u0000\\u000a%3$c\", ",
        "\"%3$c%3$c\", ",
        "\"%3$c\\u",
        "%1$d, ",
        "%1$d.0, ",
        "%1$d.00e0, ",
        "%2$de0, ",
        "0.%1$d50, "
    };

    private static String union(
            SplittableRandom random, int alternatives, int depth, IntFunction<String> first) {
        return "{'anyOf':[%s]}"
                .formatted(
                        Schemas.list(
                                alternatives,
                                i ->
                                        ("{'type':'object','properties':{'t':%s,'k':%s,%s},"
                                                        + "'required':['t']}")
                                                .formatted(
                                                        first.apply(i),
                                                        depth == 0
                                                                ? "{'type':'number'}"
                                                                : union(
                                                                        random,
                                                                        random.nextInt(1, 6),
                                                                        depth - 1,
                                                                        first),
                                                        constants(random.nextInt(1, 9), i))))
                .replace('\'', '"');
    }

    /// With the least limit under which a schema is accepted.
    private static Machine tightest(String schema, JsonSchemaOptions options)
            throws GrammarException {
        return machine(schema, options, limits(least(schema, options), Duration.ofSeconds(5)));
    }

    private static int least(String schema, JsonSchemaOptions options) {
        int refused = 0;
        int accepted = 100_000;
        while (accepted - refused > 1) {
            int limit = (accepted + refused) / 2;
            JsonSchemaOptions strict = options.withStrict(true);
            if (compiled(schema, strict, limits(limit, Duration.ofSeconds(5))).isPresent()) {
                accepted = limit;
            } else {
                refused = limit;
            }
        }
        return accepted;
    }

    @Test
    void objectsThatTheirFirstMembersMayNotTellApartAreCountedTogether() {
        JsonSchemaOptions options = JsonSchemaOptions.DEFAULT;
        String apart = union(20, 50, i -> "{'const':%d}".formatted(i), "");
        int together = 20 * 50;

        assertThat(least(apart, options)).isLessThan(together / 4);
        assertThat(least(apart, options.with(KeyOrder.ANY))).isGreaterThan(together);
        for (String schema :
                new String[] {
                    union(20, 50, i -> "{'const':%s}".formatted(i == 2 ? "1.0" : i), ""),
                    union(20, 50, i -> "{'enum':['x%d','x%d']}".formatted(i, i + 1), ""),
                    union(20, 50, i -> "{'pattern':'^a%d'}".formatted(i), ""),
                    union(20, 50, i -> "{'const':[%d]}".formatted(i), ""),
                    union(
                            20,
                            50,
                            i -> "{'const':%d}".formatted(i),
                            ",'not':{'additionalProperties':{'type':'null'}}"),
                    union(20, 50, i -> "{'const':%d}".formatted(i), "")
                            .replace("[\"t\"]", "[\"t\",\"u\"]"),
                    apart.replace("[\"t\"]", "[\"k0\"]"),
                    apart.replace("\"t\":", "\"k\":0,\"t\":").replace("\"k\":0", "\"k\":{}")
                }) {
            assertThat(least(schema, options)).as(schema).isGreaterThan(together);
        }
    }

    @Test
    void timesInAlternativesCanBeFollowed() throws GrammarException {
        String schema = "{'anyOf':[%s]}".formatted(Schemas.list(5, i -> times(4 * i, 4)));
        schema = schema.replace('\'', '"');
        for (int most = 90; most <= 130; most += 20) {
            Optional<Machine> machine =
                    compiled(
                            schema, JsonSchemaOptions.DEFAULT, limits(most, Duration.ofSeconds(5)));
            if (machine.isPresent()) {
                assertThat(goesOn(machine.get(), "[\"2020-01-01T10:10:10.12")).isTrue();
            }
        }
        machine(schema, JsonSchemaOptions.DEFAULT, limits(130, Duration.ofSeconds(5)));
    }

    private static String times(int first, int number) {
        return "{'type':'array','items':{'anyOf':[%s]}}"
                .formatted(
                        Schemas.list(
                                number,
                                i ->
                                        "{'type':'string','format':'date-time','maxLength':%d}"
                                                .formatted(25 + first + i)));
    }

    @Test
    void stringsOfXmlParametersThatAreAcceptedCanBeFollowed() {
        GrammarLimits limits = limits(150, Duration.ofSeconds(5));
        int accepted = 0;
        for (int number = 2; number < 60; number++) {
            String texts =
                    Schemas.list(number, i -> "{'type':'string','maxLength':%d}".formatted(i + 9));
            String tag =
                    ("{'format':{'type':'qwen_xml_parameter','json_schema':{'type':'object',"
                                    + "'properties':{'a':{'anyOf':[%s]}}}}}")
                            .formatted(texts)
                            .replace('\'', '"');
            Machine machine;
            try {
                machine =
                        new Machine(
                                new SpecWriter(
                                                new GrammarBuilder(limits),
                                                JsonSchemaOptions.DEFAULT)
                                        .write(new GrammarSpec.StructuralTag(tag)),
                                limits);
            } catch (GrammarException _) {
                break;
            }
            assertThat(goesOn(machine, "<parameter=a>a\n")).isTrue();
            accepted = number;
        }
        assertThat(accepted).isGreaterThan(20);
    }

    @Test
    void whatIsContainedTooOftenIsLeftOutAlone() throws GrammarException {
        String schema =
                "{'type':'array','contains':{'const':1},'minContains':5000,'maxItems':9000,"
                        + "'items':{'type':'number'}}";

        Machine machine =
                machine(
                        schema.replace('\'', '"'),
                        JsonSchemaOptions.DEFAULT.withStrict(false),
                        GrammarLimits.DEFAULT);

        assertThat(GrammarTexts.accepts(machine, "[\"a\"]")).isFalse();
        assertThat(goesOn(machine, "[1, 2")).isTrue();
    }

    private static boolean goesOn(Machine machine, String text) {
        ParseState state = machine.start();
        for (int i = 0; i < text.length(); i++) {
            state = machine.step(state, text.charAt(i));
        }
        return goesOn(machine, state);
    }

    private static String constants(int keys, int value) {
        return Schemas.list(keys, k -> "'k%d':{'const':%d}".formatted(k, value));
    }

    /// Alternatives in alternatives, all different.
    private static String nested(boolean arrays, int alternatives, int inside, int keys) {
        String outer =
                arrays
                        ? "{'type':'array','items':%s,'maxItems':%d}"
                        : "{'type':'object','properties':{'a':%s},'maxProperties':%d}";
        return "{'anyOf':[%s]}"
                .formatted(
                        Schemas.list(
                                alternatives,
                                i -> outer.formatted(objects(i * inside, inside, keys), i + 2)))
                .replace('\'', '"');
    }

    private static String objects(int first, int number, int keys) {
        return "{'anyOf':[%s]}"
                .formatted(
                        Schemas.list(
                                number,
                                i ->
                                        "{'type':'object','properties':{%s}}"
                                                .formatted(constants(keys, first + i))));
    }

    private static Optional<Machine> compiled(
            String schema, JsonSchemaOptions options, GrammarLimits limits) {
        try {
            return Optional.of(machine(schema, options, limits));
        } catch (GrammarException _) {
            return Optional.empty();
        }
    }

    private static <T> T pick(SplittableRandom random, T[] of) {
        return of[random.nextInt(of.length)];
    }

    /// Schemas at random, with alternatives in alternatives.
    static final class Schemas {
        private static final String[] SCALARS = {
            "{'const':%d}",
            "{'minimum':%d}",
            "{'type':'number','maximum':%d}",
            "{'type':'integer','multipleOf':%d}",
            "{'type':'string','minLength':%d}",
            "{'type':'string','maxLength':%d}",
            "{'type':'string','pattern':'^k{0,%d}a*$'}",
            "{'enum':['k0','k%d',1,null,true]}",
            "{'not':{'const':%d}}",
            "{'type':['array','boolean','number','null'],'minimum':%d}",
            "{'$ref':'#','title':'%d'}"
        };

        private final SplittableRandom random;

        Schemas(SplittableRandom random) {
            this.random = random;
        }

        String value(int depth) {
            return written(depth).replace('\'', '"');
        }

        private String written(int depth) {
            int kind = depth <= 0 ? 0 : random.nextInt(10);
            if (kind < 1) {
                return pick(random, SCALARS).formatted(random.nextInt(1, 60));
            }
            if (kind < 4) {
                return object(depth);
            }
            return kind < 6 ? array(depth) : alternatives(depth);
        }

        private String alternatives(int depth) {
            String keyword = pick(random, new String[] {"anyOf", "anyOf", "oneOf", "allOf"});
            int number = keyword.equals("allOf") ? 2 : random.nextInt(2, 14);
            int kind = random.nextInt(4);
            IntFunction<String> one =
                    switch (kind) {
                        case 0 -> _ -> array(depth - 1);
                        case 1 -> _ -> written(depth - 1);
                        default -> _ -> object(depth - 1);
                    };
            return "{'%s':[%s]}".formatted(keyword, list(number, one));
        }

        private static String list(int number, IntFunction<String> of) {
            return IntStream.range(0, number).mapToObj(of).collect(Collectors.joining(","));
        }

        private String object(int depth) {
            StringBuilder object = new StringBuilder("{'type':'object'");
            if (random.nextInt(8) > 0) {
                int keys = random.nextInt(3) == 0 ? random.nextInt(30) : random.nextInt(5);
                object.append(",'properties':{%s}".formatted(members("k", keys, depth)));
            }
            if (random.nextInt(5) == 0) {
                object.append(
                        ",'patternProperties':{%s}"
                                .formatted(members("^k.*", random.nextInt(1, 4), depth)));
            }
            switch (random.nextInt(10)) {
                case 0, 1 ->
                        object.append(",'additionalProperties':%s".formatted(written(depth - 1)));
                case 2, 3, 4 -> object.append(",'additionalProperties':false");
                case 5 -> object.append(",'required':['r%d','k1']".formatted(random.nextInt(9)));
                case 6 -> object.append(",'required':['k%d']".formatted(random.nextInt(9)));
                case 7 ->
                        object.append(
                                ",'not':{'additionalProperties':{'type':'number','maximum':%d}}"
                                        .formatted(random.nextInt(9)));
                case 8 -> object.append(",'minProperties':%d".formatted(random.nextInt(1, 4)));
                default ->
                        object.append(
                                ",'not':{'patternProperties':{'^k.*%d':%s}}"
                                        .formatted(random.nextInt(4), written(0)));
            }
            return object + "}";
        }

        private String members(String prefix, int number, int depth) {
            return list(
                    number,
                    i ->
                            "'%s%d':%s"
                                    .formatted(
                                            prefix,
                                            i,
                                            written(random.nextInt(3) == 0 ? depth - 1 : 0)));
        }

        private String array(int depth) {
            String items = written(depth - 1);
            return switch (random.nextInt(7)) {
                case 0 -> "{'type':'array','contains':%s,'items':%s}".formatted(written(0), items);
                case 1 ->
                        "{'type':'array','contains':{'type':'number'},'minContains':%d}"
                                .formatted(random.nextInt(1, 40));
                case 2 ->
                        "{'type':'array','prefixItems':[%s],'maxItems':%d}"
                                .formatted(
                                        list(random.nextInt(1, 3), _ -> written(0)),
                                        random.nextInt(2, 9));
                case 3 ->
                        "{'type':'array','items':{'enum':[1,2,3,%d]},'uniqueItems':true}"
                                .formatted(random.nextInt(4, 9));
                default ->
                        "{'type':'array','items':%s,'minItems':%d}"
                                .formatted(items, random.nextInt(4));
            };
        }
    }
}
