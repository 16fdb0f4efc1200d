package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

final class RepeatedFlagsTest {

    @ParameterizedTest
    @ValueSource(strings = {"serve", "chat", "generate", "bench", "pull", "doctor", "rehearse"})
    void theLastOneCountsAndAllOthersStay(String command) {
        List<OptionSpec> options = options(command);

        for (OptionSpec option : options) {
            if (!option.isMultiValue()) {
                List<String> first = given(option, option.names()[0], 0);
                List<String> last = given(option, option.longestName(), 1);
                List<OptionSpec> others =
                        options.stream().filter(other -> !other.equals(option)).toList();
                List<String> some = given(others.subList(0, others.size() / 2));
                List<String> rest = given(others.subList(others.size() / 2, others.size()));

                assertThat(values(command, first, some, rest, last))
                        .as(option.longestName() + " around all others")
                        .isEqualTo(values(command, some, rest, last));
                assertThat(values(command, some, first, last, rest))
                        .as(option.longestName() + " between all others")
                        .isEqualTo(values(command, some, last, rest));
                assertThat(values(command, some, first, rest, last, last))
                        .as(option.longestName() + " three times")
                        .isEqualTo(values(command, some, rest, last));
            }
        }
    }

    private static List<OptionSpec> options(String command) {
        return parsed(List.of(command)).commandSpec().options().stream()
                .filter(option -> !option.usageHelp() && !option.versionHelp())
                .toList();
    }

    private static CommandLine.ParseResult parsed(List<String> args) {
        return Main.commandLine(Map.of()).parseArgs(args.toArray(String[]::new)).subcommand();
    }

    private static List<String> given(List<OptionSpec> options) {
        return options.stream()
                .flatMap(option -> given(option, option.longestName(), 0).stream())
                .toList();
    }

    /// @param which of two values
    private static List<String> given(OptionSpec option, String name, int which) {
        if (option.arity().max() == 0) {
            return List.of(name);
        }
        Class<?> type = option.auxiliaryTypes()[0];
        String value = String.valueOf(which + 1);
        if (type.isEnum()) {
            value = type.getEnumConstants()[which].toString();
        } else if (option.longestName().equals("--quantization")) {
            value = which == 0 ? "wint8" : "wint4";
        }
        return which == 0 ? List.of(name, value) : List.of(name + "=" + value);
    }

    @SafeVarargs
    private static Map<String, String> values(String command, List<String>... flags) {
        List<String> args = new ArrayList<>(List.of(command));
        for (List<String> some : flags) {
            args.addAll(some);
        }
        Map<String, String> values = new TreeMap<>();
        for (OptionSpec option : parsed(args).commandSpec().options()) {
            Object value = option.getValue();
            values.put(option.longestName(), String.valueOf(value));
        }
        return values;
    }

    @Test
    void aServersKeyStaysWhereItsPortIsGivenTwice() {
        ServePlan plan =
                ServeRun.of("--api-key", "k1", "--port", "1", "--api-key=k2", "--port=2").plan();

        assertThat(plan.server().access().apiKeys()).containsExactly("k1", "k2");
        assertThat(plan.server().port()).isEqualTo(2);
    }

    @Test
    void variablesStayWhereAFlagIsGivenTwice() {
        Map<String, String> environment = Map.of("FD_API_KEY", "k1", "SLUICE_BLOCK_SIZE", "16");

        ServePlan plan =
                ServeRun.in(environment, "--max-num-seqs", "3", "--max_num_seqs=4", "--port", "1")
                        .plan();

        assertThat(plan.server().access().apiKeys()).containsExactly("k1");
        assertThat(plan.engine().batch().blockSize()).isEqualTo(16);
        assertThat(plan.engine().batch().maxNumSeqs()).isEqualTo(4);
        assertThat(plan.server().port()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "--enable-prefix-caching --no-enable-prefix-caching, false",
        "--no-enable-prefix-caching --port 1 --enable-prefix-caching, true",
        "--enable-prefix-caching --no-enable-prefix-caching --enable-prefix-caching, true",
    })
    void theLastOfAFlagAndItsOppositeCounts(String flags, boolean on) {
        ServePlan plan = ServeRun.of(flags.split(" ")).plan();

        assertThat(plan.engine().batch().prefixCaching()).isEqualTo(on);
    }

    @Test
    void theLastValueOfAForeignFlagCounts() {
        ServeRun run =
                ServeRun.of(
                        "--splitwise-role=prefill",
                        "--splitwise-role=mixed",
                        "--graph-optimization-config={\"use_cudagraph\":false}",
                        "--graph-optimization-config={\"use_cudagraph\":true}");

        assertThat(ForeignFlags.judge(run.parsed()))
                .contains("--splitwise-role mixed is what happens anyway");
        assertThat(run.plan().engine().compute().gpu().eager()).isFalse();
    }

    @Test
    void nothingIsSaidOfAFlagThatIsGivenTwice() {
        CliRun run = CliRun.of("bench", "--runs", "3", "--runs", "0");

        assertThat(run.err()).isEqualTo("sluice: --runs must be at least 1 and is 0.\n");
    }
}
