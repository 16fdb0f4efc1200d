package dev.sluice.bus;

import dev.sluice.tokenizer.TokenIds;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.Collection;
import java.util.Optional;
import java.util.stream.IntStream;

/// Engine facts as JSON, for a clustered bus, and what the wire forms share.
final class WireForms {
    private WireForms() {}

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

    static JsonArray toJson(TokenIds ids) {
        JsonArray array = new JsonArray();
        IntStream.range(0, ids.size()).map(ids::get).forEach(array::add);
        return array;
    }

    static TokenIds toTokenIds(JsonArray array) {
        return TokenIds.of(array.stream().mapToInt(id -> ((Number) id).intValue()).toArray());
    }

    /// JSON has no words for numbers that are not finite; Vert.x writes them as strings.
    static float toFloat(Object value) {
        return value instanceof Number number
                ? number.floatValue()
                : Float.parseFloat(String.valueOf(value));
    }

    static JsonArray toArray(Collection<?> values) {
        JsonArray array = new JsonArray();
        values.forEach(array::add);
        return array;
    }
}
