package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Grammars whose readings depend on each character of a text, so that a walk of the vocabulary
/// meets new ones at every token.
class MaskBudgetTest {
    private static final String LETTERS = "abcdefghijklmnopqrstuvwxy ABCDEFGHIJKLMNOPQRSTUVWXY";
    private static final int FIRST_WORD = 256;
    private static final Duration LONG = Duration.ofSeconds(20);

    private static final List<byte[]> TOKENS = tokens();
    private static final GrammarVocabulary WORDS =
            GrammarVocabulary.of(GrammarTexts.vocabulary(TOKENS));

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment row =
            arena.allocate(ValueLayout.JAVA_INT, Math.ceilDiv(TOKENS.size() + 1, 32));
    private final GrammarCompiler compiler = compiler(GrammarLimits.DEFAULT);

    private static List<byte[]> tokens() {
        Random random = new Random(1);
        List<byte[]> all = new ArrayList<>();
        for (int b = 0; b < FIRST_WORD; b++) {
            all.add(new byte[] {(byte) b});
        }
        for (int i = 0; i < 20_000; i++) {
            StringBuilder text = new StringBuilder();
            int length = 3 + random.nextInt(6);
            while (text.length() < length) {
                text.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
            }
            all.add(text.toString().getBytes(StandardCharsets.UTF_8));
        }
        return all;
    }

    private GrammarCompiler compiler(GrammarLimits limits) {
        return new GrammarCompiler(() -> WORDS, limits, JsonSchemaOptions.DEFAULT, 1);
    }

    @AfterEach
    void close() {
        compiler.close();
        arena.close();
    }

    private static String alternatives(int count, String separator, String form) {
        return LETTERS.chars()
                .limit(count)
                .mapToObj(c -> form.formatted((char) c))
                .collect(Collectors.joining(separator));
    }

    static Stream<GrammarSpec> tooAmbiguous() {
        return Stream.of(
                new GrammarSpec.RegularExpression(
                        "[^z]*(" + alternatives(51, "|", "%s[^z]{50}z") + ")"),
                new GrammarSpec.Ebnf(
                        "root ::= [^z]* ("
                                + alternatives(51, " | ", "\"%s\" [^z]{50} \"z\"")
                                + ")"),
                new GrammarSpec.JsonSchema(
                        "{\"anyOf\":["
                                + alternatives(
                                        50,
                                        ",",
                                        """
                                        {"type": "array", "minItems": 1, "items":
                                         {"type": "string", "pattern": "^[^z]*%s[^z]{7}$"}}\
                                        """)
                                + "]}",
                        true,
                        false));
    }

    @ParameterizedTest
    @MethodSource("tooAmbiguous")
    void endsATextThatMakesAWalkTooLong(GrammarSpec spec) {
        CompiledGrammar grammar = compiler.compile(spec).join();
        GrammarMatcher matcher = grammar.matcher(Set.of());
        long start = System.nanoTime();

        assertThatThrownBy(() -> fillAll(matcher, "[\"a cat"))
                .isInstanceOf(GrammarLimitException.class)
                .hasMessageContaining("what may come next takes more than");
        assertThatThrownBy(() -> matcher.fillNextTokenBitmask(row))
                .as("the same once more")
                .isInstanceOf(GrammarLimitException.class);

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(LONG);
        assertThat(grammar.machine().bytes())
                .as("what the walk has met is forgotten")
                .isLessThan(MaskBudget.BYTES / 10);
    }

    /// Finds the masks before and behind each byte that may come.
    private void fillAll(GrammarMatcher matcher, String text) {
        matcher.fillNextTokenBitmask(row);
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            if (matcher.accept(b & 0xFF)) {
                matcher.fillNextTokenBitmask(row);
            }
        }
    }

    @Test
    void otherTextsOfTheGrammarGoOn() {
        CompiledGrammar grammar =
                compiler.compile(
                                new GrammarSpec.RegularExpression(
                                        "0[^z]*("
                                                + alternatives(51, "|", "%s[^z]{50}z")
                                                + ")|1[ab]*"))
                        .join();
        GrammarMatcher costly = grammar.matcher(Set.of());
        GrammarMatcher cheap = grammar.matcher(Set.of());
        assertThat(costly.accept('0')).isTrue();
        assertThat(cheap.accept('1')).isTrue();
        cheap.fillNextTokenBitmask(row);
        List<Integer> allowed = GrammarTexts.ids(row);

        assertThatThrownBy(() -> costly.fillNextTokenBitmask(row))
                .isInstanceOf(GrammarLimitException.class);
        cheap.fillNextTokenBitmask(row);

        assertThat(allowed).contains((int) 'a', (int) 'b').doesNotContain((int) 'c');
        assertThat(GrammarTexts.ids(row)).isEqualTo(allowed);
        assertThat(cheap.accept('a')).isTrue();
        assertThatThrownBy(() -> costly.fillNextTokenBitmask(row))
                .as("as before")
                .isInstanceOf(GrammarLimitException.class);
    }

    @Test
    void endsATextWhoseMasksAllTakeLong() {
        CompiledGrammar grammar =
                compiler.compile(
                                new GrammarSpec.RegularExpression(
                                        "[^z]*(" + alternatives(8, "|", "%s[^z]{50}z") + ")"))
                        .join();
        GrammarMatcher matcher = grammar.matcher(Set.of());
        Random random = new Random(7);
        String text =
                random.ints(400, 0, LETTERS.length())
                        .mapToObj(i -> String.valueOf(LETTERS.charAt(i)))
                        .collect(Collectors.joining());
        matcher.fillNextTokenBitmask(row);

        assertThatThrownBy(() -> fillAll(matcher, text))
                .isInstanceOf(GrammarLimitException.class)
                .hasMessageEndingWith("steps a token");
    }

    @Test
    void remembersNoMoreThanItMayWhenAMaskIsFound() {
        GrammarLimits limits = GrammarLimits.DEFAULT;
        long most = 1 << 20;
        try (GrammarCompiler tight =
                compiler(
                        new GrammarLimits(
                                limits.maxSourceLength(),
                                limits.maxRegexLength(),
                                limits.maxNesting(),
                                limits.maxChoices(),
                                limits.maxStates(),
                                limits.maxRules(),
                                limits.maxConfigurations(),
                                most,
                                limits.compileTime()))) {
            GrammarSpec spec = new GrammarSpec.RegularExpression("[^z]*(a[^z]{9}|b[^z]{8})z");
            Machine machine = tight.compile(spec).join().machine();
            GrammarMatcher matcher = tight.compile(spec).join().matcher(Set.of());
            long largest = 0;
            for (byte b : "a cat and a bat".getBytes(StandardCharsets.UTF_8)) {
                matcher.fillNextTokenBitmask(row);
                largest = Math.max(largest, machine.bytes());
                assertThat(matcher.accept(b)).isTrue();
            }

            assertThat(largest).isLessThanOrEqualTo(most);
        }
    }

    @Test
    void whatIsForgottenHangsOnNoText() {
        Machine machine = compiler.compile(tooAmbiguous().toList().getFirst()).join().machine();
        ParseState start = machine.start();
        assertThat(machine.step(start, 'a').isDead()).isFalse();
        assertThat(start.top().next).isNotNull();

        machine.forget();

        assertThat(start.top().next).isNull();
        assertThat(machine.step(start, 'a').isDead()).isFalse();
    }
}
