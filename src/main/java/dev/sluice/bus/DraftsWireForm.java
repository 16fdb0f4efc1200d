package dev.sluice.bus;

import dev.sluice.engine.DraftCounts;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.List;

/// How guessed tokens fared as JSON, for a clustered bus.
final class DraftsWireForm {
    private DraftsWireForm() {}

    static JsonObject toJson(DraftCounts counts) {
        return new JsonObject()
                .put("steps", counts.steps())
                .put("emitted", counts.emitted())
                .put("drafted", new JsonArray(counts.drafted()))
                .put("accepted", new JsonArray(counts.accepted()));
    }

    static DraftCounts toCounts(JsonObject json) {
        return new DraftCounts(
                json.getLong("steps"),
                json.getLong("emitted"),
                longs(json.getJsonArray("drafted")),
                longs(json.getJsonArray("accepted")));
    }

    private static List<Long> longs(JsonArray array) {
        return array.stream().map(number -> ((Number) number).longValue()).toList();
    }
}
