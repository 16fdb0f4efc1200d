package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.util.List;

final class ForeignFlagsTest {

    @Test
    void saysALineForEachFlagThatDoesNothing() {
        List<String> lines = judge("--enable-eplb", "--swap-space", "4", "--workers=2");

        assertThat(lines).hasSize(3);
        assertThat(lines).allSatisfy(line -> assertThat(line).contains(" has no effect: "));
    }

    @Test
    void takesTheStartCommandOfFastDeployWithoutAWord() {
        List<String> lines =
                judge(
                        "--model=baidu/ERNIE-4.5-0.3B-Paddle",
                        "--port=8188",
                        "--tensor-parallel-size=8",
                        "--max-model-len=32768",
                        "--enable-logprob");

        assertThat(lines).isEmpty();
    }

    @Test
    void saysOfAFlagThatAsksForWhatHappensAnyway() {
        assertThat(judge("--data-parallel-size", "1", "--splitwise-role", "MIXED"))
                .containsExactlyInAnyOrder(
                        "--data-parallel-size 1 is what happens anyway",
                        "--splitwise-role MIXED is what happens anyway");
        assertThat(judge("--ips", "10.0.0.1")).hasSize(1);
    }

    @Test
    void refusesAFlagThatWouldChangeAnswers() {
        assertThatThrownBy(() -> judge("--splitwise-role", "prefill"))
                .isInstanceOf(Refusal.class)
                .hasMessageStartingWith("--splitwise-role");
        assertThatThrownBy(() -> judge("--ips", "10.0.0.1", "10.0.0.2"))
                .isInstanceOf(Refusal.class);
    }

    @Test
    void hearsWhetherAGpuMayUseGraphs() {
        String flag = "--graph-optimization-config";

        assertThat(ServeRun.of().plan().engine().compute().gpu().eager()).isFalse();
        assertThat(
                        ServeRun.of(flag, "{\"use_cudagraph\":true,\"graph_opt_level\":0}")
                                .plan()
                                .engine()
                                .compute()
                                .gpu()
                                .eager())
                .isFalse();
        assertThat(
                        ServeRun.of(flag, "{\"use_cudagraph\":false}")
                                .plan()
                                .engine()
                                .compute()
                                .gpu()
                                .eager())
                .isTrue();
        assertThatThrownBy(() -> ServeRun.of(flag, "no").plan()).isInstanceOf(Refusal.class);
    }

    @Test
    void hidesTheFlagsFromTheHelp() {
        assertThat(CliRun.of("serve", "--help").out()).doesNotContain("--swap-space");
    }

    private static List<String> judge(String... flags) {
        return ForeignFlags.judge(ServeRun.of(flags).parsed());
    }
}
