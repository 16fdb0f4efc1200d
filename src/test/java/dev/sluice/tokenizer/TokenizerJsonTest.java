package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

final class TokenizerJsonTest {
    private static final String VOCABULARY =
            "{\"a\":0,\"b\":1,\"ab\":2,\"\\u0120\":3,\"\\u0120a\":4,\"abb\":5,\"<unk>\":6}";
    private static final String MERGES = "[\"a b\",[\"\\u0120\",\"a\"],\"ab b\"]";
    private static final String ADDED =
            "[{\"id\":7,\"content\":\"<s>\",\"special\":true,\"normalized\":false},"
                    + "{\"id\":8,\"content\":\"[X]\",\"normalized\":true}]";
    private static final String BYTE_LEVEL =
            "{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true}";
    private static final String TEMPLATE =
            "{\"type\":\"TemplateProcessing\",\"single\":["
                    + "{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},"
                    + "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},"
                    + "{\"SpecialToken\":{\"id\":\"[X]\",\"type_id\":0}}],"
                    + "\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[7]},"
                    + "\"[X]\":{\"id\":\"[X]\",\"ids\":[8]}}}";

    @TempDir private Path folder;

    private Tokenizer load(String json) throws IOException {
        Path file = Files.writeString(folder.resolve("tokenizer.json"), json);
        return TokenizerLoader.fromTokenizerJson(file).tokenizer();
    }

    private static String json(String model, String normalizer, String preTokenizer) {
        return "{\"version\":\"1.0\",\"truncation\":{\"max_length\":1},\"added_tokens\":"
                + ADDED
                + ",\"normalizer\":"
                + normalizer
                + ",\"pre_tokenizer\":"
                + preTokenizer
                + ",\"post_processor\":"
                + TEMPLATE
                + ",\"decoder\":"
                + BYTE_LEVEL
                + ",\"model\":"
                + model
                + "}";
    }

    private static String bpe(String more) {
        return "{\"type\":\"BPE\",\"vocab\":" + VOCABULARY + ",\"merges\":" + MERGES + more + "}";
    }

    @Test
    void mergesWordsOfBytes() throws IOException {
        Tokenizer tokenizer = load(json(bpe(""), "null", BYTE_LEVEL));

        assertThat(tokenizer.encode("abb ab", false)).isEqualTo(TokenIds.of(5, 3, 2));
        assertThat(tokenizer.encode("ab<s>[X]", true)).isEqualTo(TokenIds.of(7, 2, 7, 8, 8));
        assertThat(tokenizer.decode(TokenIds.of(7, 5, 4), true)).isEqualTo("abb a");
    }

    @Test
    void takesAWholeWordWhereMergesAreIgnored() throws IOException {
        String merges = bpe("").replace("\"ab b\"", "\"a b\"");

        assertThat(load(json(merges, "null", BYTE_LEVEL)).encode("abb", false))
                .isEqualTo(TokenIds.of(2, 1));
        assertThat(
                        load(json(
                                        merges.replace(
                                                "\"type\"", "\"ignore_merges\":true,\"type\""),
                                        "null",
                                        BYTE_LEVEL))
                                .encode("abb", false))
                .isEqualTo(TokenIds.of(5));
    }

    @Test
    void findsNormalizedTokensInNormalizedText() throws IOException {
        Tokenizer tokenizer = load(json(bpe(""), "{\"type\":\"Lowercase\"}", BYTE_LEVEL));

        assertThat(tokenizer.encode("A[x]<S>B", false)).isEqualTo(TokenIds.of(0, 8, 1));
    }

    @Test
    void decodesNormalizedTokensAsTheyWereFound() throws IOException {
        Tokenizer tokenizer = load(json(bpe(""), "{\"type\":\"Lowercase\"}", BYTE_LEVEL));

        assertThat(tokenizer.decode(TokenIds.of(0, 8, 7), false)).isEqualTo("a[x]<s>");
        assertThat(tokenizer.vocabulary().id("[X]")).hasValue(8);
    }

    private static String spaced(String vocabulary, String merges, String parts) {
        return "{\"model\":{\"type\":\"BPE\",\"vocab\":"
                + vocabulary
                + ",\"merges\":"
                + merges
                + "},"
                + parts
                + "}";
    }

    @Test
    void mergesAcrossACharacterThatIsLeftOut() throws IOException {
        String json =
                spaced(
                        "{\"a\":0,\"b\":1,\"\\u2581\":2,\"a\\u2581\":3}",
                        "[[\"a\",\"\\u2581\"]]",
                        "\"pre_tokenizer\":{\"type\":\"Metaspace\",\"prepend_scheme\":\"never\","
                                + "\"split\":false}");

        assertThat(load(json).encode("a\u00e9 b", false)).isEqualTo(TokenIds.of(3, 1));
    }

    @Test
    void prefixesTheFirstPartOnlyWhereNothingBeforeItWasRemoved() throws IOException {
        String json =
                spaced(
                        "{\"a\":0,\"\\u2581\":1}",
                        "[]",
                        "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":["
                                + "{\"type\":\"WhitespaceSplit\"},"
                                + "{\"type\":\"Metaspace\",\"prepend_scheme\":\"first\"}]}");

        assertThat(load(json).encode("a a", false)).isEqualTo(TokenIds.of(1, 0, 0));
        assertThat(load(json).encode(" a a", false)).isEqualTo(TokenIds.of(0, 0));
    }

    @Test
    void dropsTheWrittenSpacesOfTheFirstTokenOnly() throws IOException {
        String json =
                spaced(
                        "{\"\\u2581a\\u2581b\":0,\" c\":1,\"\\u2581\":2}",
                        "[]",
                        "\"decoder\":{\"type\":\"Metaspace\",\"prepend_scheme\":\"always\"}");

        assertThat(load(json).decode(TokenIds.of(0, 0), false)).isEqualTo("ab a b");
        assertThat(load(json).decode(TokenIds.of(1, 2, 1), false)).isEqualTo(" c  c");
        assertThat(load(json).decode(TokenIds.of(2, 0), false)).isEqualTo(" a b");
    }

    @Test
    void fusesOrRepeatsTheUnknownToken() throws IOException {
        String unknown = ",\"unk_token\":\"<unk>\",\"fuse_unk\":";

        assertThat(load(json(bpe(unknown + "true"), "null", "null")).encode("xxax", false))
                .isEqualTo(TokenIds.of(6, 0, 6));
        assertThat(load(json(bpe(unknown + "false"), "null", "null")).encode("xxax", false))
                .isEqualTo(TokenIds.of(6, 6, 0, 6));
    }

    @Test
    void choosesTheBestPiecesOfAUnigram() throws IOException {
        String model =
                "{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",-2.0],"
                        + "[\"b\",-2.0],[\"ab\",-3.0],[\"aba\",-6.5]]}";

        assertThat(load(json(model, "null", "null")).encode("abaxx", false))
                .isEqualTo(TokenIds.of(3, 1, 0));
    }

    static Stream<Arguments> damaged() {
        return Stream.of(
                arguments("[]", "no JSON object"),
                arguments("{}", "no 'model'"),
                arguments("{\"model\":[]}", "'model' is no object"),
                arguments("{\"model\":{\"type\":\"WordPiece\",\"vocab\":{}}}", "'WordPiece'"),
                arguments("{\"model\":{\"vocab\":{\"a\":\"b\"}}}", "no number"),
                arguments("{\"model\":{\"vocab\":{\"a\":-1}}}", "out of range"),
                arguments("{\"model\":{\"vocab\":{\"a\":99999999999}}}", "out of range"),
                arguments("{\"model\":{\"vocab\":[[1,2]]}}", "no text"),
                arguments("{\"model\":{\"vocab\":{\"a\":0},\"merges\":[\"aa\"]}}", "no pair"),
                arguments(
                        "{\"model\":{\"vocab\":{\"a\":0},\"merges\":[[\"a\",\"a\"]]}}",
                        "vocabulary"),
                arguments("{\"model\":{\"vocab\":{\"a\":0},\"merges\":[7]}}", "no text"),
                arguments("{\"model\":{\"vocab\":{\"a\":0}", "JSON"),
                arguments(
                        "{\"normalizer\":{\"type\":\"Odd\"},\"model\":{\"type\":\"BPE\"}}",
                        "'Odd'"));
    }

    @ParameterizedTest
    @MethodSource("damaged")
    void refusesInASentenceWhatItCantRead(String json, String reason) {
        assertThatThrownBy(() -> load(json))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining(reason);
    }

    @Test
    void refusesAFileThatIsCutAnywhere() throws IOException {
        byte[] whole = json(bpe(""), "null", BYTE_LEVEL).getBytes(StandardCharsets.UTF_8);
        Path file = folder.resolve("tokenizer.json");

        for (int length = 0; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            assertThatThrownBy(() -> TokenizerLoader.fromTokenizerJson(file))
                    .isInstanceOf(TokenizerException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"type\":\"Split\",\"pattern\":{\"String\":\"\"},\"behavior\":\"Isolated\"}",
                "{\"type\":\"CharDelimiterSplit\",\"delimiter\":\"\"}",
                "{\"type\":\"Metaspace\",\"replacement\":\"\"}"
            })
    void anEmptyTextCutsNothing(String preTokenizer) throws IOException {
        assertThat(load(json(bpe(""), "null", preTokenizer)).encode("abb", false))
                .isEqualTo(TokenIds.of(5));
    }

    @Test
    void anEmptyTextIsNotReplaced() throws IOException {
        String replace = "{\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"b\"}";

        assertThat(load(json(bpe(""), replace, BYTE_LEVEL)).encode("abb", false))
                .isEqualTo(TokenIds.of(5));
    }

    @Test
    void lowersEachCharacterByItself() {
        TextNormalizer lowercase =
                JsonNormalizer.read(JsonMapper.shared().readTree("{\"type\":\"Lowercase\"}"));

        assertThat(lowercase.apply("\u03c2\u03a3 \u0391\u03a3 \u0130A\ud801\udc00"))
                .isEqualTo("\u03c2\u03c3 \u03b1\u03c3 i\u0307a\ud801\udc28");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-5", "99999", "9", "\"x\""})
    void refusesIdsAroundTextsThatAreNone(String id) {
        String wrong =
                json(bpe(""), "null", BYTE_LEVEL).replace("\"ids\":[7]", "\"ids\":[" + id + "]");

        assertThatThrownBy(() -> load(wrong))
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("around texts");
    }
}
