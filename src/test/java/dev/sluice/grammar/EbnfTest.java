package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EbnfTest {
    private static Rules rules(String grammar) throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        return builder.build(EbnfParser.parse(builder, grammar));
    }

    @Test
    void leftRecursiveArithmeticIsFollowed() throws GrammarException {
        Rules rules =
                rules(
                        """
                        # sums of products
                        root ::= sum
                        sum  ::= sum "+" product
                              | product   # a body may span lines
                        product ::= product "*" atom | atom
                        atom ::= [0-9]+ | "(" sum ")"
                        """);

        assertThat(GrammarTexts.accepts(rules, "1+2*(3+4)*5")).isTrue();
        assertThat(GrammarTexts.accepts(rules, "1+")).isFalse();
        assertThat(GrammarTexts.accepts(rules, "(1")).isFalse();
    }

    /// Many grammars write strings so; a stack that grew by a frame a character would end them at
    /// the limit of readings.
    @Test
    void stringsMayBeWrittenByRecursionAtTheEnd() throws GrammarException {
        Machine machine =
                new Machine(
                        rules(
                                """
                                root ::= "[" ("" | string ("," string)*) "]"
                                string ::= ["] rest ["]
                                rest ::= "" | [^"\\\\] rest | "\\\\" ["\\\\n] rest
                                """),
                        GrammarLimits.DEFAULT);
        ParseState inside = machine.start();
        for (char c : "[\"a".toCharArray()) {
            inside = machine.step(inside, c);
        }
        ParseState later = inside;
        for (int i = 0; i < 10_000; i++) {
            later = machine.step(later, 'a');
        }

        assertThat(later.top()).isSameAs(inside.top());
        assertThat(GrammarTexts.accepts(machine, "[\"a\\n\",\"\"]")).isTrue();
        assertThat(GrammarTexts.accepts(machine, "[\"a\\\"]")).isFalse();
    }

    /// Rules that are open in one of several readings are kept for each; those of all only once.
    @Test
    void readingsThatDifferAllTheWayDownAreGivenUp() throws GrammarException {
        String both =
                """
                root ::= a | b
                a ::= "(" a ")" | "(" b | "x"
                b ::= "(" b "]" | "(" a "]" | "y"
                """;
        String one =
                """
                root ::= "(" root ")" | "(" root "]" | "x"
                """;

        assertThat(GrammarTexts.accepts(rules(both), "(".repeat(500) + "x" + ")".repeat(500)))
                .isTrue();
        assertThatThrownBy(() -> GrammarTexts.accepts(rules(both), "(".repeat(3_000)))
                .isInstanceOf(GrammarLimitException.class)
                .hasMessageContaining("too ambiguous");
        assertThat(GrammarTexts.accepts(rules(one), "(".repeat(3_000) + "x" + "])".repeat(1_500)))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "root ::= \"a\"{2,3} [b-d]?; aab; true",
                "root ::= \"a\"{2,3} [b-d]?; a; false",
                "root ::= ... \"abc\" ...; xyzabc123; true",
                "root ::= [^\\n\\x41-\\x43]+; AB; false",
                "root ::= \"\\u00e4\\U0001F600\" .; \u00e4\ud83d\ude00x; true",
                "root ::= (\"a\" | \"\")*; aaa; true"
            })
    void elementsMeanWhatTheyDoElsewhere(String grammar, String text, boolean accepted)
            throws GrammarException {
        assertThat(GrammarTexts.accepts(rules(grammar), text)).isEqualTo(accepted);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "root ::= other; the grammar is malformed at line 1, column 10: the rule 'other' is not defined",
                "start: \"a\"; there is no rule here",
                "a ::= \"a\"; the rule 'root' is missing",
                "root ::= \"a; a '\"' or ']' is missing",
                "root ::= (\"a\"; a '(' has no ')'",
                "root ::= \"a\"{3,2}; greatest number is less",
                "root ::= \"a\" root; no text can follow the grammar",
                "root ::= \"\\q\"; \\q is no escape"
            })
    void mistakesAreNamedWithTheirPlace(String grammar, String message) {
        assertThatThrownBy(() -> rules(grammar))
                .isInstanceOf(GrammarException.class)
                .hasMessageContaining(message);
    }
}
