package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.GgufMetadataReader;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

final class GgufVectorsTest {
    private static final JsonMapper JSON = JsonMapper.shared();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "command-r",
                "deepseek-coder",
                "deepseek-llm",
                "falcon",
                "gemma-4",
                "gpt-2",
                "llama-bpe",
                "llama-spm",
                "mpt",
                "phi-3",
                "qwen2",
                "qwen35",
                "refact",
                "starcoder"
            })
    void givesTheRecordedIds(String name) throws IOException {
        String vocabulary = "ggml-vocab-" + name + ".gguf";
        Tokenizer tokenizer =
                TokenizerLoader.fromGguf(
                                GgufMetadataReader.read(
                                        SharedData.tokenizers("gguf/" + vocabulary)))
                        .tokenizer();

        List<String> wrong = new ArrayList<>();
        int rows = 0;
        for (String line : Files.readAllLines(SharedData.tokenizers("gguf-vocab-vectors.jsonl"))) {
            JsonNode row = JSON.readTree(line);
            if (!row.get("vocab").stringValue().equals(vocabulary)) {
                continue;
            }
            rows++;
            int[] expected = JSON.treeToValue(row.get("ids"), int[].class);
            int[] actual = tokenizer.encode(row.get("text").stringValue(), false).toArray();
            if (!Arrays.equals(expected, actual)) {
                wrong.add(
                        row.get("text")
                                + ": "
                                + Arrays.toString(actual)
                                + " for "
                                + Arrays.toString(expected));
            }
        }

        assertThat(rows).isPositive();
        assertThat(wrong).isEmpty();
    }
}
