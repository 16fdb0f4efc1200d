package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

final class LaterFlagsTest {

    @Test
    void saysALineForEachFlagThatDoesNothing() {
        List<String> lines = judge("--enable-prefix-caching", "--swap-space", "4", "--workers=2");

        assertThat(lines).hasSize(3);
        assertThat(lines).allSatisfy(line -> assertThat(line).contains(" has no effect: "));
    }

    @Test
    void acceptsTheFlagsOfTheStartCommandOfFastDeploy() {
        List<String> lines =
                judge(
                        "--model=baidu/ERNIE-4.5-0.3B-Paddle",
                        "--port=8188",
                        "--tensor-parallel-size=8",
                        "--max-model-len=32768",
                        "--enable-logprob");

        assertThat(lines).singleElement().asString().startsWith("--enable-logprob has no effect");
    }

    @Test
    void saysNothingOfAFlagThatAsksForWhatHappensAnyway() {
        assertThat(judge("--data-parallel-size", "1", "--splitwise-role", "MIXED")).isEmpty();
        assertThat(judge("--max-waiting-time", "-1", "--runner", "auto")).isEmpty();
    }

    @Test
    void refusesAFlagThatWouldChangeAnswers() {
        assertThatThrownBy(() -> judge("--logits-processors", "LogitBias", "Other"))
                .isInstanceOf(Refusal.class)
                .hasMessage(
                        "--logits-processors is not supported: there are no processors yet;"
                                + " start without the flag.");
    }

    @Test
    void hidesTheFlagsFromTheHelp() {
        assertThat(CliRun.of("serve", "--help").out()).doesNotContain("--swap-space");
    }

    private static List<String> judge(String... flags) {
        List<String> args = new ArrayList<>(List.of(flags));
        args.addFirst("serve");
        return LaterFlags.judge(
                Main.commandLine().parseArgs(args.toArray(String[]::new)).subcommand());
    }
}
