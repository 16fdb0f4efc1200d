package dev.sluice.bus;

import dev.sluice.engine.Guidance;
import dev.sluice.grammar.GrammarSpec;

import io.vertx.core.json.JsonObject;

import java.util.List;
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

    static Guidance toGuidance(WireFields fields) {
        return new Guidance(
                toSpec(fields.object("grammar")),
                fields.text("param"),
                fields.optionalIds("after_thinking"),
                fields.optionalInt("thinking_id"));
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

    private static GrammarSpec toSpec(WireFields fields) {
        String kind = fields.text(KIND);
        return switch (kind) {
            case "json_schema" ->
                    new GrammarSpec.JsonSchema(
                            fields.text(SOURCE), fields.flag("strict"), fields.flag("closed"));
            case "json_object" -> new GrammarSpec.JsonObject();
            case "regex" -> new GrammarSpec.RegularExpression(fields.text(SOURCE));
            case "choice" -> new GrammarSpec.Choice(fields.texts("texts"));
            case "ebnf" -> new GrammarSpec.Ebnf(fields.text(SOURCE));
            case "structural_tag" ->
                    new GrammarSpec.StructuralTag(
                            fields.text(SOURCE), Set.copyOf(fields.texts("markers")));
            default -> throw fields.wrong(KIND, "the kind of a grammar");
        };
    }
}
