package dev.sluice.bus;

import dev.sluice.engine.StatsSnapshot;
import dev.sluice.engine.StatsSnapshot.Distribution;
import dev.sluice.engine.StatsSnapshot.PrefixCounts;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.Optional;

/// Engine statistics as JSON, for a clustered bus.
final class StatsWireForm {
    private StatsWireForm() {}

    static JsonObject toJson(StatsSnapshot stats) {
        JsonObject json = counters(stats);
        stats.drafts().ifPresent(drafts -> json.put("drafts", DraftsWireForm.toJson(drafts)));
        return json;
    }

    private static JsonObject counters(StatsSnapshot stats) {
        return new JsonObject()
                .put("requests", stats.requests())
                .put("successes", stats.successes())
                .put("cancellations", stats.cancellations())
                .put("failures", stats.failures())
                .put("preemptions", stats.preemptions())
                .put("steps", stats.steps())
                .put("prompt_tokens", stats.promptTokens())
                .put("generation_tokens", stats.generationTokens())
                .put("running", stats.running())
                .put("waiting", stats.waiting())
                .put("max_num_seqs", stats.maxNumSeqs())
                .put("blocks_total", stats.blocksTotal())
                .put("blocks_free", stats.blocksFree())
                .put("prefixes", toJson(stats.prefixes()))
                .put("time_to_first_token", toJson(stats.timeToFirstToken()))
                .put("time_per_output_token", toJson(stats.timePerOutputToken()))
                .put("end_to_end", toJson(stats.endToEnd()))
                .put("queue_time", toJson(stats.queueTime()))
                .put("inference_time", toJson(stats.inferenceTime()))
                .put("prefill_time", toJson(stats.prefillTime()))
                .put("decode_time", toJson(stats.decodeTime()))
                .put("request_prompt_tokens", toJson(stats.requestPromptTokens()))
                .put("request_generation_tokens", toJson(stats.requestGenerationTokens()))
                .put("request_max_tokens", toJson(stats.requestMaxTokens()));
    }

    static StatsSnapshot toStats(JsonObject json) {
        return new StatsSnapshot(
                json.getLong("requests"),
                json.getLong("successes"),
                json.getLong("cancellations"),
                json.getLong("failures"),
                json.getLong("preemptions"),
                json.getLong("steps"),
                json.getLong("prompt_tokens"),
                json.getLong("generation_tokens"),
                json.getInteger("running"),
                json.getInteger("waiting"),
                json.getInteger("max_num_seqs"),
                json.getInteger("blocks_total"),
                json.getInteger("blocks_free"),
                toPrefixes(json.getJsonObject("prefixes")),
                distribution(json, "time_to_first_token"),
                distribution(json, "time_per_output_token"),
                distribution(json, "end_to_end"),
                distribution(json, "queue_time"),
                distribution(json, "inference_time"),
                distribution(json, "prefill_time"),
                distribution(json, "decode_time"),
                distribution(json, "request_prompt_tokens"),
                distribution(json, "request_generation_tokens"),
                distribution(json, "request_max_tokens"),
                Optional.ofNullable(json.getJsonObject("drafts")).map(DraftsWireForm::toCounts));
    }

    private static JsonObject toJson(PrefixCounts prefixes) {
        return new JsonObject()
                .put("enabled", prefixes.enabled())
                .put("blocks_reusable", prefixes.blocksReusable())
                .put("requests", prefixes.requests())
                .put("hits", prefixes.hits())
                .put("prompt_tokens", prefixes.promptTokens())
                .put("cached_tokens", prefixes.cachedTokens());
    }

    private static PrefixCounts toPrefixes(JsonObject json) {
        return new PrefixCounts(
                json.getBoolean("enabled"),
                json.getInteger("blocks_reusable"),
                json.getLong("requests"),
                json.getLong("hits"),
                json.getLong("prompt_tokens"),
                json.getLong("cached_tokens"));
    }

    private static JsonObject toJson(Distribution distribution) {
        return new JsonObject()
                .put("upper_bounds", new JsonArray(distribution.upperBounds()))
                .put("counts", new JsonArray(distribution.counts()))
                .put("sum", distribution.sum());
    }

    private static Distribution distribution(JsonObject json, String name) {
        JsonObject value = json.getJsonObject(name);
        return new Distribution(
                value.getJsonArray("upper_bounds").stream()
                        .map(bound -> ((Number) bound).doubleValue())
                        .toList(),
                value.getJsonArray("counts").stream()
                        .map(count -> ((Number) count).longValue())
                        .toList(),
                value.getDouble("sum"));
    }
}
