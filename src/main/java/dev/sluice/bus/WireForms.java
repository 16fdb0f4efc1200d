package dev.sluice.bus;

import dev.sluice.engine.FinishReason;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsOptions;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.tokenizer.TokenIds;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Requests, events and engine facts as JSON, for a clustered bus.
final class WireForms {
    private WireForms() {}

    static JsonObject toJson(GenerationRequest request) {
        return new JsonObject()
                .put("id", request.id())
                .put("prompt", toJson(request.prompt()))
                .put("sampling", toJson(request.sampling()))
                .put("stop", toJson(request.stop()))
                .put("skip_special_tokens", request.output().skipSpecialTokens());
    }

    static GenerationRequest toRequest(JsonObject json) {
        return new GenerationRequest(
                json.getString("id"),
                toTokenIds(json.getJsonArray("prompt")),
                toSampling(json.getJsonObject("sampling")),
                LogitsRules.NONE,
                toStop(json.getJsonObject("stop")),
                new OutputOptions(
                        json.getBoolean("skip_special_tokens"),
                        false,
                        Set.of(),
                        LogprobsOptions.NONE));
    }

    private static JsonObject toJson(SamplingParams sampling) {
        JsonObject json =
                new JsonObject()
                        .put("temperature", sampling.temperature())
                        .put("top_p", sampling.topP())
                        .put("min_p", sampling.minP())
                        .put("seed", sampling.seed());
        sampling.topK().ifPresent(k -> json.put("top_k", k));
        return json;
    }

    private static SamplingParams toSampling(JsonObject json) {
        return new SamplingParams(
                json.getFloat("temperature"),
                json.getFloat("top_p"),
                json.containsKey("top_k")
                        ? OptionalInt.of(json.getInteger("top_k"))
                        : OptionalInt.empty(),
                json.getFloat("min_p"),
                json.getLong("seed"));
    }

    private static JsonObject toJson(StopConditions stop) {
        return new JsonObject()
                .put("max_tokens", stop.maxTokens())
                .put("strings", toArray(stop.stopStrings()))
                .put("token_ids", toArray(stop.stopTokenIds()))
                .put("ignore_eos", stop.ignoreEos())
                .put("include", stop.includeStopString());
    }

    private static StopConditions toStop(JsonObject json) {
        Set<Integer> ids =
                json.getJsonArray("token_ids").stream()
                        .map(id -> ((Number) id).intValue())
                        .collect(Collectors.toSet());
        return new StopConditions(
                json.getInteger("max_tokens"),
                json.getJsonArray("strings").stream().map(String::valueOf).toList(),
                ids,
                json.getBoolean("ignore_eos"),
                json.getBoolean("include"));
    }

    static JsonObject toJson(GenerationEvent event) {
        JsonObject json = new JsonObject().put("id", event.requestId());
        return switch (event) {
            case GenerationEvent.Started e ->
                    json.put("type", "started").put("queue_nanos", e.queueNanos());
            case GenerationEvent.Delta e ->
                    json.put("type", "delta")
                            .put("text", e.text())
                            .put("token_ids", toJson(e.tokenIds()))
                            .put("elapsed_nanos", e.elapsedNanos());
            case GenerationEvent.Finished e ->
                    json.put("type", "finished")
                            .put("reason", e.reason().name())
                            .put("prompt_tokens", e.promptTokens())
                            .put("completion_tokens", e.completionTokens())
                            .put("cached_tokens", e.cachedTokens());
            case GenerationEvent.Failed e ->
                    json.put("type", "failed").put("cause", ReplyFailures.toJson(e.cause()));
        };
    }

    static GenerationEvent toEvent(JsonObject json) {
        String id = json.getString("id");
        String type = json.getString("type");
        return switch (type) {
            case "started" ->
                    new GenerationEvent.Started(id, json.getLong("queue_nanos"), List.of());
            case "delta" ->
                    new GenerationEvent.Delta(
                            id,
                            json.getString("text"),
                            toTokenIds(json.getJsonArray("token_ids")),
                            json.getLong("elapsed_nanos"));
            case "finished" ->
                    new GenerationEvent.Finished(
                            id,
                            FinishReason.valueOf(json.getString("reason")),
                            json.getInteger("prompt_tokens"),
                            json.getInteger("completion_tokens"),
                            json.getInteger("cached_tokens"));
            case "failed" ->
                    new GenerationEvent.Failed(
                            id, ReplyFailures.fromJson(json.getJsonObject("cause")));
            default -> throw new IllegalArgumentException("unknown event type " + type);
        };
    }

    static JsonObject toJson(EngineInfo info) {
        JsonObject json = new JsonObject().put("status", info.status().name());
        info.serving()
                .ifPresent(serving ->
                        json.put("model", serving.model())
                                .put("device", serving.device())
                                .put("vocab_size", serving.vocabSize())
                                .put("max_model_len", serving.maxModelLen())
                                .put("max_num_seqs", serving.maxNumSeqs())
                                .put("kv_tokens", serving.kvTokens()));
        return json;
    }

    static EngineInfo toInfo(JsonObject json) {
        EngineInfo.Status status = EngineInfo.Status.valueOf(json.getString("status"));
        if (!json.containsKey("model")) {
            return new EngineInfo(status, Optional.empty());
        }
        return new EngineInfo(
                status,
                Optional.of(
                        new EngineInfo.Serving(
                                json.getString("model"),
                                json.getString("device"),
                                json.getInteger("vocab_size"),
                                json.getInteger("max_model_len"),
                                json.getInteger("max_num_seqs"),
                                json.getLong("kv_tokens"))));
    }

    private static JsonArray toJson(TokenIds ids) {
        JsonArray array = new JsonArray();
        IntStream.range(0, ids.size()).map(ids::get).forEach(array::add);
        return array;
    }

    private static TokenIds toTokenIds(JsonArray array) {
        return TokenIds.of(array.stream().mapToInt(id -> ((Number) id).intValue()).toArray());
    }

    private static JsonArray toArray(Collection<?> values) {
        JsonArray array = new JsonArray();
        values.forEach(array::add);
        return array;
    }
}
