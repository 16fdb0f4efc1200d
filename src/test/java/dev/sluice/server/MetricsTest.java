package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;

import org.junit.jupiter.api.Test;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

class MetricsTest {
    private static final String HELLO =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"say:Hello!\"}],\"temperature\":0}";

    /// Series and their values, as a scraper reads them.
    private static Map<String, Double> scrape(ParrotServer server) {
        String text = server.get("/metrics").body();
        Map<String, Double> series = new HashMap<>();
        Set<String> typed = new HashSet<>();
        for (String line : text.lines().toList()) {
            if (line.startsWith("# TYPE ")) {
                assertThat(typed.add(line.split(" ", -1)[2])).as("twice: %s", line).isTrue();
            } else if (!line.startsWith("#")) {
                int space = line.lastIndexOf(' ');
                String name = line.substring(0, space);
                assertThat(name).matches("sluice_[a-z0-9_]+(\\{.*\\})?");
                assertThat(series.put(name, Double.valueOf(line.substring(space + 1))))
                        .as("twice: %s", name)
                        .isNull();
            }
        }
        return series;
    }

    @Test
    void countsWhatWasServed() {
        try (ParrotServer server = ParrotServer.start()) {
            for (int i = 0; i < 3; i++) {
                server.post("/v1/chat/completions", HELLO);
            }
            server.post("/v1/chat/completions", "{");
            server.get("/v1/models");
            server.get("/no/such/path");

            Map<String, Double> series = scrape(server);

            assertThat(series)
                    .containsEntry("sluice_requests_number_total", 3.0)
                    .containsEntry("sluice_request_success_total", 3.0)
                    .containsEntry("sluice_generation_tokens_total", 21.0)
                    .containsEntry("sluice_num_requests_running", 0.0)
                    .containsEntry("sluice_num_requests_waiting", 0.0)
                    .containsEntry("sluice_max_batch_size", 8.0)
                    .containsEntry("sluice_gpu_cache_usage_perc", 0.0)
                    .containsEntry("sluice_max_gpu_block_num", 256.0)
                    .containsEntry("sluice_time_to_first_token_seconds_count", 3.0)
                    .containsEntry("sluice_request_generation_tokens_sum", 21.0)
                    .containsEntry(
                            "sluice_cache_config_info{block_size=\"16\",total_block_num=\"256\""
                                    + ",max_model_len=\"512\"}",
                            1.0)
                    .containsEntry(
                            "sluice_http_requests_total{method=\"POST\""
                                    + ",path=\"/v1/chat/completions\",status_code=\"200\"}",
                            3.0)
                    .containsEntry(
                            "sluice_http_requests_total{method=\"POST\""
                                    + ",path=\"/v1/chat/completions\",status_code=\"400\"}",
                            1.0)
                    .containsEntry(
                            "sluice_http_requests_total{method=\"GET\",path=\"other\""
                                    + ",status_code=\"404\"}",
                            1.0)
                    .containsEntry(
                            "sluice_http_request_duration_seconds_count{method=\"POST\""
                                    + ",path=\"/v1/chat/completions\"}",
                            4.0);
        }
    }

    @Test
    void bucketsGrowToTheCount() {
        try (ParrotServer server = ParrotServer.start()) {
            server.post("/v1/chat/completions", HELLO);

            Map<String, Double> series = scrape(server);

            String name = "sluice_e2e_request_latency_seconds";
            List<Double> buckets =
                    series.entrySet().stream()
                            .filter(e -> e.getKey().startsWith(name + "_bucket"))
                            .map(Map.Entry::getValue)
                            .sorted()
                            .toList();
            assertThat(buckets).hasSize(23).endsWith(1.0);
            assertThat(series).containsEntry(name + "_bucket{le=\"+Inf\"}", 1.0);
        }
    }
}
