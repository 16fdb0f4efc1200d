package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.charset.StandardCharsets;

class FreeRunsTest {
    private static final int ENDLESS = Integer.MAX_VALUE;

    /// Asks about the place behind a text.
    private interface Question {
        int ask(FreeRuns runs, Configurations place);
    }

    private static int length(GrammarSpec spec, String text, TextClass kind)
            throws GrammarException {
        return asked(spec, text, (runs, place) -> runs.length(place, kind));
    }

    private static int limit(String pattern, TextClass kind) throws GrammarException {
        return asked(
                new GrammarSpec.RegularExpression(pattern),
                "",
                (runs, place) -> runs.limit(place, kind));
    }

    private static int asked(GrammarSpec spec, String text, Question question)
            throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        Rules rules = new SpecWriter(builder, JsonSchemaOptions.DEFAULT).write(spec);
        Machine machine = new Machine(rules, GrammarLimits.DEFAULT);
        ParseState state = machine.start();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            state = machine.step(state, b & 0xFF);
        }
        assertThat(state.isDead()).isFalse();
        return question.ask(new FreeRuns(machine), state.top());
    }

    private static int inString(String schema, TextClass kind) throws GrammarException {
        return length(new GrammarSpec.JsonSchema(schema, true), "\"", kind);
    }

    @Test
    void openStringsTakeAnyText() throws GrammarException {
        String schema = "{\"type\":\"string\"}";
        for (TextClass kind : TextClass.ALL) {
            assertThat(inString(schema, kind)).as(kind.toString()).isEqualTo(ENDLESS);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "7, 7", "500, 500"})
    void limitedStringsTakeWhatIsLeft(int max, int expected) throws GrammarException {
        assertThat(inString("{\"type\":\"string\",\"maxLength\":" + max + "}", TextClass.JSON))
                .isEqualTo(expected);
    }

    @Test
    void aRunHasALimitWhereNothingBehindOrBesideItReadsOn() throws GrammarException {
        assertThat(limit("[a-zA-Z0-9._-]{2,5}@", TextClass.WORD)).isEqualTo(5);
        assertThat(limit("[a-zA-Z0-9._-]{2,5}@?a", TextClass.WORD)).isZero();
        assertThat(limit("([a-zA-Z0-9._-]{2,5}@|[a-z]{9})", TextClass.WORD)).isZero();
        assertThat(limit("[a-zA-Z0-9._-]{2,5}@", TextClass.PLAIN)).isZero();
        assertThat(limit("[a-zA-Z0-9._-]{2,}@", TextClass.WORD)).isZero();
    }

    @Test
    void severalReadingsTogetherMayTakeAnyText() throws GrammarException {
        String schema =
                """
                {"anyOf":[{"type":"string","pattern":"^[^a]*$","maxLength":90},\
                {"type":"string","pattern":"a"}]}\
                """;
        assertThat(inString(schema, TextClass.PLAIN)).isGreaterThanOrEqualTo(FreeRuns.LONG);
    }

    @Test
    void aCharacterThatMustNotComeEndsTheRun() throws GrammarException {
        GrammarSpec spec = new GrammarSpec.RegularExpression("([^~]|.[^~]|..[^~])*#");
        assertThat(length(spec, "", TextClass.WORD)).isEqualTo(ENDLESS);
        assertThat(length(new GrammarSpec.RegularExpression("...[^~]*"), "", TextClass.PLAIN))
                .isEqualTo(3);
        assertThat(length(new GrammarSpec.RegularExpression("[^ä]*"), "", TextClass.PLAIN))
                .isZero();
    }

    @Test
    void escapesAreNoTextOutsideOfJson() throws GrammarException {
        GrammarSpec spec = new GrammarSpec.RegularExpression("(.|\\n)*");
        assertThat(length(spec, "", TextClass.PLAIN)).isEqualTo(ENDLESS);
        assertThat(length(spec, "", TextClass.JSON)).isZero();
    }
}
