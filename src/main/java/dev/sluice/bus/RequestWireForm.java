package dev.sluice.bus;

import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsOptions;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.Penalties;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.engine.ThinkingBudget;
import dev.sluice.tokenizer.TokenIds;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// Requests as JSON, for a clustered bus.
final class RequestWireForm {
    private RequestWireForm() {}

    static JsonObject toJson(GenerationRequest request) {
        JsonObject json = new JsonObject();
        request.cacheSalt().ifPresent(salt -> json.put("cache_salt", salt));
        return json.put("id", request.id())
                .put("prompt", WireForms.toJson(request.prompt()))
                .put("sampling", toJson(request.sampling()))
                .put("rules", toJson(request.rules()))
                .put("stop", toJson(request.stop()))
                .put("output", toJson(request.output()));
    }

    static GenerationRequest toRequest(JsonObject json) {
        return new GenerationRequest(
                json.getString("id"),
                WireForms.toTokenIds(json.getJsonArray("prompt")),
                toSampling(json.getJsonObject("sampling")),
                toRules(json.getJsonObject("rules")),
                toStop(json.getJsonObject("stop")),
                toOutput(json.getJsonObject("output")),
                Optional.ofNullable(json.getString("cache_salt")));
    }

    private static JsonObject toJson(SamplingParams sampling) {
        JsonObject json =
                new JsonObject()
                        .put("temperature", sampling.temperature())
                        .put("top_p", sampling.topP())
                        .put("min_p", sampling.minP())
                        .put("seed", sampling.seed())
                        .put("repetition", sampling.penalties().repetition())
                        .put("frequency", sampling.penalties().frequency())
                        .put("presence", sampling.penalties().presence());
        put(json, "top_k", sampling.topK());
        return json;
    }

    private static SamplingParams toSampling(JsonObject json) {
        return new SamplingParams(
                json.getFloat("temperature"),
                json.getFloat("top_p"),
                optionalInt(json, "top_k"),
                json.getFloat("min_p"),
                json.getLong("seed"),
                new Penalties(
                        json.getFloat("repetition"),
                        json.getFloat("frequency"),
                        json.getFloat("presence")));
    }

    private static JsonObject toJson(LogitsRules rules) {
        JsonArray badWords = new JsonArray();
        rules.badWords().forEach(word -> badWords.add(WireForms.toJson(word)));
        JsonObject bias = new JsonObject();
        rules.logitBias().forEach((id, value) -> bias.put(Integer.toString(id), value));
        JsonObject json =
                new JsonObject()
                        .put("bad_words", badWords)
                        .put("logit_bias", bias)
                        .put("args", new JsonObject(new LinkedHashMap<>(rules.processorArgs())));
        rules.thinkingBudget().ifPresent(budget -> json.put("thinking", toJson(budget)));
        rules.guidance()
                .ifPresent(guidance -> json.put("guidance", GuidanceWireForm.toJson(guidance)));
        return json;
    }

    private static LogitsRules toRules(JsonObject json) {
        List<TokenIds> badWords =
                json.getJsonArray("bad_words").stream()
                        .map(word -> WireForms.toTokenIds((JsonArray) word))
                        .toList();
        Map<Integer, Float> bias = new HashMap<>();
        json.getJsonObject("logit_bias")
                .forEach(entry ->
                        bias.put(
                                Integer.valueOf(entry.getKey()),
                                ((Number) entry.getValue()).floatValue()));
        return new LogitsRules(
                badWords,
                bias,
                json.getJsonObject("args").getMap(),
                Optional.ofNullable(json.getJsonObject("thinking"))
                        .map(RequestWireForm::toThinking),
                Optional.ofNullable(json.getJsonObject("guidance"))
                        .map(GuidanceWireForm::toGuidance));
    }

    private static JsonObject toJson(ThinkingBudget budget) {
        JsonObject json =
                new JsonObject()
                        .put("started", budget.started())
                        .put("start", WireForms.toJson(budget.start()))
                        .put("end", WireForms.toJson(budget.end()))
                        .put("forced", WireForms.toJson(budget.forced()));
        put(json, "max_tokens", budget.maxTokens());
        put(json, "max_answer_tokens", budget.maxAnswerTokens());
        return json;
    }

    private static ThinkingBudget toThinking(JsonObject json) {
        return new ThinkingBudget(
                optionalInt(json, "max_tokens"),
                optionalInt(json, "max_answer_tokens"),
                json.getBoolean("started"),
                WireForms.toTokenIds(json.getJsonArray("start")),
                WireForms.toTokenIds(json.getJsonArray("end")),
                WireForms.toTokenIds(json.getJsonArray("forced")));
    }

    private static JsonObject toJson(StopConditions stop) {
        return new JsonObject()
                .put("min_tokens", stop.minTokens())
                .put("max_tokens", stop.maxTokens())
                .put("strings", WireForms.toArray(stop.stopStrings()))
                .put("token_ids", WireForms.toArray(stop.stopTokenIds()))
                .put("ignore_eos", stop.ignoreEos())
                .put("include", stop.includeStopString());
    }

    private static StopConditions toStop(JsonObject json) {
        return new StopConditions(
                json.getInteger("min_tokens"),
                json.getInteger("max_tokens"),
                json.getJsonArray("strings").stream().map(String::valueOf).toList(),
                toIdSet(json.getJsonArray("token_ids")),
                json.getBoolean("ignore_eos"),
                json.getBoolean("include"));
    }

    private static JsonObject toJson(OutputOptions output) {
        LogprobsOptions logprobs = output.logprobs();
        JsonObject json =
                new JsonObject()
                        .put("skip_special_tokens", output.skipSpecialTokens())
                        .put("continues_text", output.continuesText())
                        .put("marker_ids", WireForms.toArray(output.markerIds()))
                        .put("temperature_scaled", logprobs.temperatureScaled())
                        .put("top_p_normalized", logprobs.topPNormalized())
                        .put("draft_logprobs", logprobs.drafts());
        put(json, "logprobs", logprobs.top());
        put(json, "prompt_logprobs", logprobs.prompt());
        return json;
    }

    private static OutputOptions toOutput(JsonObject json) {
        return new OutputOptions(
                json.getBoolean("skip_special_tokens"),
                json.getBoolean("continues_text"),
                toIdSet(json.getJsonArray("marker_ids")),
                new LogprobsOptions(
                        optionalInt(json, "logprobs"),
                        json.getBoolean("temperature_scaled"),
                        json.getBoolean("top_p_normalized"),
                        optionalInt(json, "prompt_logprobs"),
                        json.getBoolean("draft_logprobs")));
    }

    private static void put(JsonObject json, String key, OptionalInt value) {
        value.ifPresent(number -> json.put(key, number));
    }

    private static OptionalInt optionalInt(JsonObject json, String key) {
        return json.containsKey(key) ? OptionalInt.of(json.getInteger(key)) : OptionalInt.empty();
    }

    private static Set<Integer> toIdSet(JsonArray array) {
        Set<Integer> ids = new HashSet<>();
        array.forEach(id -> ids.add(((Number) id).intValue()));
        return ids;
    }
}
