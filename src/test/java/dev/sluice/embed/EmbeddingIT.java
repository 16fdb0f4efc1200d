package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.cli.TinyModels;
import dev.sluice.testing.SluiceServer;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The program of `src/docs/embedding.md`, compiled and run as a stranger does: against the
/// finished jars, outside this module.
final class EmbeddingIT {
    private static final Path EXAMPLE = Path.of("src/docs/example/EmbeddedEngine.java");
    private static final Path HOME = SluiceServer.home();

    @TempDir private Path directory;

    @BeforeEach
    void compile() throws Exception {
        int compiled =
                run(
                        "javac",
                        "-cp",
                        HOME + "/lib/*",
                        "-d",
                        directory.toString(),
                        EXAMPLE.toString());

        assertThat(compiled).as(this::log).isZero();
    }

    @Test
    void theExampleStreamsAnAnswerOverTheBusAndCancelsAnother() throws Exception {
        Path model = directory.resolve("model");
        TinyModels.write(model);

        int ran = runExample(model);

        assertThat(ran).as(this::log).isZero();
        assertThat(log())
                .contains("32 tokens, done")
                .contains("story: The request was cancelled.")
                .doesNotContain("failed", "WARNING");
    }

    @Test
    void theExampleThatFailsSaysSoWithItsExitCode() throws Exception {
        int ran = runExample(directory.resolve("missing"));

        assertThat(ran).as(this::log).isEqualTo(1);
        assertThat(log()).contains("failed: ");
    }

    private int runExample(Path model) throws IOException, InterruptedException {
        return run(
                "java",
                "--enable-native-access=ALL-UNNAMED",
                "-Dsluice.home=" + HOME,
                "-cp",
                directory + ":" + HOME + "/lib/*",
                "EmbeddedEngine",
                model.toString());
    }

    private int run(String tool, String... arguments) throws IOException, InterruptedException {
        Path program = Path.of(System.getProperty("java.home"), "bin", tool);
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start()
                .waitFor();
    }

    private String log() {
        try {
            return Files.readString(directory.resolve("log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
