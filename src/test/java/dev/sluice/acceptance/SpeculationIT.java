package dev.sluice.acceptance;

import static dev.sluice.testing.ApiClient.ids;
import static dev.sluice.testing.ApiClient.prompt;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.testing.ApiClient;
import dev.sluice.testing.ApiClient.Reply;
import dev.sluice.testing.Check;
import dev.sluice.testing.PrometheusText;
import dev.sluice.testing.SluiceServer;

import io.vertx.core.json.JsonObject;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/// Tokens guessed ahead by the finished server with its default model.
class SpeculationIT {
    private static final String TEXT =
            "id=1 name=apple\nid=2 name=pear\nid=3 name=plum\n".repeat(3) + "id=1 name=";

    private static JsonObject request(double temperature) {
        return prompt(TEXT)
                .put("temperature", temperature)
                .put("seed", 7)
                .put("max_tokens", 48)
                .put("return_token_ids", true)
                .put("logprobs", 2)
                .put("include_draft_logprobs", true)
                .put("collect_metrics", true);
    }

    private static List<Reply> replies(ApiClient api) {
        List<Reply> replies = new ArrayList<>();
        for (double temperature : new double[] {0, 1}) {
            replies.add(api.complete(request(temperature)));
        }
        return replies;
    }

    @Test
    @Check(69)
    void answersAreTheSameAndTellOfTheirGuesses() {
        List<Reply> plain;
        try (SluiceServer server =
                        SluiceServer.start("--max-model-len", "512", "--enable-logprob");
                ApiClient api = new ApiClient(server.url())) {
            plain = replies(api);
            assertThat(api.get("/metrics").body()).doesNotContain("spec_decode");
        }
        List<Reply> guessed;
        PrometheusText metrics;
        try (SluiceServer server =
                        SluiceServer.start(
                                "--max-model-len",
                                "512",
                                "--enable-logprob",
                                "--speculative-config",
                                "{\"method\":\"ngram\",\"num_speculative_tokens\":4}");
                ApiClient api = new ApiClient(server.url())) {
            guessed = replies(api);
            metrics = PrometheusText.parse(api.get("/metrics").body());
        }

        for (int i = 0; i < plain.size(); i++) {
            JsonObject before = plain.get(i).choice();
            JsonObject after = guessed.get(i).choice();
            assertThat(ids(after, "completion_token_ids"))
                    .isEqualTo(ids(before, "completion_token_ids"));
            assertThat(after.getString("text")).isEqualTo(before.getString("text"));
            assertThat(after.getJsonObject("logprobs")).isEqualTo(before.getJsonObject("logprobs"));
            assertThat(before.getValue("draft_logprobs")).isNull();
            assertThat(before.getValue("speculate_metrics")).isNull();
        }
        JsonObject greedy = guessed.getFirst().choice();
        JsonObject told = greedy.getJsonObject("speculate_metrics");
        assertThat(told.getInteger("accepted_tokens")).isPositive();
        assertThat(greedy.getJsonObject("draft_logprobs").getJsonArray("tokens"))
                .hasSizeGreaterThanOrEqualTo(told.getInteger("accepted_tokens"));
        assertThat(metrics.value("sluice_spec_decode_num_accepted_tokens_total"))
                .isGreaterThanOrEqualTo(told.getInteger("accepted_tokens"));
        assertThat(metrics.value("sluice_spec_decode_draft_acceptance_rate")).isBetween(0.0, 1.0);
        assertThat(metrics.value("sluice_spec_decode_efficiency")).isBetween(0.0, 1.0);
        for (String more :
                List.of(
                        "num_emitted_tokens_total",
                        "num_draft_tokens_total",
                        "draft_single_head_acceptance_rate_0")) {
            assertThat(metrics.value("sluice_spec_decode_" + more)).as(more).isPositive();
        }
    }
}
