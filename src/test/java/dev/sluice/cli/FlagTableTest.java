package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

final class FlagTableTest {

    @ParameterizedTest
    @MethodSource("dev.sluice.cli.FlagTable#rows")
    void everyFlagDoesWhatTheContractSays(FlagTable.Row row) {
        ServeRun run = ServeRun.of(row.array());

        switch (row.kind()) {
            case WORKS -> {
                assertThat(ForeignFlags.judge(run.parsed())).isEmpty();
                assertThat(run.plan()).isNotNull();
            }
            case ACCEPTED -> {
                assertThat(ForeignFlags.judge(run.parsed()))
                        .singleElement()
                        .asString()
                        .startsWith(row.flag() + " ");
                assertThat(run.plan()).isNotNull();
            }
            case REFUSED ->
                    assertThatThrownBy(() -> ForeignFlags.judge(run.parsed()))
                            .isInstanceOf(Refusal.class)
                            .hasMessageStartingWith(row.flag() + " is not supported: ");
        }
    }
}
