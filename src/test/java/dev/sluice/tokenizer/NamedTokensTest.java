package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

final class NamedTokensTest {
    private static final String TOKENIZER =
            "{\"added_tokens\":[{\"id\":5,\"content\":\"[E]\",\"special\":false}],"
                    + "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"<\":1,\"t\":2,\">\":3,"
                    + "\"<s>\":4},\"merges\":[]}}";
    private static final TokenIds AS_TEXT = TokenIds.of(1, 2, 3);

    @TempDir private Path folder;

    @BeforeEach
    void writeTokenizer() throws IOException {
        write("tokenizer.json", TOKENIZER);
    }

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private Tokenizer load() {
        return TokenizerLoader.fromDirectory(folder).tokenizer();
    }

    @Test
    void aPieceWithARoleIsASpecialToken() throws IOException {
        write("tokenizer_config.json", "{\"bos_token\":\"<s>\"}");

        Tokenizer tokenizer = load();

        assertThat(tokenizer.encode("a<s>", false)).isEqualTo(TokenIds.of(0, 4));
        assertThat(tokenizer.decode(TokenIds.of(4, 0), true)).isEqualTo("a");
    }

    @Test
    void anAddedTokenWithARoleIsSpecialWhateverItsListSays() throws IOException {
        write("tokenizer_config.json", "{\"eos_token\":{\"content\":\"[E]\"}}");

        assertThat(load().decode(TokenIds.of(5, 0), true)).isEqualTo("a");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "\"additional_special_tokens\":[\"<t>\"]",
                "\"extra_special_tokens\":[{\"content\":\"<t>\"}]",
                "\"extra_special_tokens\":{\"tool\":\"<t>\"}",
                "\"tool_token\":\"<t>\"",
            })
    void aTokenWithoutAnIdGetsTheNextThatTheModelHas(String named) throws IOException {
        write("tokenizer_config.json", "{" + named + "}");
        assertThat(load().encode("<t>", false)).isEqualTo(AS_TEXT);

        write("config.json", "{\"vocab_size\":6}");
        assertThat(load().encode("<t>", false)).isEqualTo(AS_TEXT);

        write("config.json", "{\"text_config\":{\"vocab_size\":7}}");
        assertThat(load().encode("<t>a", false)).isEqualTo(TokenIds.of(6, 0));
        assertThat(load().decode(TokenIds.of(6, 0), true)).isEqualTo("a");
    }

    @Test
    void theOlderMapCountsWithoutAListOfIds() throws IOException {
        write("config.json", "{\"vocab_size\":7}");
        write("special_tokens_map.json", "{\"additional_special_tokens\":[\"<t>\"]}");
        assertThat(load().encode("<t>", false)).isEqualTo(TokenIds.of(6));

        write("tokenizer_config.json", "{\"added_tokens_decoder\":{}}");
        assertThat(load().encode("<t>", false)).isEqualTo(AS_TEXT);
    }

    @Test
    void anAddedTokenInAListStaysWhatItIs() throws IOException {
        write("tokenizer_config.json", "{\"additional_special_tokens\":[\"[E]\"]}");

        assertThat(load().decode(TokenIds.of(5, 0), true)).isEqualTo("[E]a");
    }

    @Test
    void whereTheFilesDifferTheOlderMapNamesRolesAndTheConfigurationLists() throws IOException {
        write("config.json", "{\"vocab_size\":7}");
        write(
                "tokenizer_config.json",
                "{\"eos_token\":\"a\",\"additional_special_tokens\":[\"<t>\"]}");
        write(
                "special_tokens_map.json",
                "{\"eos_token\":\"<s>\",\"additional_special_tokens\":[\"t\"]}");

        LoadedTokenizer loaded = TokenizerLoader.fromDirectory(folder);

        assertThat(loaded.specialTokens()).containsEntry("eos_token", "<s>");
        assertThat(loaded.tokenizer().vocabulary().eosIds()).containsExactly(4);
        assertThat(loaded.tokenizer().decode(TokenIds.of(0, 2, 4, 6), true)).isEqualTo("at");
    }

    @Test
    void aTokenBesideASentencePieceModelIsSpecialAndAnEndIfItIsNamed() throws IOException {
        Files.delete(folder.resolve("tokenizer.json"));
        Files.copy(
                Path.of("src/test/resources/tokenizer/bpe.model"),
                folder.resolve("tokenizer.model"));
        write("added_tokens.json", "{\"<|im_end|>\":600,\"<|plain|>\":601}");
        write("special_tokens_map.json", "{\"additional_special_tokens\":[\"<|im_end|>\"]}");

        Vocabulary vocabulary = load().vocabulary();

        assertThat(vocabulary.isSpecial(600)).isTrue();
        assertThat(vocabulary.isSpecial(601)).isFalse();
        assertThat(vocabulary.eosIds()).containsExactlyInAnyOrder(2, 600);
    }
}
