package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

final class TokenizerDirectoryTest {
    private static final String TOKENIZER =
            "{\"added_tokens\":[{\"id\":1,\"content\":\"<s>\",\"special\":true},"
                    + "{\"id\":2,\"content\":\"<|im_end|>\",\"special\":true}],"
                    + "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]}}";

    @TempDir private Path folder;

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private LoadedTokenizer load() {
        return TokenizerLoader.fromDirectory(folder);
    }

    @Test
    void takesRolesAndTemplateFromTheConfiguration() throws IOException {
        write("tokenizer.json", TOKENIZER);
        write(
                "tokenizer_config.json",
                "{\"bos_token\":{\"content\":\"<s>\"},\"eos_token\":\"<|im_end|>\","
                        + "\"unk_token\":null,\"chat_template\":\"plain\"}");

        LoadedTokenizer loaded = load();

        assertThat(loaded.specialTokens())
                .isEqualTo(Map.of("bos_token", "<s>", "eos_token", "<|im_end|>"));
        assertThat(loaded.chatTemplate()).hasValue("plain");
        assertThat(loaded.tokenizer().vocabulary().bosId()).hasValue(1);
        assertThat(loaded.tokenizer().vocabulary().eosIds()).containsExactly(2);
    }

    @Test
    void takesTheDefaultOfSeveralTemplates() throws IOException {
        write("tokenizer.json", TOKENIZER);
        write(
                "tokenizer_config.json",
                "{\"chat_template\":[{\"name\":\"rag\",\"template\":\"r\"},"
                        + "{\"name\":\"default\",\"template\":\"d\"}]}");

        assertThat(load().chatTemplate()).hasValue("d");
    }

    @Test
    void prefersATemplateOfItsOwnFile() throws IOException {
        write("tokenizer.json", TOKENIZER);
        write("chat_template.json", "{\"chat_template\":\"json\"}");
        assertThat(load().chatTemplate()).hasValue("json");

        write("tokenizer_config.json", "{\"chat_template\":\"config\"}");
        assertThat(load().chatTemplate()).hasValue("config");

        write("chat_template.jinja", "jinja");
        assertThat(load().chatTemplate()).hasValue("jinja");
    }

    @Test
    void endsWithTheIdsOfTheGenerationSettings() throws IOException {
        write("tokenizer.json", TOKENIZER);
        write("tokenizer_config.json", "{\"eos_token\":\"<s>\"}");
        assertThat(load().tokenizer().vocabulary().eosIds()).containsExactlyInAnyOrder(1, 2);

        write("generation_config.json", "{\"eos_token_id\":[0,1]}");
        assertThat(load().tokenizer().vocabulary().eosIds()).containsExactlyInAnyOrder(0, 1);
    }

    @Test
    void addsTheBeginningByFlagWhereTheClassDoes() throws IOException {
        write("tokenizer.json", TOKENIZER);
        String config = "\"bos_token\":\"<s>\",\"add_bos_token\":true}";
        write("tokenizer_config.json", "{\"tokenizer_class\":\"Qwen2Tokenizer\"," + config);
        assertThat(load().tokenizer().encode("a", true)).isEqualTo(TokenIds.of(0));

        write("tokenizer_config.json", "{\"tokenizer_class\":\"LlamaTokenizerFast\"," + config);
        assertThat(load().tokenizer().encode("a", true)).isEqualTo(TokenIds.of(1, 0));
    }

    @Test
    void addsTokensThatStandBesideTheModel() throws IOException {
        Files.copy(
                Path.of("src/test/resources/tokenizer/bpe.model"),
                folder.resolve("tokenizer.model"));
        write("added_tokens.json", "{\"<|extra|>\":600}");
        write(
                "tokenizer_config.json",
                "{\"add_bos_token\":false,\"added_tokens_decoder\":{\"601\":{\"content\":"
                        + "\"<|more|>\",\"special\":true}}}");

        LoadedTokenizer loaded = load();
        Vocabulary vocabulary = loaded.tokenizer().vocabulary();

        assertThat(loaded.tokenizer().encode("<|extra|><|more|>", true))
                .isEqualTo(TokenIds.of(600, 601));
        assertThat(vocabulary.size()).isEqualTo(602);
        assertThat(vocabulary.isSpecial(600)).isFalse();
        assertThat(vocabulary.isSpecial(601)).isTrue();
        assertThat(loaded.specialTokens()).containsEntry("eos_token", "</s>");
    }

    @Test
    void prefersTokenizerJsonToAModel() throws IOException {
        write("tokenizer.json", TOKENIZER);
        write("tokenizer.model", "damaged");

        assertThat(load().tokenizer().encode("a", false)).isEqualTo(TokenIds.of(0));
    }

    @Test
    void saysWhatIsMissingOrDamaged() throws IOException {
        assertThatThrownBy(this::load)
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("neither tokenizer.json nor tokenizer.model");

        write("tokenizer.json", TOKENIZER);
        write("tokenizer_config.json", "{\"added_tokens_decoder\":{\"x\":{}}}");
        assertThatThrownBy(this::load)
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("'x'");

        write("tokenizer_config.json", "{");
        assertThatThrownBy(this::load)
                .isInstanceOf(TokenizerException.class)
                .hasMessageContaining("tokenizer_config.json");
    }
}
