package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.embed.Devices;
import dev.sluice.testing.SluiceServer;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The commands beside `serve`, as a person calls them.
final class CommandsIT {
    /// What a command came to.
    private record Ended(int exit, String out, String err) {}

    @TempDir private static Path model;

    @BeforeAll
    static void writeModel() {
        TinyModels.write(model);
    }

    @Test
    void generateContinuesThePromptOfAFlagOrOfAPipe() throws Exception {
        Ended flag =
                run(
                        "",
                        "generate",
                        "--model",
                        model.toString(),
                        "--temperature",
                        "0",
                        "--max-tokens",
                        "9",
                        "-p",
                        "Once");
        Ended pipe =
                run(
                        "Once",
                        "generate",
                        "--model",
                        model.toString(),
                        "--temperature",
                        "0",
                        "--max-tokens",
                        "9");

        assertThat(flag.err()).isEmpty();
        assertThat(flag.exit()).isZero();
        assertThat(flag.out()).isNotBlank().endsWith("\n");
        assertThat(pipe).isEqualTo(flag);
    }

    @Test
    void theSameSeedGeneratesTheSameText() throws Exception {
        String[] command = {
            "generate",
            "--model",
            model.toString(),
            "--seed",
            "5",
            "--max-tokens",
            "20",
            "-p",
            "Once",
            "--temperature",
            "1"
        };

        assertThat(run("", command)).isEqualTo(run("", command));
    }

    @Test
    void chatAnswersEachLineOfAPipeAndForgetsWhenTold() throws Exception {
        Ended ended =
                run(
                        "Hello!\n/reset\n\nHello!\n/exit\nnever read\n",
                        "chat",
                        "--model",
                        model.toString(),
                        "--temperature",
                        "0",
                        "--max-tokens",
                        "6");

        assertThat(ended.err()).isEmpty();
        assertThat(ended.exit()).isZero();
        int half = ended.out().length() / 2;
        assertThat(ended.out().substring(0, half))
                .isNotBlank()
                .isEqualTo(ended.out().substring(half));
    }

    @Test
    void chatRemembersWhatWasSaid() throws Exception {
        Ended ended =
                run(
                        "Hello!\nHello!\n",
                        "chat",
                        "--model",
                        model.toString(),
                        "--temperature",
                        "0",
                        "--max-tokens",
                        "12");

        int half = ended.out().length() / 2;
        assertThat(ended.out().substring(0, half)).isNotEqualTo(ended.out().substring(half));
    }

    @Test
    void aFlagOutOfItsRangeIsOneSentence() throws Exception {
        Ended ended = run("", "generate", "--model", model.toString(), "-p", "x", "--top-p", "2");

        assertThat(ended.exit()).isEqualTo(2);
        assertThat(ended.err()).isEqualTo("sluice: --top-p 2.0 is out of its range.\n");
    }

    @Test
    void benchMeasuresAndSaysSoInJson() throws Exception {
        Ended ended = run("", "bench", "--model", model.toString(), "--runs", "1", "--json");

        assertThat(ended.err()).isEmpty();
        JsonObject report = new JsonObject(ended.out());
        assertThat(report.getDouble("memory_bandwidth_bytes_per_second")).isPositive();
        JsonArray results = report.getJsonArray("results");
        assertThat(results.stream().map(row -> ((JsonObject) row).getString("name")))
                .containsExactly(
                        "prefill_128",
                        "time_to_first_token_128",
                        "prefill_512",
                        "time_to_first_token_512",
                        "decode_1",
                        "decode_8",
                        "decode_32");
        assertThat(results)
                .allSatisfy(row -> assertThat(((JsonObject) row).getDouble("value")).isPositive());
    }

    @Test
    void doctorSaysWhatThereIs() throws Exception {
        Ended ended = run("", "doctor");

        assertThat(ended.exit()).isZero();
        assertThat(ended.out())
                .contains("Java", "processor", "kernels", "GPU", "model cache", "memory")
                .containsPattern("would use +cpu \\(");
    }

    @Test
    void doctorRefusesADeviceThatIsNotThereAsServeDoes() throws Exception {
        assumeTrue(Devices.trouble().isPresent(), "there is a GPU");

        Ended ended = run("", "doctor", "--device", "cuda");

        assertThat(ended.exit()).isEqualTo(2);
        assertThat(ended.out()).contains("GPU").doesNotContain("would use");
        assertThat(ended.err()).startsWith("sluice: --device cuda can't be used: ");
    }

    @Test
    void aRehearsalAnswersEveryRequest() throws Exception {
        Ended ended = run("", "rehearse");

        assertThat(ended.exit()).isZero();
        assertThat(ended.out().lines().filter(line -> line.startsWith("HTTP/1.1 200"))).hasSize(7);
        assertThat(ended.out().lines().filter(line -> line.startsWith("HTTP/1.1 400"))).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "doctor",
                "pull --model MODEL",
                "generate --model MODEL -p Once",
                "--help",
                "--version",
                "help serve",
                "serve --help"
            })
    void outputThatIsLostIsNoSuccess(String command) throws Exception {
        File full = new File("/dev/full");
        assumeTrue(full.exists(), "there is no device that is full");
        List<String> line = new ArrayList<>(List.of(SluiceServer.launcher().toString()));
        line.addAll(List.of(command.replace("MODEL", model.toString()).split(" ", -1)));

        Process process = new ProcessBuilder(line).redirectOutput(full).start();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).isEqualTo(2);
        assertThat(err).startsWith("sluice: Standard output can't be written:").hasLineCount(1);
    }

    private static Ended run(String input, String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(SluiceServer.launcher().toString()));
        command.addAll(List.of(arguments));
        Path in = Files.createTempFile("command", ".in");
        Path err = Files.createTempFile("command", ".err");
        Files.writeString(in, input);
        Process process =
                new ProcessBuilder(command)
                        .redirectInput(in.toFile())
                        .redirectError(err.toFile())
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int exit = process.waitFor();
        String errors = Files.readString(err);
        Files.delete(in);
        Files.delete(err);
        return new Ended(exit, out, errors);
    }
}
