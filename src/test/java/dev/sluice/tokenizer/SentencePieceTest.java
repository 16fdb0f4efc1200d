package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/// The models and what the sentencepiece package gives with them are made by
/// `src/test/python/make_sentencepiece_models.py`.
final class SentencePieceTest {
    private static final Path MODELS = Path.of("src/test/resources/tokenizer");
    private static final String UNKNOWN_SHOWN = "\u2047";

    @TempDir private Path folder;

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    private static Tokenizer load(String name) {
        return TokenizerLoader.fromSentencePiece(MODELS.resolve(name + ".model")).tokenizer();
    }

    @ParameterizedTest
    @ValueSource(strings = {"bpe", "bpe-map", "unigram", "unigram-bytes"})
    void givesWhatSentencePieceGives(String name) throws IOException {
        Tokenizer tokenizer = load(name);
        List<String> wrong = new ArrayList<>();
        int rows = 0;
        for (String line : Files.readAllLines(MODELS.resolve("sentencepiece.jsonl"))) {
            JsonNode row = JsonMapper.shared().readTree(line);
            if (!row.get("model").stringValue().equals(name)) {
                continue;
            }
            rows++;
            int[] ids = JsonMapper.shared().treeToValue(row.get("ids"), int[].class);
            TokenIds actual = tokenizer.encode(row.get("text").stringValue(), false);
            String decoded = row.get("decoded").stringValue();
            if (!Arrays.equals(ids, actual.toArray())) {
                wrong.add(row.get("text") + ": " + actual + " for " + Arrays.toString(ids));
            }
            if (!decoded.contains(UNKNOWN_SHOWN)
                    && !decoded.equals(tokenizer.decode(actual, false))) {
                wrong.add(decoded + ": " + tokenizer.decode(actual, false));
            }
        }

        assertThat(rows).isPositive();
        assertThat(wrong).isEmpty();
    }

    @Test
    void framesTextsByTheKindOfModel() {
        Tokenizer bpe = load("bpe");
        Tokenizer unigram = load("unigram");
        int[] plain = bpe.encode("gate", false).toArray();
        int[] piece = unigram.encode("gate", false).toArray();

        assertThat(bpe.encode("gate", true).get(0)).isEqualTo(1);
        assertThat(bpe.encode("gate", true).size()).isEqualTo(plain.length + 1);
        assertThat(unigram.encode("gate", true).get(piece.length)).isEqualTo(2);
    }

    @Test
    void findsControlPiecesInText() {
        assertThat(load("bpe").encode("<s></s>", false)).isEqualTo(TokenIds.of(1, 2));
    }

    @Test
    void refusesAModelThatIsCutAnywhere() throws IOException {
        byte[] model = Files.readAllBytes(MODELS.resolve("unigram.model"));

        for (int length = 0; length < model.length; length += 7) {
            assertReadsOrRefuses(Arrays.copyOf(model, length));
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void refusesOrReadsADamagedModel(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] model = Files.readAllBytes(MODELS.resolve("bpe-map.model"));
        for (int i = random.nextInt(1, 30); i > 0; i--) {
            model[random.nextInt(model.length)] = (byte) random.nextInt(256);
        }

        assertReadsOrRefuses(model);
    }

    private void assertReadsOrRefuses(byte[] model) throws IOException {
        Path file = Files.write(folder.resolve("damaged.model"), model);
        try {
            Tokenizer tokenizer = TokenizerLoader.fromSentencePiece(file).tokenizer();
            tokenizer.decode(tokenizer.encode("the gate\u00A0\uFB01", true), false);
        } catch (TokenizerException e) {
            assertThat(e.getMessage()).endsWith(".").doesNotContain("\n");
        }
    }

    @Test
    void saysWhatItCantRead() {
        assertThatThrownBy(() -> TokenizerLoader.fromSentencePiece(folder.resolve("absent.model")))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("absent.model");
    }
}
