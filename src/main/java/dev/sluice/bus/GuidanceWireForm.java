package dev.sluice.bus;

import dev.sluice.engine.Guidance;
import dev.sluice.grammar.GrammarSpec;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// What a text must look like as JSON, for a clustered bus.
final class GuidanceWireForm {
    private static final String KIND = "kind";
    private static final String SOURCE = "source";

    private GuidanceWireForm() {}

    static JsonObject toJson(Guidance guidance) {
        JsonObject json =
                new JsonObject()
                        .put("grammar", toJson(guidance.grammar()))
                        .put("param", guidance.param());
        guidance.afterThinking()
                .ifPresent(ids -> json.put("after_thinking", WireForms.toJson(ids)));
        guidance.thinkingId().ifPresent(id -> json.put("thinking_id", id));
        return json;
    }

    static Guidance toGuidance(JsonObject json) {
        return new Guidance(
                toSpec(json.getJsonObject("grammar")),
                json.getString("param"),
                Optional.ofNullable(json.getJsonArray("after_thinking")).map(WireForms::toTokenIds),
                Optional.ofNullable(json.getInteger("thinking_id"))
                        .map(OptionalInt::of)
                        .orElse(OptionalInt.empty()));
    }

    private static JsonObject toJson(GrammarSpec spec) {
        JsonObject json = new JsonObject();
        return switch (spec) {
            case GrammarSpec.JsonSchema s ->
                    json.put(KIND, "json_schema")
                            .put(SOURCE, s.schema())
                            .put("strict", s.strict())
                            .put("closed", s.closed());
            case GrammarSpec.JsonObject _ -> json.put(KIND, "json_object");
            case GrammarSpec.RegularExpression r ->
                    json.put(KIND, "regex").put(SOURCE, r.pattern());
            case GrammarSpec.Choice c ->
                    json.put(KIND, "choice").put("texts", WireForms.toArray(c.texts()));
            case GrammarSpec.Ebnf e -> json.put(KIND, "ebnf").put(SOURCE, e.grammar());
            case GrammarSpec.StructuralTag t ->
                    json.put(KIND, "structural_tag")
                            .put(SOURCE, t.tag())
                            .put("markers", WireForms.toArray(List.copyOf(t.markers())));
        };
    }

    private static GrammarSpec toSpec(JsonObject json) {
        String kind = json.getString(KIND);
        return switch (kind) {
            case "json_schema" ->
                    new GrammarSpec.JsonSchema(
                            json.getString(SOURCE),
                            json.getBoolean("strict"),
                            json.getBoolean("closed"));
            case "json_object" -> new GrammarSpec.JsonObject();
            case "regex" -> new GrammarSpec.RegularExpression(json.getString(SOURCE));
            case "choice" -> new GrammarSpec.Choice(texts(json, "texts"));
            case "ebnf" -> new GrammarSpec.Ebnf(json.getString(SOURCE));
            case "structural_tag" ->
                    new GrammarSpec.StructuralTag(
                            json.getString(SOURCE), Set.copyOf(texts(json, "markers")));
            default -> throw new IllegalArgumentException("no grammar is called " + kind);
        };
    }

    private static List<String> texts(JsonObject json, String name) {
        return json.getJsonArray(name, new JsonArray()).stream().map(String::valueOf).toList();
    }
}
