package dev.sluice.embed;

import static org.assertj.core.api.Assertions.assertThat;

import com.hazelcast.core.HazelcastInstance;

import dev.sluice.cli.TinyModels;
import dev.sluice.testing.SluiceServer;

import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// The programs of `src/docs/embedding.md`, compiled and run as a stranger does: against the
/// finished jars, outside this module.
final class EmbeddingIT {
    private static final Path EXAMPLES = Path.of("src/docs/example");
    private static final Path HOME = SluiceServer.home();

    @TempDir private Path directory;

    @BeforeEach
    void compile() throws Exception {
        int compiled =
                run(
                        "javac",
                        "-cp",
                        libraries(),
                        "-d",
                        directory.toString(),
                        EXAMPLES.resolve("EmbeddedEngine.java").toString(),
                        EXAMPLES.resolve("ClusterEngine.java").toString(),
                        EXAMPLES.resolve("ClusterClient.java").toString());

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

    @Test
    @Timeout(180)
    void aClientOnAnotherNodeMakesItsOwnPromptAndIsAnswered() throws Exception {
        Path model = directory.resolve("model");
        TinyModels.write(model);
        Path cluster = directory.resolve("cluster.xml");
        Files.writeString(cluster, cluster());
        String node = "-Dvertx.hazelcast.config=" + cluster;

        // Before the engine, so that it must wait for it.
        Process client = start("java", node, "-cp", classpath(), "ClusterClient", model.toString());
        Process engine =
                start(
                        directory.resolve("engine.log"),
                        "java",
                        node,
                        "--enable-native-access=ALL-UNNAMED",
                        "-Dsluice.home=" + HOME,
                        "-cp",
                        classpath(),
                        "ClusterEngine",
                        model.toString());
        try {
            assertThat(client.waitFor()).as(this::log).isZero();
            assertThat(log()).contains("32 tokens, done").doesNotContain("failed:");
        } finally {
            client.destroyForcibly();
            engine.destroyForcibly().waitFor();
        }
    }

    /// Nodes that meet on this machine, whatever its network lets through.
    private static String cluster() {
        String members =
                IntStream.range(47_450, 47_470)
                        .mapToObj(port -> "127.0.0.1:" + port)
                        .collect(Collectors.joining(","));
        return """
        <hazelcast xmlns="http://www.hazelcast.com/schema/config">
          <cluster-name>%s</cluster-name>
          <network>
            <port port-count="20">47450</port>
            <interfaces enabled="true"><interface>127.0.0.1</interface></interfaces>
            <join>
              <auto-detection enabled="false"/>
              <multicast enabled="false"/>
              <tcp-ip enabled="true"><members>%s</members></tcp-ip>
            </join>
          </network>
        </hazelcast>
        """
                .formatted(UUID.randomUUID(), members);
    }

    private int runExample(Path model) throws IOException, InterruptedException {
        return run(
                "java",
                "--enable-native-access=ALL-UNNAMED",
                "-Dsluice.home=" + HOME,
                "-cp",
                classpath(),
                "EmbeddedEngine",
                model.toString());
    }

    private String classpath() {
        return directory + ":" + libraries();
    }

    /// The distribution's, and those of the cluster.
    private static String libraries() {
        return Stream.concat(
                        Stream.of(HOME + "/lib/*"),
                        Stream.of(HazelcastClusterManager.class, HazelcastInstance.class)
                                .map(EmbeddingIT::jarOf))
                .collect(Collectors.joining(":"));
    }

    private static String jarOf(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    private int run(String tool, String... arguments) throws IOException, InterruptedException {
        return start(tool, arguments).waitFor();
    }

    private Process start(String tool, String... arguments) throws IOException {
        return start(directory.resolve("log"), tool, arguments);
    }

    private static Process start(Path log, String tool, String... arguments) throws IOException {
        Path program = Path.of(System.getProperty("java.home"), "bin", tool);
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
    }

    private String log() {
        try {
            return Files.readString(directory.resolve("log"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
