package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

final class BenchReportTest {
    private static final BenchReport REPORT =
            new BenchReport(
                    "tiny",
                    "cpu (java, 2 threads)",
                    50e9,
                    OptionalDouble.of(900e9),
                    0.25,
                    new BenchReport.Memory(100_000_000, 7_000_000, OptionalLong.of(200_000_000)),
                    List.of(
                            new BenchReport.Row(
                                    "decode_1",
                                    "decode, 1 sequence",
                                    "tokens/s",
                                    400,
                                    OptionalDouble.of(500),
                                    OptionalDouble.empty()),
                            new BenchReport.Row(
                                    "prefill_128",
                                    "prefill, 128 tokens",
                                    "tokens/s",
                                    2000,
                                    OptionalDouble.empty(),
                                    OptionalDouble.of(450)),
                            new BenchReport.Row(
                                    "time_to_first_token_128",
                                    "first token after 128",
                                    "ms",
                                    64,
                                    OptionalDouble.of(48),
                                    OptionalDouble.empty())));

    @Test
    void putsEachFigureBesideItsLimit() {
        assertThat(REPORT.toTable())
                .contains("memory bandwidth  50.0 GB/s")
                .contains("arithmetic peak   900 GFLOP/s")
                .contains("peak memory       200 MB")
                .contains("memory rule       357 MB: 100 MB of weights, 7 MB of touched")
                .containsPattern("first token after 128 +64\\.0 +48\\.0 +75 % +- +ms")
                .containsPattern("decode, 1 sequence +400\\.0 +500\\.0 +80 % +- +tokens/s")
                .containsPattern("prefill, 128 tokens +2000\\.0 +- +- +450 +tokens/s");
    }

    @Test
    void saysTheSameInJson() {
        JsonObject json = new JsonObject(REPORT.toJson());

        assertThat(json.getDouble("memory_bandwidth_bytes_per_second")).isEqualTo(50e9);
        assertThat(json.getLong("peak_rss_bytes")).isEqualTo(200_000_000);
        assertThat(json.getLong("touched_kv_bytes")).isEqualTo(7_000_000);
        assertThat(json.getLong("memory_rule_bytes")).isEqualTo(357_000_000);
        assertThat(json.getDouble("arithmetic_peak_operations_per_second")).isEqualTo(900e9);
        assertThat(json.getJsonArray("results").getJsonObject(0).getMap())
                .containsEntry("name", "decode_1")
                .containsEntry("value", 400.0)
                .containsEntry("limit", 500.0)
                .doesNotContainKey("gigaflops");
    }
}
