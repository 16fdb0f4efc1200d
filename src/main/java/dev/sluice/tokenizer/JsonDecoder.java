package dev.sluice.tokenizer;

import tools.jackson.databind.JsonNode;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Reads the `decoder` of a tokenizer.json.
final class JsonDecoder {
    private final List<TextNormalizer> rewrites = new ArrayList<>();
    private final List<TextNormalizer> firstRewrites = new ArrayList<>();
    private boolean byteLevel;
    private boolean byteFallback;
    private boolean fused;
    private LeadingSpace leadingSpace = LeadingSpace.KEPT;

    private JsonDecoder() {}

    static TokenDecoder read(JsonNode part) {
        JsonDecoder decoder = new JsonDecoder();
        JsonParts.flatten(part, "decoders").forEach(decoder::add);
        return decoder.build();
    }

    private TokenDecoder build() {
        return new TokenDecoder(
                toBytes(rewrites, byteLevel),
                toBytes(firstRewrites, byteLevel),
                byteFallback,
                leadingSpace);
    }

    private static Function<String, byte[]> toBytes(List<TextNormalizer> steps, boolean levels) {
        TextNormalizer rewrite = TextNormalizer.sequence(steps);
        return token -> {
            String text = rewrite.apply(token);
            return levels ? ByteLevel.bytes(text) : text.getBytes(StandardCharsets.UTF_8);
        };
    }

    private void add(JsonNode part) {
        switch (JsonParts.type(part)) {
            case "ByteLevel" -> byteLevel = true;
            case "ByteFallback" -> byteFallback = true;
            case "Fuse" -> fused = true;
            case "Replace" -> {
                rewrites.add(JsonNormalizer.replace(part));
                firstRewrites.add(JsonNormalizer.replace(part));
            }
            case "Strip" -> addStrip(part);
            case "Metaspace" -> {
                String space = part.path("replacement").asString("\u2581");
                rewrites.add(TextNormalizer.replace(space, " "));
                boolean kept = Metaspace.scheme(part).equals("never");
                firstRewrites.add(TextNormalizer.replace(space, kept ? " " : ""));
            }
            default -> throw JsonParts.unsupported("decoder", part);
        }
    }

    private void addStrip(JsonNode part) {
        boolean oneSpace =
                part.path("content").asString("").equals(" ")
                        && part.path("start").asInt(0) == 1
                        && part.path("stop").asInt(0) == 0;
        if (!fused || !oneSpace) {
            throw JsonParts.unsupported("decoder", part);
        }
        leadingSpace = LeadingSpace.ONE;
    }
}
