package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.embed.DeviceKind;
import dev.sluice.openai.RequestLimits;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

final class FlagSourcesTest {
    @TempDir private Path directory;

    private String file(String yaml) throws IOException {
        return Files.writeString(directory.resolve("sluice.yaml"), yaml).toString();
    }

    @Test
    void readsFlagsFromAFile() throws IOException {
        String file =
                file(
                        """
                        model: some/model
                        max_model_len: 4096
                        max-num-seqs: 3   # dashes or underscores
                        enable-logprob: true
                        lm_head-fp32: false
                        logits-processors: [LogitBiasLogitsProcessor, com.acme.Own]
                        default-chat-template-kwargs: {enable_thinking: false}
                        device: cpu
                        served-model-name:
                        """);

        ServePlan plan = ServeRun.of("--config", file).plan();

        assertThat(plan.engine().model()).contains("some/model");
        assertThat(plan.engine().batch().maxModelLen()).hasValue(4096);
        assertThat(plan.engine().batch().maxNumSeqs()).isEqualTo(3);
        assertThat(plan.engine().overrides().float32Head()).isFalse();
        assertThat(plan.engine().compute().device()).isEqualTo(DeviceKind.CPU);
        assertThat(plan.api().logprobsEnabled()).isTrue();
        assertThat(plan.api().logitsProcessors())
                .containsExactly("LogitBiasLogitsProcessor", "com.acme.Own");
        assertThat(plan.api().defaultTemplateVariables()).containsEntry("enable_thinking", false);
        assertThat(plan.servedModelName()).isEmpty();
    }

    @Test
    void takesValuesAsTheyAreWritten() throws IOException {
        String file =
                file("{api-key: [0123, 1e5], served-model-name: 1.10, model: a/b, revision: 12e7}");

        ServeRun run = ServeRun.of("--config", file);

        assertThat(keys(run)).containsExactly("0123", "1e5");
        assertThat(run.plan().servedModelName()).contains("1.10");
        assertThat(run.plan().engine().revision()).isEqualTo("12e7");
    }

    @ParameterizedTest
    @CsvSource({
        "no-enable-prefix-caching: true, SLUICE_ENABLE_PREFIX_CACHING, true, '', true",
        "enable-prefix-caching: true, SLUICE_NO_ENABLE_PREFIX_CACHING, true, '', false",
        "enable-prefix-caching: false, SLUICE_NO_ENABLE_PREFIX_CACHING, false, '', true",
        "{}, SLUICE_NO_ENABLE_PREFIX_CACHING, true, --enable-prefix-caching, true",
        "{}, SLUICE_ENABLE_PREFIX_CACHING, true, --no-enable-prefix-caching, false",
        "{}, SLUICE_NO_ENABLE_PREFIX_CACHING, true, '', false",
    })
    void aFlagAndItsOppositeAreOne(
            String yaml, String variable, String value, String typed, boolean on)
            throws IOException {
        String[] flags =
                Stream.of("--config", file(yaml), typed)
                        .filter(flag -> !flag.isEmpty())
                        .toArray(String[]::new);

        ServePlan plan = ServeRun.in(Map.of(variable, value), flags).plan();

        assertThat(plan.engine().batch().prefixCaching()).isEqualTo(on);
        assertThat(plan.server().settings())
                .containsEntry("enable_prefix_caching", on)
                .containsEntry("no_enable_prefix_caching", !on);
    }

    @ParameterizedTest
    @CsvSource({
        "1, '', debug",
        "1, --log-level=info, info",
        "1, --log-level=error, error",
        "0, '', info",
    })
    void fastDeploysVariableForDebuggingYieldsToTheFlag(String debug, String typed, String level) {
        String[] flags = typed.isEmpty() ? new String[0] : new String[] {typed};

        ServePlan plan = ServeRun.in(Map.of("FD_DEBUG", debug), flags).plan();

        assertThat(plan.server().settings()).containsEntry("log_level", level);
    }

    @ParameterizedTest
    @CsvSource({
        "{},'', true",
        "{},--no-enable-prefix-caching, false",
        "{},--enable-prefix-caching, true",
        "{enable-prefix-caching: false},'', false",
        "{no_enable_prefix_caching: true},'', false",
        "{enable-prefix-caching: false},--enable-prefix-caching, true",
        "{enable-prefix-caching: true},--no-enable-prefix-caching, false",
    })
    void prefixCachingIsOnUnlessItIsTurnedOff(String yaml, String typed, boolean on)
            throws IOException {
        String[] flags =
                Stream.of("--config", file(yaml), typed)
                        .filter(flag -> !flag.isEmpty())
                        .toArray(String[]::new);

        ServePlan plan = ServeRun.of(flags).plan();

        assertThat(plan.engine().batch().prefixCaching()).isEqualTo(on);
    }

    @Test
    void theOperatorSaysHowManyChoicesARequestMayHave() {
        assertThat(ServeRun.of().plan().api().limits()).isEqualTo(RequestLimits.DEFAULT);
        RequestLimits few = ServeRun.of("--max-choices", "2").plan().api().limits();
        assertThat(few.maxChoices()).isEqualTo(2);
        assertThat(few.maxSequences()).isEqualTo(RequestLimits.DEFAULT.maxSequences());
        RequestLimits many = ServeRun.of("--max-choices", "3000").plan().api().limits();
        assertThat(many.maxChoices()).isEqualTo(3000);
        assertThat(many.maxSequences()).isEqualTo(3000);
    }

    @Test
    void theCommandLineWinsOverTheEnvironmentAndThatOverTheFile() throws IOException {
        String file = file("{port: 1, max-num-seqs: 2, block-size: 16, api-key: [a, b]}");
        Map<String, String> environment =
                Map.of(
                        "SLUICE_CONFIG", file,
                        "SLUICE_PORT", "11",
                        "SLUICE_MAX_NUM_SEQS", "12",
                        "FD_API_KEY", "c, d");

        ServePlan plan = ServeRun.in(environment, "--port", "21").plan();

        assertThat(plan.server().port()).isEqualTo(21);
        assertThat(plan.engine().batch().maxNumSeqs()).isEqualTo(12);
        assertThat(plan.engine().batch().blockSize()).isEqualTo(16);
        assertThat(plan.server().access().apiKeys()).containsExactly("c", "d");
    }

    @Test
    void keysOfTheCommandLineReplaceThoseOfTheEnvironment() {
        Map<String, String> environment = Map.of("FD_API_KEY", "k3", "SLUICE_API_KEY", "k4");

        assertThat(keys(ServeRun.in(environment, "--api-key", "k1", "k2", "--api-key", "k5")))
                .containsExactly("k1", "k2", "k5");
        assertThat(keys(ServeRun.in(environment))).containsExactly("k4");
        assertThat(keys(ServeRun.in(Map.of("FD_API_KEY", ",")))).isEmpty();
    }

    @Test
    void anEmptyKeyOfTheCommandLineReplacesNone() {
        Map<String, String> environment = Map.of("FD_API_KEY", "k3");

        assertThat(keys(ServeRun.in(environment, "--api-key", ""))).containsExactly("k3");
        assertThat(keys(ServeRun.in(environment, "--api-key="))).containsExactly("k3");
        assertThat(keys(ServeRun.in(environment, "--api-key", "", "k1"))).containsExactly("k1");
        assertThat(keys(ServeRun.in(environment, "--api-key=", "--port=1", "--api-key=k1")))
                .containsExactly("k1");
        assertThat(keys(ServeRun.in(environment, "--api-key", "-k2"))).containsExactly("-k2");
        assertThat(keys(ServeRun.in(environment, "--api-key", "", "-k2"))).containsExactly("-k2");
        assertThat(keys(ServeRun.of("--api-key", ""))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "~", "null", "Null", "NULL", "[~]", "[Null, '']"})
    void nullIsNoKey(String value) throws IOException {
        assertThat(keys(ServeRun.of("--config", file("api-key: " + value)))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"'~'", "\"~\"", "!!str ~", "[~, '~']", "# \ud83d\ude00\n  '~'"})
    void whatIsQuotedIsNotNull(String value) throws IOException {
        assertThat(keys(ServeRun.of("--config", file("api-key: " + value)))).containsExactly("~");
    }

    @Test
    void nullsInsideValuesAreNulls() throws IOException {
        String file = file("default-chat-template-kwargs: {a: ~, b: [Null, '~'], c: 1}");

        assertThat(ConfigFile.read(file).get("default-chat-template-kwargs"))
                .containsExactly("{\"a\":null,\"b\":[null,\"~\"],\"c\":1}");
    }

    private static List<String> keys(ServeRun run) {
        return run.plan().server().access().apiKeys();
    }

    @ParameterizedTest
    @CsvSource({"true, true", "1, true", "Yes, true", "false, false", "0, false"})
    void aSwitchIsYesOrNo(String value, boolean on) {
        ServeRun run = ServeRun.in(Map.of("SLUICE_ENABLE_LOGPROB", value));

        assertThat(run.plan().api().logprobsEnabled()).isEqualTo(on);
    }

    @Test
    void foreignFlagsMayComeFromAFileToo() throws IOException {
        ServeRun run = ServeRun.of("--config", file("swap_space: 4"));

        assertThat(ForeignFlags.judge(run.parsed())).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "max-modl-len: 1 | has the unknown key max-modl-len; the nearest flag is --max-model-len",
                "enable-logprob: maybe | sluice.yaml must be true or false and is maybe",
                "'{served-model-name: &a foo, api-key: [*a]}' | has the alias *a; write out",
                "'{default-chat-template-kwargs: &k {a: 1}, model: {b: *k}}' | has the alias *k;",
                "'[1, 2]' | must hold keys and values",
                "'{' | is no YAML",
                "'{port: 1, port: 2}' | is no YAML",
                "'{port: 1}\n---\n{port: 2}' | must hold one document.",
                "'{ssl-certfile: \"\\0\", ssl-keyfile: a}' | can't be read",
                "'{max-model-len: 9, max_model_len: 9}' | has max-model-len twice",
                "config: other.yaml | has the unknown key config",
                "max-model-len: 1_024 | must be a whole number in decimal digits (2147483647 at most) and is 1_024",
                "port: many | sluice.yaml must be a whole number in decimal digits (2147483647 at most) and is many",
                "log-level: foo | sluice.yaml must be error, warn, info or debug and is foo.",
                "cors-origin: foo | sluice.yaml must be *, or an origin such as",
                "served-model-name: '' | sluice.yaml must not be empty.",
                "'port: [8000, 9000]' | sluice.yaml must be one value and is 8000, 9000.",
                "'enable-logprob: [true, false]' | must be one value and is true, false.",
                "threads: 100000 | must be in [1, 1,024] and is 100000.",
                "port: 70000 | sluice.yaml must be at most 65535 and is 70000",
            })
    void refusesAFileInOneSentence(String yaml, String said) throws IOException {
        CliRun run = CliRun.of("serve", "--config", file(yaml));

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("sluice: ").contains(said);
        assertThat(run.err().lines().filter(line -> !line.startsWith("See: "))).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "SLUICE_PORT, tcp://1, SLUICE_PORT must be a whole number in decimal digits (2147483647 at most) and is tcp://1.",
        "SLUICE_PORT, 70000, SLUICE_PORT must be at most 65535 and is 70000.",
        "SLUICE_QUANTIZATION, int3, SLUICE_QUANTIZATION must be wint8 or wint4 and is int3.",
        "SLUICE_LOG_LEVEL, foo, 'SLUICE_LOG_LEVEL must be error, warn, info or debug and is foo.'",
        "SLUICE_TIMEOUT_GRACEFUL_SHUTDOWN, -1, SLUICE_TIMEOUT_GRACEFUL_SHUTDOWN must be at least 0.",
        "SLUICE_ENABLE_LOGPROB, maybe, SLUICE_ENABLE_LOGPROB must be true or false and is maybe.",
    })
    void namesTheVariableThatIsWrong(String variable, String value, String said) {
        CliRun run = CliRun.in(Map.of(variable, value), "serve");

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).startsWith("sluice: " + said);
    }

    @Test
    void aFileThatIsNoTextIsRefused() throws IOException {
        Path file = Files.write(directory.resolve("latin.yaml"), new byte[] {'a', (byte) 0xe4});

        CliRun run = CliRun.of("serve", "--config", file.toString());

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err()).endsWith("latin.yaml can't be read: it is not UTF-8.\n");
    }

    @Test
    void leavesOtherCommandsAlone() {
        assertThat(CliRun.in(Map.of("SLUICE_CONFIG", "no/such"), "--version").exit()).isZero();
        for (String help : List.of("--help", "-h", "--version")) {
            assertThat(CliRun.in(Map.of("SLUICE_CONFIG", "no/such"), "serve", help).exit())
                    .isZero();
        }
    }

    @Test
    void aFolderForLogsIsMadeOrRefused() throws IOException {
        Path wanted = directory.resolve("a/b");
        assertThat(logsTo(wanted).logDirectory()).contains(wanted.toString());
        assertThat(wanted).isDirectory();

        Path file = Files.writeString(directory.resolve("file"), "");
        assertThatThrownBy(() -> logsTo(file).logDirectory())
                .isInstanceOf(Refusal.class)
                .hasMessage("FD_LOG_DIR: " + file + " can't be written to.");
        Files.createDirectory(wanted.resolve("sluice.log"));
        assertThatThrownBy(() -> logsTo(wanted).logDirectory()).isInstanceOf(Refusal.class);
    }

    private static FastDeployVariables logsTo(Path directory) {
        return new FastDeployVariables(Map.of("FD_LOG_DIR", directory.toString()));
    }

    @Test
    void honoursTheVariablesOfFastDeploy() {
        Map<String, String> environment =
                Map.of(
                        "FD_DISABLED_RECOVER", "1",
                        "FD_SUPPORT_MAX_CONNECTIONS", "7",
                        "FD_MAX_STOP_SEQS_NUM", "2",
                        "FD_SAMPLING_CLASS", "rejection");

        ServePlan plan = ServeRun.in(environment, "--max-waiting-time", "0.5").plan();

        assertThat(plan.engine().batch().recompute()).isFalse();
        assertThat(plan.server().admission().maxActive()).isEqualTo(7);
        assertThat(plan.server().admission().maxWaiting().map(d -> d.toMillis())).contains(500L);
        assertThat(plan.api().limits().maxStopSequences()).isEqualTo(2);
        assertThat(new FastDeployVariables(environment).lines())
                .containsExactly(
                        "FD_SAMPLING_CLASS has no effect: there is one way to draw tokens");
    }

    @ParameterizedTest
    @CsvSource({"FD_MAX_STOP_SEQS_NUM,many", "FD_STOP_SEQS_MAX_LEN,-1"})
    void saysWhichVariableOfFastDeployIsNoNumber(String name, String value) {
        CliRun run = CliRun.in(Map.of(name, value), "serve", "--port", "0");

        assertThat(run.exit()).isEqualTo(2);
        assertThat(run.err())
                .startsWith(
                        "sluice: %s must be a whole number of 0 or more, at most 999999999, and is %s."
                                .formatted(name, value));
    }

    @Test
    void tellsItsSettingsWithoutSecrets() {
        Map<String, String> environment =
                Map.of("FD_API_KEY", "s3cret", "SLUICE_BLOCK_SIZE", "16", "FD_DEBUG", "0");

        Map<String, Object> settings =
                ServeRun.in(environment, "--api-key", "t0psecret", "--swap-space", "4")
                        .plan()
                        .server()
                        .settings();

        assertThat(settings)
                .containsEntry("block_size", 16)
                .containsEntry("port", 8188)
                .containsEntry("logprobs_mode", "raw_logprobs")
                .containsEntry("swap_space", "4")
                .containsEntry("api_key", "1 hidden")
                .containsEntry("max_num_batched_tokens", 512)
                .containsEntry("scheduler_max_size", 4096)
                .containsEntry("max_request_bytes", 8L << 20)
                .containsEntry("env_config", Map.of("SLUICE_BLOCK_SIZE", "16", "FD_DEBUG", "0"));
        assertThat(settings.toString()).doesNotContain("s3cret", "t0psecret");
        assertThat(ServeRun.of().plan().servedModelName()).isEqualTo(Optional.empty());
    }
}
