package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;

/// A command line that is accepted by mistake starts a server, which never ends by itself.
@Timeout(120)
final class CommandLineTest {

    @ParameterizedTest
    @ValueSource(strings = {"serve", "chat", "generate", "bench", "pull", "doctor"})
    void everyCommandExplainsItself(String command) {
        CliRun run = CliRun.of(command, "--help");

        assertThat(run.exit()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out()).startsWith("Usage: sluice " + command).contains("-h, --help");
        assertThat(run.out().lines()).allSatisfy(line -> assertThat(line.length()).isLessThan(101));
    }

    @Test
    void withoutACommandSaysWhichThereAre() {
        CliRun run = CliRun.of();

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).contains("serve", "chat", "generate", "bench", "pull", "doctor");
    }

    @Test
    void tellsItsVersion() {
        CliRun run = CliRun.of("--version");

        assertThat(run.exit()).isZero();
        assertThat(run.out()).startsWith("sluice ").contains("Java");
    }

    @Test
    void groupsTheFlagsOfServeAndShowsExamples() {
        String help = CliRun.of("serve", "--help").out();

        assertThat(help)
                .containsSubsequence(
                        "Model:\n",
                        "Arithmetic:\n",
                        "Batch and memory:\n",
                        "Server:\n",
                        "Examples:\n");
    }

    @ParameterizedTest
    @CsvSource({
        "--dtype float32 --quantization wint8, --dtype float32",
        "--max-num-seqs 0, --max-num-seqs must be at least 1",
        "--max-num-seqs 64 --max-num-batched-tokens 8, --max-num-batched-tokens",
        "--max-model-len 1, --max-model-len must be at least 2",
        "--block-size 0, --block-size must be an even number from 2 to 256 and is 0.",
        "--block-size 15, --block-size must be an even number from 2 to 256 and is 15.",
        "--block-size 258, --block-size must be an even number from 2 to 256 and is 258.",
        "--scheduler-max-size 2147483647, --scheduler-max-size must be at most 1048576",
        "--max-num-seqs 99999999, --max-num-seqs must be at most 65536",
        "--max-num-batched-tokens 2147483647, --max-num-batched-tokens must be at most 1048576",
        "--host=, --host must not be empty",
        "--num-gpu-blocks-override 0, --num-gpu-blocks-override must be at least 1",
        "--threads 0, '--threads must be in [1, 1,024]'",
        "--port 70000, --port must be at most 65535",
        "--max-concurrency 0, --max-concurrency must be at least 1",
        "--device tpu, '--device must be auto, cpu, cuda or cuda-sim and is tpu.'",
        "--quantization int3, --quantization must be wint8 or wint4 and is int3.",
        "--dtype float16, '--dtype must be auto, bfloat16 or float32 and is float16.'",
        "--block-size x, --block-size must be a whole number in decimal digits (2147483647 at most) and is x.",
        "--max-model-len 99999999999, --max-model-len must be a whole number in decimal digits (2147483647 at most)",
        "--max-waiting-time soon, --max-waiting-time must be a number and is soon.",
        "--enable-logprob=maybe, --enable-logprob must be true or false and is maybe.",
        "--no-such-flag, --no-such-flag",
        "--reasoning-parser ernie, --reasoning-parser ernie is unknown; there are",
        "--tool-call-parser none, --tool-call-parser none is unknown; there are",
        "--tool-parser-plugin com.acme.Nothing, com.acme.Nothing",
        "--ssl-keyfile pom.xml, --ssl-certfile and --ssl-keyfile need each other",
        "--ssl-keyfile no.pem --ssl-certfile no.pem, --ssl-certfile no.pem can't be read",
        "--chat-template no/such/file.jinja, --chat-template no/such/file.jinja can't be read",
        "--default-chat-template-kwargs [1], '--default-chat-template-kwargs must be a JSON object, such as {\"name\": 1}, and is [1].'",
        "--default-chat-template-kwargs {\"a\":x}, 'and is {\"a\":x}: it is no JSON at character 6.'",
        "--logprobs-mode exact, --logprobs-mode must be raw_logprobs",
        "--max-choices 0, --max-choices must be at least 1 and is 0.",
        "--max-logprobs -2, --max-logprobs must be at least -1",
        "--metrics-port 70000, --metrics-port must be at most 65535",
        "--controller-port 9000, --controller-port is not supported",
        "--tensor-parallel-size 0, --tensor-parallel-size must be at least 1",
        "--config no/such.yaml, '--config no/such.yaml can''t be read: there is no such file, or it may not be read.'",
        "--data-parallel-size 2, --data-parallel-size is not supported",
        "--cors-origin foo, '--cors-origin must be *, or an origin such as https://app.example or http://localhost:3000, and is foo.'",
        "--cors-origin https://a.example http://, 'and is http://.'",
        "--log-level foo, '--log-level must be error, warn, info or debug and is foo.'",
        "--timeout-graceful-shutdown -1, --timeout-graceful-shutdown must be at least 0.",
        "--timeout-graceful-shutdown NaN, --timeout-graceful-shutdown must be at least 0.",
        "--served-model-name=, --served-model-name must not be empty.",
        "--max-waiting-time -5, --max-waiting-time must be -1 or at least 0",
        "--model ./no/such/model.gguf, no/such/model.gguf",
    })
    void serveRefusesInOneSentence(String flags, String named) {
        CliRun run = CliRun.of(("serve --port 0 " + flags).split(" "));

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).startsWith("sluice: ").contains(named).doesNotContain("\tat ");
        assertThat(run.err().lines().filter(line -> !line.startsWith("See: "))).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "bench --shape no-such-shape, no-such-shape",
        "bench --shape no-such-shape --runs 0, --runs must be at least 1 and is 0.",
        "bench --write dir, --write needs --shape",
    })
    void benchRefusesInOneSentence(String command, String named) {
        CliRun run = CliRun.of(command.split(" "));

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("sluice: ").contains(named);
        assertThat(run.err().lines()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"chat", "generate -p hello", "bench"})
    void aModelThatIsNotThereIsOneSentence(String command) {
        CliRun run = CliRun.of((command + " --model ./no/such/model.gguf").split(" "));

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("sluice: ").contains("no/such/model.gguf");
        assertThat(run.err().lines()).hasSize(1);
    }

    @Test
    void benchRefusesAContextThatTheModelDoesNotHaveBeforeItMeasures(@TempDir Path directory) {
        Path model = TinyModels.write(directory.resolve("tiny"));

        CliRun run = CliRun.of(("bench --model " + model + " --context 32768").split(" "));

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err())
                .startsWith("sluice: --context 32768 does not fit")
                .contains("a context of 32768");
        assertThat(run.err().lines()).hasSize(1);
    }

    @Test
    void aTokenizerThatCannotBeAFileIsOneSentence(@TempDir Path directory) {
        Path model = TinyModels.write(directory.resolve("tiny"));

        CliRun run =
                CliRun.of(
                        "serve", "--port", "0", "--model", model.toString(), "--tokenizer", "a\0b");

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("sluice: --tokenizer a\0b is not there.");
        assertThat(run.err().lines()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve --port 0", "generate -p hello"})
    void ranksThatTheModelCannotBeSpreadOverAreRefusedWithThoseThatItCan(
            String command, @TempDir Path directory) {
        Path model = TinyModels.write(directory.resolve("tiny"));

        CliRun run = CliRun.of((command + " --model " + model + " -tp 3").split(" "));

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err())
                .startsWith("sluice: --tensor-parallel-size 3 can't spread 4 query heads")
                .contains("and a vocabulary of ")
                .contains("the sizes that work are 1, 2.");
        assertThat(run.err().lines()).hasSize(1);
    }
}
