package dev.sluice.guided;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Optional;

/// The judge of guided texts must itself be right: numbers are decimals to it, and each draft is
/// read as it was written.
class SchemaCheckTest {
    private static final String CENTS = "{\"type\":\"number\",\"multipleOf\":0.01}";
    private static final String DRAFT_4 = "http://json-schema.org/draft-04/schema#";
    private static final String DRAFT_2020_12 = "https://json-schema.org/draft/2020-12/schema";

    @ParameterizedTest
    @ValueSource(strings = {"154.98", "26325.65", "15.4e8", "228.21e9", "4.48e+29", "-15.980000"})
    void amountsOfWholeCentsAreMultiplesOfACent(String amount) {
        assertThat(SchemaCheck.check(CENTS, amount))
                .isEqualTo(new SchemaCheck.Verdict(true, Optional.empty()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"154.985", "0.01000000000000000001", "1e-3"})
    void otherAmountsAreNot(String amount) {
        assertWrong(CENTS, amount);
    }

    @Test
    void textsThatAreNoJsonAreWrong() {
        assertWrong("{}", "{\"a\":");
        assertWrong("{}", "1 2");
    }

    @Test
    void theDialectIsThatOfTheSchema() {
        String bound = "\"minimum\":1,\"exclusiveMinimum\":true}";

        assertWrong("{\"$schema\":\"" + DRAFT_4 + "\"," + bound, "1");
        assertRight("{\"$schema\":\"" + DRAFT_4 + "\"," + bound, "1.5");
        assertWrong("{\"prefixItems\":[{\"type\":\"string\"}]}", "[1]");
        assertRight("{\"$schema\":\"" + DRAFT_4 + "\",\"prefixItems\":[false]}", "[1]");
    }

    @Test
    void formatsThatTheServerKnowsAreDemanded() {
        assertWrong("{\"format\":\"date\"}", "\"2026-02-30\"");
        assertRight("{\"format\":\"date\"}", "\"2024-02-29\"");
        assertWrong("{\"format\":\"email\"}", "\"somebody\"");
        assertRight("{\"format\":\"email\"}", "\"somebody@example.invented\"");
        assertRight("{\"format\":\"iri\"}", "\"no iri\"");
        assertRight("{\"format\":\"colour\"}", "\"no colour\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {DRAFT_4, "http://json-schema.org/draft-07/schema", DRAFT_2020_12})
    void formatsAreDemandedInEachDialect(String dialect) {
        String schema = "{\"$schema\":\"" + dialect + "\",\"format\":\"email\"}";

        assertWrong(schema, "\"somebody\"");
        assertRight(schema, "\"somebody@example.invented\"");
    }

    @Test
    void aSchemaThatPointsNowhereIsNotJudged() {
        assertThat(SchemaCheck.check("{\"$ref\":\"#/$defs/none\"}", "1").judged()).isFalse();
        assertThat(SchemaCheck.check("{\"$ref\":\"https://sluice.invalid/none\"}", "1").judged())
                .isFalse();
    }

    private static void assertRight(String schema, String text) {
        assertThat(SchemaCheck.check(schema, text))
                .as("%s for %s", text, schema)
                .isEqualTo(new SchemaCheck.Verdict(true, Optional.empty()));
    }

    private static void assertWrong(String schema, String text) {
        SchemaCheck.Verdict verdict = SchemaCheck.check(schema, text);
        assertThat(verdict.judged()).isTrue();
        assertThat(verdict.problem()).as("%s for %s", text, schema).isPresent();
    }
}
