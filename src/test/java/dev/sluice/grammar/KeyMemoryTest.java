package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.guided.SchemaCheck;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/// Objects none of whose keys come twice: masks, acceptance and what is forced agree wherever keys
/// end within a token.
class KeyMemoryTest {
    private static final int WALKS = 60;
    private static final int LONGEST_WALK = 60;
    private static final String[] TOKENS = {
        "{\"",
        "\"",
        "\":",
        "\": ",
        ", \"",
        ",\"",
        "}",
        "}}",
        "\"a\"",
        "\"\":",
        "a\":",
        "\"a\":0",
        "\"a\":0,\"b\"",
        "a\":0,\"a\":",
        "\":0,\"",
        "\":1,\"a",
        "\":0,\"a\":1,\"b\":0",
        "\":0, \"a\"",
        "b\":0,\"ab\":0,\"b\":1",
        "\\u0061",
        "\\u00",
        "61",
        "62",
        "\\u0061\":1,\"a\":",
        "ab",
        "aab",
        "abab",
        "ba",
        "bb",
        "true",
        "1",
        "0",
        "{\"a\":0,\"a",
        "{\"a\":0,\"b\":",
        "a\":{\"a\":",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "0,\"a\":1,\"a\":1",
        "0}",
        "\":{\"",
        "\ud83d\ude00",
        "\\ud83d",
        "\\ude00",
        "\\ud83d\\ude00\":0",
        "\u00e4",
        "a",
        "b",
        "a",
        "b",
        "x"
    };

    private final Random random = new Random(17);
    private final List<byte[]> tokens = tokens();
    private final int end = tokens.size();

    private static List<byte[]> tokens() {
        List<byte[]> all = new ArrayList<>();
        for (int c = 0x20; c < 0x7F; c++) {
            all.add(new byte[] {(byte) c});
        }
        for (int b = 0x80; b < 0x100; b++) {
            all.add(new byte[] {(byte) b});
        }
        for (String token : TOKENS) {
            all.add(token.getBytes(StandardCharsets.UTF_8));
        }
        return all;
    }

    private CompiledGrammar compiled(String schema) throws GrammarException {
        GrammarVocabulary words = GrammarVocabulary.of(GrammarTexts.vocabulary(tokens));
        try (GrammarCompiler compiler =
                new GrammarCompiler(
                        () -> words, GrammarLimits.DEFAULT, JsonSchemaOptions.DEFAULT, 1)) {
            return compiler.compileNow(new GrammarSpec.JsonSchema(schema, true));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'minProperties':2,'additionalProperties':{'enum':[0,1]}}",
                "{'minProperties':3,'properties':{'a':{'enum':[0,1]},'b':{}},'additionalProperties':{'enum':[0,1]}}",
                "{'not':{'additionalProperties':{'const':0}},'additionalProperties':{'enum':[0,1]}}",
                "{'patternProperties':{'^a':{'enum':[0,1]}},'additionalProperties':{'type':'boolean'},'not':{'patternProperties':{'b$':{'const':0}}}}",
                "{'minProperties':2,'propertyNames':{'pattern':'^[ab]{1,2}$'},'additionalProperties':{'enum':[0,1]}}",
                "{'minProperties':5,'propertyNames':{'pattern':'^[ab]{1,2}$'},'additionalProperties':{'enum':[0,1]},'properties':{'a':{},'bb':{}}}",
                "{'minProperties':3,'propertyNames':{'pattern':'^(a|b[ab]*|x[ab]?)$'},'additionalProperties':{'enum':[0,1]}}",
                "{'minProperties':2,'propertyNames':{'pattern':'^a*b$'},'additionalProperties':{'enum':[0,1]}}",
                "{'minProperties':2,'propertyNames':{'maxLength':2},'additionalProperties':{'enum':[0,1]}}",
                "{'minProperties':2,'additionalProperties':{'anyOf':[{'$ref':'#'},{'enum':[0,1]}]}}",
                "{'anyOf':[{'minProperties':2,'additionalProperties':{'enum':[0,1]}},{'minProperties':3,'additionalProperties':{'type':'boolean'}},{'additionalProperties':{'const':1}}]}",
                "{'minProperties':2,'additionalProperties':{'type':'string'}}"
            })
    void masksAreExactWhereverKeysEnd(String schema) throws GrammarException {
        String json = ("{'type':'object'," + schema.substring(1)).replace('\'', '"');
        CompiledGrammar grammar = compiled(json);
        int finished = 0;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment row = arena.allocate(ValueLayout.JAVA_INT, Math.ceilDiv(end + 1, 32));
            for (int i = 0; i < WALKS; i++) {
                finished += walk(json, grammar, row) ? 1 : 0;
            }
        }
        assertThat(finished).isGreaterThan(WALKS / 3);
    }

    private boolean walk(String schema, CompiledGrammar grammar, MemorySegment row) {
        MachineMatcher matcher = (MachineMatcher) grammar.matcher(Set.of(end));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int step = 0; step < LONGEST_WALK; step++) {
            List<Integer> allowed = GrammarTexts.accepted(matcher, end + 1);
            for (int again = 0; again < 2; again++) {
                row.fill((byte) 0);
                matcher.fillNextTokenBitmask(row);
                assertThat(GrammarTexts.ids(row))
                        .as("%s after %s", schema, bytes)
                        .isEqualTo(allowed);
            }
            matcher.fillSlowly(row);
            assertThat(GrammarTexts.ids(row))
                    .as("%s after %s, slowly", schema, bytes)
                    .isEqualTo(allowed);
            assertThat(allowed).as("%s after %s", schema, bytes).isNotEmpty();
            int token = chosen(allowed, step);
            assertThat(matcher.accept(token)).isTrue();
            if (token == end) {
                String text = bytes.toString(StandardCharsets.UTF_8);
                SchemaCheck.Verdict verdict = SchemaCheck.check(schema, text);
                assertThat(verdict.judged()).isTrue();
                assertThat(verdict.problem()).as("%s for %s", text, schema).isEmpty();
                return true;
            }
            bytes.writeBytes(tokens.get(token));
        }
        return false;
    }

    /// The end, soon or late, and mostly what is longer than a byte.
    private int chosen(List<Integer> allowed, int step) {
        if (allowed.getLast() == end && random.nextInt(LONGEST_WALK / 2) < step) {
            return end;
        }
        List<Integer> closing =
                allowed.stream().filter(id -> id < end && tokens.get(id)[0] == '}').toList();
        if (!closing.isEmpty() && random.nextInt(LONGEST_WALK) < step) {
            return closing.getFirst();
        }
        int token = allowed.get(random.nextInt(allowed.size()));
        for (int i = 0; i < 12 && token < 0xDF; i++) {
            token = allowed.get(random.nextInt(allowed.size()));
        }
        return token;
    }

    private static final String COUNTED =
            "{\"type\":\"object\",\"minProperties\":2,\"additionalProperties\":{\"type\":\"integer\"}}";

    private static ParseState read(Machine machine, ParseState from, String text) {
        ParseState state = from;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            state = machine.step(state, b & 0xFF);
        }
        return state;
    }

    /// Whether a text of JSON goes on with a key.
    private static boolean mayFollow(Machine machine, ParseState state, String key) {
        return !read(machine, state, ",\"" + key + "\":").isDead();
    }

    /// What is remembered grows with each key by less than the keys together.
    @Test
    void anObjectMayHaveThousandsOfKeys() throws GrammarException {
        Machine machine = SchemaRows.machine(SchemaRows.json(COUNTED));
        ParseState state = read(machine, machine.start(), "{\"key\":0");
        for (int i = 0; i < 6_000; i++) {
            state = read(machine, state, ",\"key%d\":%d".formatted(i, i));
            assertThat(state.isDead()).isFalse();
        }

        assertThat(mayFollow(machine, state, "key5999")).isFalse();
        assertThat(mayFollow(machine, state, "key0")).isFalse();
        assertThat(mayFollow(machine, state, "key")).isFalse();
        assertThat(mayFollow(machine, state, "key6000")).isTrue();
        assertThat(mayFollow(machine, state, "ke")).isTrue();
        assertThat(machine.bytes()).isLessThan(GrammarLimits.DEFAULT.maxBytes() * 11 / 10);
    }

    @Test
    void whatTheMachineForgetsAnObjectKnows() throws GrammarException {
        GrammarLimits base = GrammarLimits.DEFAULT;
        GrammarLimits tight =
                new GrammarLimits(
                        base.maxSourceLength(),
                        base.maxRegexLength(),
                        base.maxNesting(),
                        base.maxChoices(),
                        base.maxStates(),
                        base.maxRules(),
                        base.maxConfigurations(),
                        20_000,
                        base.compileTime());
        Machine machine = new Machine(SchemaRows.machine(SchemaRows.json(COUNTED)).rules(), tight);
        ParseState state = read(machine, machine.start(), "{\"key\":0");
        for (int i = 0; i < 200; i++) {
            assertThat(mayFollow(machine, state, "key" + i)).isTrue();
            state = read(machine, state, ",\"key%d\":%d".formatted(i, i));
            assertThat(mayFollow(machine, state, "key" + random.nextInt(i + 1))).isFalse();
            assertThat(machine.bytes()).isLessThan(100_000);
        }
    }

    @Test
    void aLongKeyIsRememberedToo() throws GrammarException {
        Machine machine = SchemaRows.machine(SchemaRows.json(COUNTED));
        String key = "\u00e4\\n\\u0061".repeat(5_000);
        String same = "\\u00e4\\u000Aa".repeat(5_000);
        ParseState state = read(machine, machine.start(), "{\"%s\":1".formatted(key));

        assertThat(mayFollow(machine, state, same)).isFalse();
        assertThat(mayFollow(machine, state, same + "b")).isTrue();
        assertThat(mayFollow(machine, state, same.substring(6))).isTrue();
    }

    @Test
    void keysComeBackWhenTokensAreTakenBack() throws GrammarException {
        GrammarMatcher matcher = compiled(COUNTED).matcher(Set.of(end));
        accept(matcher, "{\"", "a", "\":", "1", ",\"", "b", "\":", "2");

        assertThat(matcher.mayEnd()).isFalse();
        assertThat(matcher.accept(id("}"))).isTrue();
        assertThat(matcher.mayEnd()).isTrue();
        matcher.rollback(1);
        accept(matcher, ",\"", "b");
        assertThat(matcher.accept(id("\":"))).isFalse();
        matcher.rollback(6);
        accept(matcher, ",\"", "b", "\":", "0", "}");
    }

    private void accept(GrammarMatcher matcher, String... texts) {
        for (String text : texts) {
            assertThat(matcher.accept(id(text))).as(text).isTrue();
        }
    }

    private int id(String text) {
        for (int id = 0; id < end; id++) {
            if (new String(tokens.get(id), StandardCharsets.UTF_8).equals(text)) {
                return id;
            }
        }
        throw new AssertionError(text);
    }

    @Test
    void theLastKeyIsForced() throws GrammarException {
        String schema =
                "{'type':'object','minProperties':6,'propertyNames':{'pattern':'^(k[1-5]|other)$'},'additionalProperties':{'const':null}}"
                        .replace('\'', '"');
        GrammarMatcher matcher = compiled(schema).matcher(Set.of(end));
        String text = "{\"k3\":null,\"k1\":null,\"k5\":null,\"k2\":null,\"k4\":null,\"";
        for (int i = 0; i < text.length(); i++) {
            accept(matcher, text.substring(i, i + 1));
        }

        assertThat(matcher.accept(id("k"))).isFalse();
        accept(matcher, "o", "t", "h", "e", "r");
        assertThat(new String(matcher.forcedBytes(100), StandardCharsets.UTF_8)).isEqualTo("\":");
        accept(matcher, "\":", "n", "u", "l", "l");
        assertThat(matcher.accept(id(","))).isFalse();
        assertThat(matcher.forcedBytes(1)).isEmpty();
        accept(matcher, "}");
    }

    @Test
    void setsOfKeysHoldWhatWasAdded() {
        TreeSet<String> expected = new TreeSet<>();
        KeySet keys = KeySet.EMPTY;
        List<KeySet> steps = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            String key = Integer.toString(random.nextInt(4_000), 3 + i % 2);
            assertThat(keys.contains(key)).isEqualTo(expected.contains(key));
            keys = keys.with(key);
            expected.add(key);
            steps.add(keys);
            String prefix = Integer.toString(random.nextInt(400), 3);
            String least = expected.ceiling(prefix);
            assertThat(keys.hasPrefix(prefix)).isEqualTo(least != null && least.startsWith(prefix));
            List<Integer> behind =
                    expected.stream()
                            .filter(k -> k.startsWith(prefix) && !k.equals(prefix))
                            .map(k -> k.codePointAt(prefix.length()))
                            .distinct()
                            .toList();
            assertThat(keys.behind(prefix)).isEqualTo(behind);
            long size = expected.stream().filter(k -> k.startsWith(prefix)).count();
            assertThat(keys.size(prefix)).isEqualTo((int) size);
        }
        assertThat(keys.bytes()).isLessThan(48 * 20);
        assertThat(steps.get(10).with("x")).isEqualTo(steps.get(10).with("x"));
        assertThat(steps.get(10).with("x")).isNotEqualTo(steps.get(10).with("y"));
    }

    @Test
    void charactersBehindATextAreFoundInAllPlanes() {
        KeySet keys =
                KeySet.EMPTY
                        .with("a\uffff")
                        .with("a\uffffb")
                        .with("a\ue000")
                        .with("a\ud83d\udfff")
                        .with("a\ud83d\udfffx")
                        .with("a\u0000")
                        .with("b");

        assertThat(keys.behind("a")).containsExactlyInAnyOrder(0xFFFF, 0xE000, 0x1F7FF, 0);
        assertThat(keys.behind("c")).isEmpty();
        assertThat(keys.size("a\uffff")).isEqualTo(2);
        assertThat(keys.size("a")).isEqualTo(6);
        assertThat(keys.size("\uffff")).isZero();
        assertThat(keys.size("")).isEqualTo(7);
    }
}
