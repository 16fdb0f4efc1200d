package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;

class RegexTest {
    private static Regex parse(String pattern, RegexDialect dialect) throws GrammarException {
        return Regex.parse(pattern, dialect, GrammarLimits.DEFAULT);
    }

    private static Machine machine(Regex regex, boolean json) throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        return new Machine(builder.build(regex.rule(builder, json)), GrammarLimits.DEFAULT);
    }

    /// Java's own engine is the reference.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "abc|de(f|g)",
                "a*b+c?",
                "(ab|a)(bc|c)*",
                "[^a-c]x{2,4}",
                "(a{2,3}b){1,2}",
                "\\d+(\\.\\d*)?",
                "[\\w-]+@\\w+",
                "(a|b)*abb",
                "a{0}b",
                "x*?y+?",
                "(?:a|)b",
                "(?<name>a)b",
                "[a\\-z]+",
                "\\x61\\u0062",
                "(a*)*b"
            })
    void guidedExpressionsMatchWholeTexts(String pattern) throws GrammarException {
        Pattern reference = Pattern.compile(pattern, Pattern.DOTALL);
        Regex regex = parse(pattern, RegexDialect.GUIDED);
        TextLanguage language = regex.language();
        Machine machine = machine(regex, false);
        int matches = 0;
        for (String text : texts()) {
            boolean expected = reference.matcher(text).matches();
            assertThat(language.contains(text)).as(text).isEqualTo(expected);
            assertThat(GrammarTexts.accepts(machine, text)).as(text).isEqualTo(expected);
            matches += expected ? 1 : 0;
        }
        assertThat(matches).isPositive();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "^ab",
                "b$",
                "^a.c$",
                "abc",
                "^a|c$",
                "\\bab\\b",
                "\\Ba",
                "^(a|b){2}$",
                "^(?=.*a)(?=.*b).{3,}$",
                "^(?!a)b",
                "a(?=b)",
                "^(?!.*(ab|ba)).+$",
                "a(?!b)c?",
                "^$",
                "",
                "(^a|b$)",
                "x(^|y)a",
                "^(a(?=b|$)|b)*$|^zz$",
                "(?!^\\d+$)^.+$",
                "(?=^.{3,}$)(?=.*b).*a$",
                "(?!^ab)b",
                "(?=^ab|b)b?",
                "(^a|b)(?!c)",
                "(?!(?=^a))(?:b|^c)$",
                "\\w+\\b$"
            })
    void ecmaExpressionsMatchAnywhere(String pattern) throws GrammarException {
        boolean supported = !pattern.contains("(?=b|$)|b)*");
        Pattern reference = Pattern.compile(pattern);
        Regex regex = parse(pattern, RegexDialect.ECMA);
        if (!supported) {
            assertThatThrownBy(regex::language).isInstanceOf(GrammarException.class);
            return;
        }
        TextLanguage language = regex.language();
        Machine machine = machine(regex, true);
        int matches = 0;
        for (String text : texts()) {
            if (text.contains("\n")) {
                continue;
            }
            boolean expected = reference.matcher(text).find();
            assertThat(language.contains(text)).as("'%s'", text).isEqualTo(expected);
            assertThat(GrammarTexts.accepts(machine, text.replace("\"", "\\\"")))
                    .as("'%s'", text)
                    .isEqualTo(expected);
            matches += expected ? 1 : 0;
        }
        assertThat(matches).isPositive();
    }

    private static List<String> texts() {
        Random random = new Random(3);
        List<String> texts =
                new ArrayList<>(
                        List.of(
                                "", "abc", "deg", "ab", "aab", "xy", "1.5", "a@b", "zz", "b", "a",
                                "xxy", "dxx", "aabaab", "xya"));
        String alphabet = "aabbcxyz1.@- -\u00e4";
        for (int i = 0; i < 3_000; i++) {
            StringBuilder text = new StringBuilder();
            for (int k = random.nextInt(7); k > 0; k--) {
                text.append(alphabet.charAt(random.nextInt(alphabet.length())));
            }
            texts.add(text.toString());
        }
        return texts;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "a(?=b);look-ahead",
                "(?<=a)b;look-behind",
                "(a)\\1;back-references",
                "\\ba;word boundaries",
                "\\p{L};character properties",
                "(?i)a;inline flags"
            })
    void whatTheGuidedDialectLacksIsNamed(String pattern, String what) {
        assertThatThrownBy(() -> parse(pattern, RegexDialect.GUIDED))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(what);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a**", "(a", "a)", "[a", "*a", "a{3,2}", "\\x4", "a\\", "[z-a]", "+"})
    void malformedExpressionsAreRefused(String pattern) {
        assertThatThrownBy(() -> parse(pattern, RegexDialect.GUIDED))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("malformed");
    }

    @Test
    void propertiesAreUnicodes() throws GrammarException {
        TextLanguage letters = parse("^\\p{L}+$", RegexDialect.ECMA).language();

        assertThat(letters.contains("a\u00e4\u0416\u6f22")).isTrue();
        assertThat(letters.contains("a1")).isFalse();
        assertThat(parse("^\\P{Lu}$", RegexDialect.ECMA).language().contains("A")).isFalse();
        assertThat(parse("^\\p{Script=Greek}$", RegexDialect.ECMA).language().contains("\u03b1"))
                .isTrue();
    }

    @Test
    void anExpressionThatIsExponentialWhenDeterministicStillRuns() throws GrammarException {
        Regex regex = parse("[01]*1[01]{40}", RegexDialect.GUIDED);

        assertThatThrownBy(regex::language).isInstanceOf(GrammarException.class);
        assertThat(
                        GrammarTexts.accepts(
                                machine(regex, false), "01".repeat(30) + "1" + "0".repeat(40)))
                .isTrue();
        assertThat(GrammarTexts.accepts(machine(regex, false), "0".repeat(60))).isFalse();
    }

    @Test
    void languagesAreASetAlgebra() throws GrammarException {
        TextLanguage a = TextLanguage.of(List.of("a", "ab", "abc"));
        TextLanguage b = TextLanguage.ofLength(2, 3);

        assertThat(a.and(b)).isEqualTo(TextLanguage.of(List.of("ab", "abc")));
        assertThat(a.minus(b)).isEqualTo(TextLanguage.of("a"));
        assertThat(a.not().not()).isEqualTo(a);
        assertThat(a.or(a.not()).isAny()).isTrue();
        assertThat(a.and(a.not()).isEmpty()).isTrue();
        assertThat(a.sizes().isFinite()).isTrue();
        assertThat(a.not().sizes().isFinite()).isFalse();
        assertThat(TextLanguage.of("ab").then(TextLanguage.of("c")).or(TextLanguage.of("a")))
                .isEqualTo(a.minus(TextLanguage.of("ab")));
        assertThat(TextLanguage.of("a").repeat(0, Repeat.UNBOUNDED))
                .isEqualTo(parse("a*", RegexDialect.GUIDED).language());
    }

    @ParameterizedTest
    @CsvSource({
        "(^)?a,a,true",
        "(^)?a,ba,true",
        "(^)+a,ba,false",
        "((^)){2}a,a,true",
        "(?:^)?b,ab,true",
        "(?:\\b)*x,ax,true",
        "(?:\\b)+x,ax,false",
        "((?!a))?a,a,true",
        "((?!a))+.,a,false",
        "((?!a))+.,b,true"
    })
    void groupsOfNothingButAPlaceMayBeRepeated(String pattern, String text, boolean matches)
            throws GrammarException {
        Regex regex = parse(pattern, RegexDialect.ECMA);

        assertThat(GrammarTexts.accepts(machine(regex, false), text)).isEqualTo(matches);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "^*a", "\\b+", "(?=a)+a", "(?!a)?", "\\c1", "[\\1]", "\\01", "\\pL", "\\u{}"
            })
    void whatOnlyAnnexBAllowsIsRefused(String pattern) {
        assertThatThrownBy(() -> parse(pattern, RegexDialect.ECMA))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("malformed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\p{scx=Grek}", "\\P{Script_Extensions=Greek}"})
    void scriptExtensionsAreNotScripts(String pattern) {
        assertThatThrownBy(() -> parse(pattern, RegexDialect.ECMA))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("the character property")
                .hasMessageContaining("not supported");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\\\\ba(?=b)", "a(?=b)(?:c|^d)?", "(?=a|b\\\\B)a"})
    void whatIsNotSupportedBesideLookAheadIsNamedWithItsKeyword(String pattern) {
        String ofValues =
                "{\"properties\":{\"a\":{\"pattern\":\"%s\",\"maxLength\":9}}}".formatted(pattern);
        String ofKeys = "{\"patternProperties\":{\"%s\":{}}}".formatted(pattern);

        assertThatThrownBy(() -> SchemaRows.machine(SchemaRows.json(ofValues)))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining("a regular expression with look-ahead has a word boundary")
                .hasMessageContaining("(keyword pattern at /properties/a)");
        assertThatThrownBy(() -> SchemaRows.machine(SchemaRows.json(ofKeys)))
                .hasMessageContaining("(keyword patternProperties at the root)");
    }
}
