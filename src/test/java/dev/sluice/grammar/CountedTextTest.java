package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

class CountedTextTest {
    private static final List<String> CHARACTERS = List.of("a", "b", "\u20ac");
    private static final int LONGEST = 6;

    private static TextLanguage regex(String pattern) throws GrammarException {
        return TextLanguage.regex(pattern, RegexDialect.GUIDED, GrammarLimits.DEFAULT);
    }

    /// All texts of some length, and shorter ones.
    private static List<String> texts(int length) {
        List<String> all = new ArrayList<>(List.of(""));
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).length() < length) {
                for (String c : CHARACTERS) {
                    all.add(all.get(i) + c);
                }
            }
        }
        return all;
    }

    private static Set<String> beginnings(String text) {
        Set<String> all = new HashSet<>();
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i <= bytes.length; i++) {
            all.add(new String(bytes, 0, i, StandardCharsets.ISO_8859_1));
        }
        return all;
    }

    private static boolean mayGoOn(Machine machine, String text) {
        ParseState state = machine.start();
        for (byte b : text.getBytes(StandardCharsets.ISO_8859_1)) {
            state = machine.step(state, b & 0xFF);
        }
        return !state.isDead();
    }

    /// Every text and every beginning of one is read, and nothing else.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "a*b",
                "(ab)*",
                "(aaa)+b?",
                "a(b|\u20ac)*a|b",
                "(a|bb|\u20ac\u20ac\u20ac)*",
                "a?b?\u20ac?",
                "[b\u20ac]*a[b\u20ac]*",
                "(a\u20ac?)*bb"
            })
    void textsOfALengthAreReadAndWhatBecomesOne(String pattern) throws GrammarException {
        TextLanguage language = regex(pattern);
        for (int min = 0; min <= LONGEST; min++) {
            for (int max = min; max <= LONGEST; max++) {
                check(language, min, max);
            }
        }
    }

    private static void check(TextLanguage language, int min, int max) throws GrammarException {
        Set<String> begun = new HashSet<>();
        List<String> all = texts(LONGEST);
        for (String text : all) {
            if (text.length() >= min && text.length() <= max && language.contains(text)) {
                begun.addAll(beginnings("<" + text + ">"));
            }
        }
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        int rule = CountedText.rule(builder, language, true, min, max);
        int root = builder.rule();
        int inside = builder.call(builder.literal(builder.start(root), "<"), rule);
        builder.epsilon(builder.literal(inside, ">"), builder.end(root));
        assertThat(language.sizes().hasLength(min, max)).isEqualTo(!begun.isEmpty());
        if (begun.isEmpty()) {
            return;
        }

        Machine machine = new Machine(builder.build(root), GrammarLimits.DEFAULT);

        for (String text : all) {
            for (String beginning : beginnings("<" + text + ">")) {
                assertThat(mayGoOn(machine, beginning))
                        .as("%s, %d to %d", beginning, min, max)
                        .isEqualTo(begun.contains(beginning));
            }
        }
    }

    @Test
    void severalLengthsAreCountedAtOnce() throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        int root = builder.rule();
        int start = builder.start(root);
        int end = builder.end(root);
        int[] most = {3, 6, 2};
        String[] patterns = {"a*b?", "(ab)*", "[^b]*b|a*"};
        for (int i = 0; i < most.length; i++) {
            int rule = CountedText.rule(builder, regex(patterns[i]), false, 0, most[i]);
            builder.call(builder.call(start, rule), rule, end);
        }

        Machine machine = new Machine(builder.build(root), GrammarLimits.DEFAULT);

        for (String text : texts(LONGEST)) {
            boolean expected = false;
            for (int i = 0; i < most.length; i++) {
                TextLanguage one = regex(patterns[i]);
                for (int k = 0; k <= text.length(); k++) {
                    expected |=
                            k <= most[i]
                                    && text.length() - k <= most[i]
                                    && one.contains(text.substring(0, k))
                                    && one.contains(text.substring(k));
                }
            }
            assertThat(GrammarTexts.accepts(machine, text)).as(text).isEqualTo(expected);
        }
    }

    @Test
    void aGreatestNumberTakesNoStates() throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        int rule = CountedText.rule(builder, regex("(ab)*"), false, 0, 1_000_000_001);

        Rules rules = builder.build(rule);

        assertThat(rules.ends().length).isLessThan(10);
        assertThat(GrammarTexts.accepts(rules, "ab".repeat(5_000))).isTrue();
        assertThat(GrammarTexts.accepts(rules, "ab".repeat(5_000) + "a")).isFalse();
    }

    /// Each of `min` steps looks at many states: it is refused before it takes long.
    @Test
    void aLeastNumberIsRefusedWhereItTakesLong() throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        TextLanguage language = regex("(a{50})*b");

        assertThatThrownBy(() ->
                        CountedText.rule(builder, language, false, 2_000_000_000, 2_000_000_001))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("length");
    }
}
