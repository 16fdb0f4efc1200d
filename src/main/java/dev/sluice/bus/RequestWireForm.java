package dev.sluice.bus;

import dev.sluice.engine.GenerationRequest;
import dev.sluice.engine.LogitsRules;
import dev.sluice.engine.LogprobsOptions;
import dev.sluice.engine.OutputOptions;
import dev.sluice.engine.Penalties;
import dev.sluice.engine.SamplingParams;
import dev.sluice.engine.StopConditions;
import dev.sluice.engine.ThinkingBudget;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.LinkedHashMap;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

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

    /// @throws dev.sluice.engine.ApiException.InvalidRequest naming the field that is missing or
    ///   wrong
    static GenerationRequest toRequest(JsonObject json) {
        WireFields fields = WireFields.of(json);
        return new GenerationRequest(
                fields.text("id"),
                fields.ids("prompt"),
                toSampling(fields.object("sampling")),
                toRules(fields.object("rules")),
                toStop(fields.object("stop")),
                toOutput(fields.object("output")),
                fields.optionalText("cache_salt"));
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

    private static SamplingParams toSampling(WireFields fields) {
        return new SamplingParams(
                fields.number("temperature"),
                fields.number("top_p"),
                fields.optionalInt("top_k"),
                fields.number("min_p"),
                fields.longInteger("seed"),
                new Penalties(
                        fields.number("repetition"),
                        fields.number("frequency"),
                        fields.number("presence")));
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

    private static LogitsRules toRules(WireFields fields) {
        WireFields bias = fields.object("logit_bias");
        return new LogitsRules(
                fields.idLists("bad_words"),
                bias.json().fieldNames().stream()
                        .collect(Collectors.toMap(bias::toId, bias::number)),
                fields.object("args").json().getMap(),
                fields.optionalObject("thinking").map(RequestWireForm::toThinking),
                fields.optionalObject("guidance").map(GuidanceWireForm::toGuidance));
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

    private static ThinkingBudget toThinking(WireFields fields) {
        return new ThinkingBudget(
                fields.optionalInt("max_tokens"),
                fields.optionalInt("max_answer_tokens"),
                fields.flag("started"),
                fields.ids("start"),
                fields.ids("end"),
                fields.ids("forced"));
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

    private static StopConditions toStop(WireFields fields) {
        return new StopConditions(
                fields.integer("min_tokens"),
                fields.integer("max_tokens"),
                fields.texts("strings"),
                Set.copyOf(fields.integers("token_ids")),
                fields.flag("ignore_eos"),
                fields.flag("include"));
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

    private static OutputOptions toOutput(WireFields fields) {
        return new OutputOptions(
                fields.flag("skip_special_tokens"),
                fields.flag("continues_text"),
                Set.copyOf(fields.integers("marker_ids")),
                new LogprobsOptions(
                        fields.optionalInt("logprobs"),
                        fields.flag("temperature_scaled"),
                        fields.flag("top_p_normalized"),
                        fields.optionalInt("prompt_logprobs"),
                        fields.flag("draft_logprobs")));
    }

    private static void put(JsonObject json, String key, OptionalInt value) {
        value.ifPresent(number -> json.put(key, number));
    }
}
