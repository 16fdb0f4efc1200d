package dev.sluice.tokenizer;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Reads the `pre_tokenizer` of a tokenizer.json.
final class JsonPreTokenizer {
    private final List<PreTokenizer> steps = new ArrayList<>();
    private boolean byteLevel;

    private JsonPreTokenizer() {}

    /// @param bytesByModel a final `ByteLevel` step is left to the model, which then works on bytes
    static JsonPreTokenizer read(JsonNode part, boolean bytesByModel) {
        JsonPreTokenizer reader = new JsonPreTokenizer();
        List<JsonNode> parts = JsonParts.flatten(part, "pretokenizers");
        for (int i = 0; i < parts.size(); i++) {
            reader.add(parts.get(i), bytesByModel && i == parts.size() - 1);
        }
        return reader;
    }

    /// Whether the model gets text that is still to be turned into bytes.
    boolean byteLevel() {
        return byteLevel;
    }

    List<PreTokenizer> steps() {
        return steps;
    }

    private void add(JsonNode part, boolean bytesByModel) {
        switch (JsonParts.type(part)) {
            case "ByteLevel" -> addByteLevel(part, bytesByModel);
            case "Split" -> steps.add(split(part));
            case "Digits" ->
                    steps.add(
                            new Splitter(
                                    Splitter.characters(Characters::isNumber),
                                    part.path("individual_digits").asBoolean(false)
                                            ? Splitter.Behavior.ISOLATED
                                            : Splitter.Behavior.CONTIGUOUS,
                                    false));
            case "Punctuation" ->
                    steps.add(
                            new Splitter(
                                    Splitter.characters(Characters::isPunctuation),
                                    behavior(part.path("behavior").asString("Isolated")),
                                    false));
            case "Whitespace" ->
                    steps.add(
                            new Splitter(
                                    Patterns.regex(Patterns.compile("\\w+|[^\\w\\s]+")),
                                    Splitter.Behavior.REMOVED,
                                    true));
            case "WhitespaceSplit" -> steps.add(removed(Characters::isSpace));
            case "BertPreTokenizer" -> {
                steps.add(removed(Characters::isSpace));
                steps.add(Splitter.isolated(Splitter.characters(Characters::isPunctuation)));
            }
            case "CharDelimiterSplit" ->
                    steps.add(
                            new Splitter(
                                    Splitter.literal(JsonParts.text(part, "delimiter")),
                                    Splitter.Behavior.REMOVED,
                                    false));
            case "Metaspace" -> steps.add(Metaspace.read(part));
            default -> throw JsonParts.unsupported("pre-tokenizer", part);
        }
    }

    private static PreTokenizer removed(java.util.function.IntPredicate wanted) {
        return new Splitter(Splitter.characters(wanted), Splitter.Behavior.REMOVED, false);
    }

    private void addByteLevel(JsonNode part, boolean byModel) {
        if (part.path("add_prefix_space").asBoolean(true)) {
            steps.add(new Rewriter((text, first) -> text.startsWith(" ") ? text : " " + text));
        }
        if (part.path("use_regex").asBoolean(true)) {
            steps.add(Splitter.isolated(Patterns.finder(Patterns.GPT2)));
        }
        if (byModel) {
            byteLevel = true;
        } else {
            steps.add(
                    new Rewriter((text, first) -> {
                        StringBuilder chars = new StringBuilder(text.length() * 2);
                        ByteLevel.appendChars(text, 0, text.length(), chars);
                        return chars.toString();
                    }));
        }
    }

    private static PreTokenizer split(JsonNode part) {
        JsonNode pattern = part.path("pattern");
        Splitter.Finder finder =
                pattern.has("Regex")
                        ? Patterns.finder(JsonParts.text(pattern, "Regex"))
                        : Splitter.literal(JsonParts.text(pattern, "String"));
        return new Splitter(
                finder,
                behavior(JsonParts.text(part, "behavior")),
                part.path("invert").asBoolean(false));
    }

    private static Splitter.Behavior behavior(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "removed" -> Splitter.Behavior.REMOVED;
            case "isolated" -> Splitter.Behavior.ISOLATED;
            case "mergedwithprevious" -> Splitter.Behavior.MERGED_WITH_PREVIOUS;
            case "mergedwithnext" -> Splitter.Behavior.MERGED_WITH_NEXT;
            case "contiguous" -> Splitter.Behavior.CONTIGUOUS;
            default ->
                    throw new TokenizerException(
                            "tokenizer.json splits with the unknown behavior '" + name + "'.");
        };
    }
}
