package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TextLanguageTest {
    @ParameterizedTest
    @CsvSource({
        "'', 0",
        "abc|de, 3",
        "a?b?c?|ddddd, 5",
        "'(ab|c){2,4}x', 9",
        "(a|bb(c|dd(e|ff)))g, 7",
        "a+, 2147483647",
        "x|y(zz)*, 2147483647"
    })
    void theLongestTextIsCounted(String pattern, int longest) throws GrammarException {
        TextLanguage language =
                TextLanguage.regex(pattern, RegexDialect.GUIDED, GrammarLimits.DEFAULT);
        assertThat(language.longest()).isEqualTo(longest);
        assertThat(language.isFinite()).isEqualTo(longest != Repeat.UNBOUNDED);
    }
}
