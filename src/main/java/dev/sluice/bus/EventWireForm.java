package dev.sluice.bus;

import dev.sluice.engine.FinishReason;
import dev.sluice.engine.GenerationEvent;
import dev.sluice.engine.Marker;
import dev.sluice.engine.TokenLogprob;
import dev.sluice.engine.TokenLogprobs;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// Events as JSON, for a clustered bus. Log probabilities and markers, which are many, are flat
/// arrays of numbers.
final class EventWireForm {
    /// Numbers of one [TokenLogprob] and of one [Marker].
    private static final int FIELDS = 3;

    private EventWireForm() {}

    static JsonObject toJson(GenerationEvent event) {
        JsonObject json = new JsonObject().put("id", event.requestId());
        return switch (event) {
            case GenerationEvent.Started e ->
                    json.put("type", "started")
                            .put("queue_nanos", e.queueNanos())
                            .put("prompt_logprobs", toJson(e.promptLogprobs()))
                            .put("cached_tokens", e.cachedTokens());
            case GenerationEvent.Delta e ->
                    json.put("type", "delta")
                            .put("text", e.text())
                            .put("token_ids", WireForms.toJson(e.tokenIds()))
                            .put("logprobs", toJson(e.logprobs()))
                            .put("draft_logprobs", toJson(e.draftLogprobs()))
                            .put("markers", markersToJson(e.markers()))
                            .put("elapsed_nanos", e.elapsedNanos());
            case GenerationEvent.Finished e ->
                    json.put("type", "finished")
                            .put("reason", e.reason().name())
                            .put("prompt_tokens", e.promptTokens())
                            .put("completion_tokens", e.completionTokens())
                            .put("cached_tokens", e.cachedTokens())
                            .put("drafts", DraftsWireForm.toJson(e.drafts()));
            case GenerationEvent.Failed e ->
                    json.put("type", "failed").put("cause", ReplyFailures.toJson(e.cause()));
        };
    }

    static GenerationEvent toEvent(JsonObject json) {
        String id = json.getString("id");
        String type = json.getString("type");
        return switch (type) {
            case "started" ->
                    new GenerationEvent.Started(
                            id,
                            json.getLong("queue_nanos"),
                            toLogprobs(json.getJsonArray("prompt_logprobs")),
                            json.getInteger("cached_tokens"));
            case "delta" ->
                    new GenerationEvent.Delta(
                            id,
                            json.getString("text"),
                            WireForms.toTokenIds(json.getJsonArray("token_ids")),
                            toLogprobs(json.getJsonArray("logprobs")),
                            toLogprobs(json.getJsonArray("draft_logprobs")),
                            toMarkers(json.getJsonArray("markers")),
                            json.getLong("elapsed_nanos"));
            case "finished" ->
                    new GenerationEvent.Finished(
                            id,
                            FinishReason.valueOf(json.getString("reason")),
                            json.getInteger("prompt_tokens"),
                            json.getInteger("completion_tokens"),
                            json.getInteger("cached_tokens"),
                            DraftsWireForm.toCounts(json.getJsonObject("drafts")));
            case "failed" ->
                    new GenerationEvent.Failed(
                            id, ReplyFailures.fromJson(json.getJsonObject("cause")));
            default -> throw new IllegalArgumentException("unknown event type " + type);
        };
    }

    /// One array for each position: the chosen token, then the top ones.
    private static JsonArray toJson(Collection<TokenLogprobs> positions) {
        JsonArray array = new JsonArray();
        for (TokenLogprobs position : positions) {
            JsonArray numbers = new JsonArray();
            add(numbers, position.chosen());
            position.top().forEach(entry -> add(numbers, entry));
            array.add(numbers);
        }
        return array;
    }

    private static void add(JsonArray numbers, TokenLogprob entry) {
        numbers.add(entry.tokenId()).add(entry.logprob()).add(entry.rank());
    }

    private static List<TokenLogprobs> toLogprobs(JsonArray array) {
        List<TokenLogprobs> positions = new ArrayList<>(array.size());
        for (int i = 0; i < array.size(); i++) {
            JsonArray numbers = array.getJsonArray(i);
            List<TokenLogprob> top = new ArrayList<>(numbers.size() / FIELDS - 1);
            for (int at = FIELDS; at < numbers.size(); at += FIELDS) {
                top.add(entry(numbers, at));
            }
            positions.add(new TokenLogprobs(entry(numbers, 0), top));
        }
        return positions;
    }

    private static TokenLogprob entry(JsonArray numbers, int at) {
        return new TokenLogprob(
                numbers.getInteger(at),
                WireForms.toFloat(numbers.getValue(at + 1)),
                numbers.getInteger(at + 2));
    }

    private static JsonArray markersToJson(Collection<Marker> markers) {
        JsonArray numbers = new JsonArray();
        for (Marker marker : markers) {
            numbers.add(marker.tokenId()).add(marker.textOffset()).add(marker.tokenIndex());
        }
        return numbers;
    }

    private static List<Marker> toMarkers(JsonArray numbers) {
        List<Marker> markers = new ArrayList<>(numbers.size() / FIELDS);
        for (int at = 0; at < numbers.size(); at += FIELDS) {
            markers.add(
                    new Marker(
                            numbers.getInteger(at),
                            numbers.getInteger(at + 1),
                            numbers.getInteger(at + 2)));
        }
        return markers;
    }
}
