package dev.sluice.tokenizer;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.List;

/// Reads the `post_processor` of a tokenizer.json: which ids stand around a text.
final class JsonPostProcessor {
    private JsonPostProcessor() {}

    static SubwordTokenizer.Frame read(JsonNode part) {
        List<Integer> before = new ArrayList<>();
        List<Integer> after = new ArrayList<>();
        for (JsonNode step : JsonParts.flatten(part, "processors")) {
            switch (JsonParts.type(step)) {
                case "ByteLevel" -> {}
                case "TemplateProcessing" -> addTemplate(step, before, after);
                case "BertProcessing", "RobertaProcessing" -> {
                    before.addFirst(step.path("cls").path(1).asInt(-1));
                    after.add(step.path("sep").path(1).asInt(-1));
                }
                default -> throw JsonParts.unsupported("post-processor", step);
            }
        }
        return new SubwordTokenizer.Frame(List.copyOf(before), List.copyOf(after));
    }

    private static void addTemplate(JsonNode step, List<Integer> before, List<Integer> after) {
        List<Integer> first = new ArrayList<>();
        boolean behind = false;
        for (JsonNode piece : step.path("single")) {
            if (piece.has("Sequence")) {
                behind = true;
                continue;
            }
            String name = piece.path("SpecialToken").path("id").asString("");
            for (JsonNode id : step.path("special_tokens").path(name).path("ids")) {
                (behind ? after : first).add(id.asInt(-1));
            }
        }
        before.addAll(0, first);
    }
}
