package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

class MachineTest {
    private final GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);

    private int star(CodePoints set) throws GrammarException {
        int state = builder.state();
        builder.text(state, set, state);
        return builder.rule(state, state);
    }

    /// Any JSON value, without white space.
    private int json() throws GrammarException {
        int value = builder.rule();
        int string = builder.rule();
        int inside = builder.literal(builder.start(string), "\"");
        builder.chars(inside, CodePoints.ANY, true, inside);
        builder.text(inside, CodePoints.of('"'), builder.end(string));
        int digits = builder.repeat(CodePoints.range('0', '9'), false, 1, Repeat.UNBOUNDED);
        builder.call(builder.start(value), string, builder.end(value));
        builder.call(builder.start(value), digits, builder.end(value));
        builder.epsilon(builder.literal(builder.start(value), "null"), builder.end(value));
        int array = builder.literal(builder.start(value), "[");
        builder.text(array, CodePoints.of(']'), builder.end(value));
        int item = builder.call(array, value);
        builder.text(item, CodePoints.of(']'), builder.end(value));
        builder.call(builder.literal(item, ","), value, item);
        int object = builder.literal(builder.start(value), "{");
        builder.text(object, CodePoints.of('}'), builder.end(value));
        int colon = builder.literal(builder.call(object, string), ":");
        int member = builder.call(colon, value);
        builder.text(member, CodePoints.of('}'), builder.end(value));
        builder.call(builder.literal(member, ","), string, builder.literal(colon, ""));
        int next = builder.literal(builder.call(builder.literal(member, ","), string), ":");
        builder.call(next, value, member);
        return value;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[]",
                "{}",
                "null",
                "[[[1]],{\"a\":[]}]",
                "\"\\u00e4\\n\u20ac\\ud83d\\ude00\"",
                "{\"a\":{\"b\":[1,2,{\"c\":null}]}}"
            })
    void nestedRulesAreFollowed(String text) throws GrammarException {
        assertThat(GrammarTexts.accepts(builder.build(json()), text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[",
                "[1,]",
                "{\"a\"}",
                "]",
                "[]]",
                "\"\\ud83d\"",
                "\"\\x\"",
                "nul",
                "",
                "\"\n\""
            })
    void whatDoesNotFollowIsRefused(String text) throws GrammarException {
        assertThat(GrammarTexts.accepts(builder.build(json()), text)).isFalse();
    }

    @Test
    void directLeftRecursionIsALoop() throws GrammarException {
        int sum = builder.rule();
        builder.text(builder.start(sum), CodePoints.of('1'), builder.end(sum));
        int plus = builder.literal(builder.call(builder.start(sum), sum), "+");
        builder.text(plus, CodePoints.of('1'), builder.end(sum));
        Rules rules = builder.build(sum);

        assertThat(GrammarTexts.accepts(rules, "1")).isTrue();
        assertThat(GrammarTexts.accepts(rules, "1+1+1")).isTrue();
        assertThat(GrammarTexts.accepts(rules, "+1")).isFalse();
        assertThat(GrammarTexts.accepts(rules, "1+")).isFalse();
    }

    @Test
    void hiddenAndIndirectLeftRecursionIsFollowed() throws GrammarException {
        // a ::= n b "x" | "y"; b ::= a | "z" ; n ::= "s"?
        int a = builder.rule();
        int b = builder.rule();
        int n = builder.rule();
        builder.epsilon(builder.start(n), builder.end(n));
        builder.text(builder.start(n), CodePoints.of('s'), builder.end(n));
        int at = builder.call(builder.call(builder.start(a), n), b);
        builder.text(at, CodePoints.of('x'), builder.end(a));
        builder.text(builder.start(a), CodePoints.of('y'), builder.end(a));
        builder.call(builder.start(b), a, builder.end(b));
        builder.text(builder.start(b), CodePoints.of('z'), builder.end(b));
        Rules rules = builder.build(a);

        for (String text : List.of("y", "yx", "zx", "yxxx", "syx", "sszxxx", "szx", "szxxx")) {
            assertThat(GrammarTexts.accepts(rules, text)).as(text).isTrue();
        }
        for (String text : List.of("", "x", "z", "sy", "yy", "ssyx")) {
            assertThat(GrammarTexts.accepts(rules, text)).as(text).isFalse();
        }
    }

    @Test
    void anAmbiguousGrammarStaysSmall() throws GrammarException {
        // e ::= e e | "a"
        int e = builder.rule();
        builder.text(builder.start(e), CodePoints.of('a'), builder.end(e));
        builder.call(builder.call(builder.start(e), e), e, builder.end(e));
        Rules rules = builder.build(e);

        assertThat(GrammarTexts.accepts(rules, "a".repeat(500))).isTrue();
        assertThat(GrammarTexts.accepts(rules, "a".repeat(50) + "b")).isFalse();
    }

    @Test
    void countsAreKept() throws GrammarException {
        int three = builder.repeat(CodePoints.of('a'), false, 3, 5);
        int words = builder.rule();
        builder.text(
                builder.call(builder.start(words), three), CodePoints.of(' '), builder.end(words));
        int root = builder.repeat(words, 2, 3);
        Rules rules = builder.build(root);

        assertThat(GrammarTexts.accepts(rules, "aaa aaaaa ")).isTrue();
        assertThat(GrammarTexts.accepts(rules, "aaa aaaa aaa ")).isTrue();
        assertThat(GrammarTexts.accepts(rules, "aaa ")).isFalse();
        assertThat(GrammarTexts.accepts(rules, "aa aaa ")).isFalse();
        assertThat(GrammarTexts.accepts(rules, "aaa aaaaaa ")).isFalse();
        assertThat(GrammarTexts.accepts(rules, "aaa aaa aaa aaa ")).isFalse();
    }

    @Test
    void recursionAtTheEndDoesNotGrowTheStack() throws GrammarException {
        int list = builder.rule();
        int item = builder.literal(builder.start(list), "a");
        builder.epsilon(item, builder.end(list));
        builder.call(item, list, builder.end(list));
        Machine machine = new Machine(builder.build(list), GrammarLimits.DEFAULT);
        ParseState state = machine.start();
        for (int i = 0; i < 1_000; i++) {
            state = machine.step(state, 'a');
        }

        assertThat(state.accepts()).isTrue();
        assertThat(state.below()).isSameAs(ParseState.Below.BOTTOM);
    }

    @Test
    void aGrammarWithoutATextIsRefused() throws GrammarException {
        int rule = builder.rule();
        builder.call(builder.literal(builder.start(rule), "a"), rule, builder.end(rule));

        assertThatThrownBy(() -> builder.build(rule))
                .isInstanceOf(GrammarException.class)
                .hasMessage("no text can follow the grammar");
    }

    /// Every mask equals what walking every token byte by byte gives, along random texts.
    @Test
    void masksAreExactAtEveryPlace() throws GrammarException {
        Random random = new Random(5);
        List<byte[]> tokens = tokens(random);
        GrammarVocabulary vocabulary = GrammarVocabulary.of(GrammarTexts.vocabulary(tokens));
        int value = json();
        int list = builder.repeat(CodePoints.range('a', 'f'), false, 0, 40);
        int root = builder.rule();
        builder.call(builder.start(root), value, builder.end(root));
        builder.call(
                builder.call(builder.start(root), list),
                star(CodePoints.of('!')),
                builder.end(root));
        int text = builder.literal(builder.start(root), "'");
        int plain = builder.repeat(CodePoints.PLAIN, false, 20, 50);
        builder.text(builder.call(text, plain), CodePoints.of('\''), builder.end(root));
        CompiledGrammar grammar =
                new CompiledGrammar(builder.build(root), vocabulary, GrammarLimits.DEFAULT);
        int words = Math.ceilDiv(vocabulary.size(), 32);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment fast = arena.allocate(ValueLayout.JAVA_INT, words);
            MemorySegment slow = arena.allocate(ValueLayout.JAVA_INT, words);
            for (int run = 0; run < 40; run++) {
                GrammarMatcher matcher = grammar.matcher(Set.of(tokens.size()));
                ParseState state = grammar.machine().start();
                for (int step = 0; step < 30; step++) {
                    matcher.fillNextTokenBitmask(fast);
                    grammar.fillSlowly(state, slow);
                    List<Integer> allowed = new ArrayList<>();
                    for (int id = 0; id < tokens.size(); id++) {
                        ParseState next = grammar.step(state, id);
                        assertThat(bit(fast, id)).as("token %d", id).isEqualTo(!next.isDead());
                        assertThat(bit(slow, id)).isEqualTo(!next.isDead());
                        if (!next.isDead()) {
                            allowed.add(id);
                        }
                    }
                    assertThat(bit(fast, tokens.size())).isEqualTo(state.accepts());
                    if (allowed.isEmpty()) {
                        break;
                    }
                    int token = allowed.get(random.nextInt(allowed.size()));
                    assertThat(matcher.accept(token)).isTrue();
                    state = grammar.step(state, token);
                }
            }
        }
    }

    private static boolean bit(MemorySegment row, int id) {
        return (row.getAtIndex(ValueLayout.JAVA_INT, id / 32) >>> id % 32 & 1) == 1;
    }

    private static List<byte[]> tokens(Random random) {
        List<byte[]> tokens = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            tokens.add(new byte[] {(byte) b});
        }
        String[] pieces = {
            "\"",
            "a",
            "bc",
            "[",
            "]",
            "{",
            "}",
            ":",
            ",",
            "1",
            "23",
            "null",
            "\\",
            "\\u",
            "\u20ac",
            "\ud83d\ude00",
            "d8",
            "'",
            "!",
            " "
        };
        for (int i = 0; i < 600; i++) {
            StringBuilder text = new StringBuilder();
            for (int k = random.nextInt(5); k >= 0; k--) {
                text.append(pieces[random.nextInt(pieces.length)]);
            }
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            tokens.add(
                    i % 7 == 0
                            ? java.util.Arrays.copyOf(
                                    bytes, bytes.length - 1 + (bytes.length == 1 ? 1 : 0))
                            : bytes);
        }
        return tokens;
    }
}
