package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Verdicts of others on schemas and texts, as far as they are at hand. What the floors leave out
/// of MaskBench's valid texts has its keys in another order than the schema.
class JsonSchemaFactsTest {
    private static SchemaRows judge(String file, String kind) throws IOException {
        Path path = Path.of("../shared/data").resolve(file);
        assumeTrue(Files.exists(path), path + " is not here");
        return SchemaRows.judge(path, kind);
    }

    @Test
    void theOfficialSuiteIsFollowed() throws IOException {
        SchemaRows rows = judge("json-schema-test-suite/draft2020-12.jsonl", "plain");

        assertThat(rows.wronglyAccepted()).isEmpty();
        assertThat(rows.shareRight()).isGreaterThan(0.85);
    }

    @Test
    void schemasFromTheWildAreFollowed() throws IOException {
        SchemaRows rows = judge("maskbench/maskbench-sample-pairs.jsonl", "");

        assertThat(rows.wronglyAccepted()).isEmpty();
        assertThat(rows.shareCompiled()).isGreaterThan(0.97);
        assertThat(rows.shareOfValidAccepted()).isGreaterThan(0.975);
    }

    @Test
    void whatOtherEnginesAreTestedWithIsNotWronglyAccepted() throws IOException {
        SchemaRows first = judge("xgrammar/json_schema.jsonl", "");
        SchemaRows second = judge("llguidance/json_schema.jsonl", "");

        assertThat(first.wronglyAccepted()).isEmpty();
        assertThat(second.wronglyAccepted()).isEmpty();
        assertThat(first.shareRight()).isGreaterThan(0.95);
        assertThat(first.shareCompiled()).isEqualTo(1.0);
        assertThat(second.shareCompiled()).isEqualTo(1.0);
    }
}
