package dev.sluice.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.sluice.testing.GgufMetadataReader;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

final class DefaultModelTokenizerTest {
    private static final String FILE = "SmolLM2-135M-Instruct.Q4_1.gguf";

    private static LoadedTokenizer load() throws IOException {
        Optional<Path> file = find();
        assumeThat(file).as("the default model in ~/.cache/sluice; fetch it first").isPresent();
        return TokenizerLoader.fromGguf(GgufMetadataReader.read(file.orElseThrow()));
    }

    private static Optional<Path> find() throws IOException {
        String home = System.getenv().getOrDefault("HOME", System.getProperty("user.home"));
        Path cache = Path.of(home, ".cache", "sluice");
        if (!Files.isDirectory(cache)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.walk(cache)) {
            return files.filter(path -> path.endsWith(FILE)).findFirst();
        }
    }

    @Test
    void encodesEachDigitAlone() throws IOException {
        LoadedTokenizer loaded = load();

        TokenIds ids = loaded.tokenizer().encode("Hello 12345 world, I'm", true);

        assertThat(ids).isEqualTo(TokenIds.of(19556, 216, 33, 34, 35, 36, 37, 905, 28, 339, 5248));
    }

    @Test
    void endsWithEitherOfTwoIds() throws IOException {
        LoadedTokenizer loaded = load();

        assertThat(loaded.tokenizer().vocabulary().eosIds()).containsExactlyInAnyOrder(0, 2);
        assertThat(loaded.specialTokens()).containsEntry("eos_token", "<|im_end|>");
        assertThat(loaded.chatTemplate()).hasValueSatisfying(t -> assertThat(t).contains("<|im_"));
    }
}
