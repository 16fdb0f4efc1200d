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
                    100_000_000,
                    50e9,
                    OptionalDouble.of(900e9),
                    0.25,
                    OptionalLong.of(200_000_000),
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
                                    OptionalDouble.of(450))));

    @Test
    void putsEachFigureBesideItsLimit() {
        assertThat(REPORT.toTable())
                .contains("memory bandwidth  50.0 GB/s")
                .contains("arithmetic peak   900 GFLOP/s")
                .contains("peak memory       200 MB")
                .containsPattern("decode, 1 sequence +400\\.0 +500\\.0 +80 % +- +tokens/s")
                .containsPattern("prefill, 128 tokens +2000\\.0 +- +- +450 +tokens/s");
    }

    @Test
    void saysTheSameInJson() {
        JsonObject json = new JsonObject(REPORT.toJson());

        assertThat(json.getDouble("memory_bandwidth_bytes_per_second")).isEqualTo(50e9);
        assertThat(json.getLong("peak_rss_bytes")).isEqualTo(200_000_000);
        assertThat(json.getDouble("arithmetic_peak_operations_per_second")).isEqualTo(900e9);
        assertThat(json.getJsonArray("results").getJsonObject(0).getMap())
                .containsEntry("name", "decode_1")
                .containsEntry("value", 400.0)
                .containsEntry("limit", 500.0)
                .doesNotContainKey("gigaflops");
    }
}
