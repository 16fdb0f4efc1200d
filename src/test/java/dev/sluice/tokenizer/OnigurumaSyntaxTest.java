package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.regex.Matcher;
import java.util.stream.Stream;

final class OnigurumaSyntaxTest {

    static Stream<Arguments> matches() {
        return Stream.of(
                arguments("\\p{N}{1,3}+", "1234567"),
                arguments("a{,2}b", "aab"),
                arguments("\\h+", "0fA9"),
                arguments("[\\h_]+", "f_0"),
                arguments("[[:alpha:]]+", "a\u00E9\u4F60"),
                arguments("[[:^alpha:]x]+", "1x!"),
                arguments("\\p{Han}+", "\u4F60\u597D"),
                arguments("[\\p{^L}]+", "12-"),
                arguments("[\\p{L}&&[^\\p{Han}]]+", "abc\u00E9"),
                arguments("(?m:a.b)", "a\nb"),
                arguments("x{a", "x{a"),
                arguments("[]a]+", "]a]"),
                arguments("\\p{Letter}+", "abc"),
                arguments("(?i:'S|'LL)", "'ll"),
                arguments("(?<name>a)\\k<name>", "aa"),
                arguments("\\w+", "a_1\u00B2\u0301"),
                arguments("a++b?", "aaab"));
    }

    @ParameterizedTest
    @MethodSource("matches")
    void matchesAsOnigurumaDoes(String pattern, String text) {
        Matcher matcher = Patterns.compileOniguruma(pattern).matcher(text);

        assertThat(matcher.matches()).isTrue();
    }

    @Test
    void joinersAreNoPartOfWords() {
        assertThat(Patterns.compileOniguruma("\\w").matcher("\u200D").matches()).isFalse();
        assertThat(Patterns.compileOniguruma("\\W").matcher("\u200D").matches()).isTrue();
    }

    @Test
    void refusesInASentenceWhatJavaLacks() {
        assertThatThrownBy(() -> Patterns.compileOniguruma("a\\Kb("))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("is not supported");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\p{}", "\\P{^}", "[\\p{ }]", "\\p{"})
    void refusesAPropertyWithoutAName(String pattern) {
        assertThatThrownBy(() -> Patterns.compileOniguruma(pattern))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("is not supported");
    }
}
