package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.cli.TinyModels;
import dev.sluice.testing.SluiceServer;

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

    @Test
    void theExampleStreamsAnAnswerOverTheBusAndCancelsAnother() throws Exception {
        Path model = directory.resolve("model");
        TinyModels.write(model);
        Path log = directory.resolve("log");

        int compiled =
                run(
                        log,
                        "javac",
                        "-cp",
                        HOME + "/lib/*",
                        "-d",
                        directory.toString(),
                        EXAMPLE.toString());
        assertThat(compiled).as(() -> read(log)).isZero();
        int ran =
                run(
                        log,
                        "java",
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dsluice.home=" + HOME,
                        "-cp",
                        directory + ":" + HOME + "/lib/*",
                        "EmbeddedEngine",
                        model.toString());

        assertThat(ran).as(() -> read(log)).isZero();
        assertThat(read(log))
                .contains("32 tokens, done")
                .contains("story: The request was cancelled.")
                .doesNotContain("failed", "WARNING");
    }

    private static int run(Path log, String tool, String... arguments)
            throws IOException, InterruptedException {
        Path program = Path.of(System.getProperty("java.home"), "bin", tool);
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
