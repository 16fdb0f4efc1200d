package dev.sluice.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ParrotServer;
import dev.sluice.testing.PrometheusText;
import dev.sluice.testing.RawConnection;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

class MetricsTest {
    private static final String HELLO =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"say:Hello!\"}],\"temperature\":0}";

    private static Map<String, Double> scrape(ParrotServer server) {
        return PrometheusText.parse(server.get("/metrics").body()).series();
    }

    @Test
    void aRequestWhoseClientLeftBeforeTheAnswerHasAStatusOfItsOwn() {
        try (ParrotServer server = ParrotServer.start()) {
            try (RawConnection client = new RawConnection(server.port())) {
                client.write(
                        "POST /tokenize HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n{"
                                .getBytes(StandardCharsets.US_ASCII));
                client.readUntil("100 Continue").reset();
            }

            String given = "{method=\"POST\",path=\"/tokenize\",status_code=\"499\"}";
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (!scrape(server).containsKey("sluice_http_requests_total" + given)) {
                assertThat(System.nanoTime()).isLessThan(deadline);
            }
        }
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
                                    + ",enable_prefix_caching=\"true\",max_model_len=\"512\"}",
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

    /// FastDeploy's names as the API contract lists them.
    private static final List<String> NAMES =
            List.of(
                    "requests_number",
                    "request_success_total",
                    "num_requests_running",
                    "num_requests_waiting",
                    "time_to_first_token_seconds",
                    "time_per_output_token_seconds",
                    "e2e_request_latency_seconds",
                    "request_inference_time_seconds",
                    "request_queue_time_seconds",
                    "request_prefill_time_seconds",
                    "request_decode_time_seconds",
                    "prompt_tokens_total",
                    "generation_tokens_total",
                    "request_prompt_tokens",
                    "request_generation_tokens",
                    "request_params_max_tokens",
                    "batch_size",
                    "max_batch_size",
                    "available_batch_size",
                    "gpu_cache_usage_perc",
                    "available_gpu_resource",
                    "max_gpu_block_num",
                    "free_gpu_block_num",
                    "available_gpu_block_num",
                    "hit_req_rate",
                    "hit_token_rate",
                    "gpu_hit_token_rate",
                    "cpu_hit_token_rate",
                    "prefix_cache_token_num",
                    "prefix_gpu_cache_token_num",
                    "prefix_cpu_cache_token_num",
                    "prefix_ssd_cache_token_num",
                    "cache_config_info",
                    "send_cache_failed_num",
                    "first_token_latency",
                    "infer_latency",
                    "http_requests_total",
                    "http_request_duration_seconds");

    /// Those of speculation, which are there only with it, are looked for where it is on.
    @Test
    void everyNameOfTheContractIsThereOrSaidToBeMissing() throws IOException {
        String operations = Files.readString(Path.of("src/docs/operations.md"));
        try (ParrotServer server = ParrotServer.start()) {
            server.post("/v1/chat/completions", HELLO);

            Set<String> families =
                    PrometheusText.parse(server.get("/metrics").body()).types().keySet();

            for (String name : NAMES) {
                boolean isThere =
                        families.contains("sluice_" + name)
                                || families.contains("sluice_" + name + "_total");
                boolean isSaidToBeMissing = operations.contains("`" + name + "`");
                assertThat(isThere).as(name).isNotEqualTo(isSaidToBeMissing);
            }
        }
    }

    @Test
    void whateverClientsAskForTheSeriesStayFew() {
        try (ParrotServer server = ParrotServer.start()) {
            for (int i = 0; i < 50; i++) {
                server.get("/no/such/path" + i);
                server.get("/v1/models/model" + i);
                server.send(
                        HttpRequest.newBuilder(URI.create(server.url("/v1/completions")))
                                .method("METHOD" + i, HttpRequest.BodyPublishers.noBody())
                                .build());
            }
            server.get("/health");
            server.get("/ping");
            server.get("/load");

            List<String> counted =
                    scrape(server).keySet().stream()
                            .filter(name -> name.startsWith("sluice_http_requests_total"))
                            .toList();

            assertThat(counted)
                    .containsExactlyInAnyOrder(
                            "sluice_http_requests_total{method=\"GET\",path=\"other\""
                                    + ",status_code=\"404\"}",
                            "sluice_http_requests_total{method=\"GET\""
                                    + ",path=\"/v1/models/{id}\",status_code=\"404\"}",
                            "sluice_http_requests_total{method=\"other\""
                                    + ",path=\"/v1/completions\",status_code=\"405\"}");
        }
    }
}
