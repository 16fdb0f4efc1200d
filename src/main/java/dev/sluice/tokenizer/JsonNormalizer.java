package dev.sluice.tokenizer;

import tools.jackson.databind.JsonNode;

import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Reads the `normalizer` of a tokenizer.json.
final class JsonNormalizer {
    private static final Pattern MARKS = Pattern.compile("\\p{M}+");
    private static final char I_WITH_DOT = '\u0130';
    private static final char DOT_ABOVE = '\u0307';

    private JsonNormalizer() {}

    static TextNormalizer read(JsonNode part) {
        List<TextNormalizer> steps = new ArrayList<>();
        for (JsonNode step : JsonParts.flatten(part, "normalizers")) {
            steps.add(step(step));
        }
        return TextNormalizer.sequence(steps);
    }

    private static TextNormalizer step(JsonNode part) {
        return switch (JsonParts.type(part)) {
            case "NFC" -> TextNormalizer.form(Normalizer.Form.NFC);
            case "NFD" -> TextNormalizer.form(Normalizer.Form.NFD);
            case "NFKC" -> TextNormalizer.form(Normalizer.Form.NFKC);
            case "NFKD" -> TextNormalizer.form(Normalizer.Form.NFKD);
            case "Prepend" -> TextNormalizer.prepend(JsonParts.text(part, "prepend"));
            case "Replace" -> replace(part);
            case "Lowercase" -> JsonNormalizer::lowercase;
            case "StripAccents" -> text -> MARKS.matcher(text).replaceAll("");
            case "Strip" ->
                    strip(
                            part.path("strip_left").asBoolean(true),
                            part.path("strip_right").asBoolean(true));
            case "Nmt" -> JsonNormalizer::nmt;
            case "ByteLevel" -> JsonNormalizer::byteLevel;
            case "Precompiled" ->
                    CharacterMap.ofBase64(JsonParts.text(part, "precompiled_charsmap"));
            default -> throw JsonParts.unsupported("normalizer", part);
        };
    }

    /// `Replace` of a text or of an expression's matches, in normalizers and decoders.
    static TextNormalizer replace(JsonNode part) {
        String content = JsonParts.text(part, "content");
        JsonNode pattern = part.path("pattern");
        if (pattern.has("String")) {
            return TextNormalizer.replace(JsonParts.text(pattern, "String"), content);
        }
        Pattern wanted = Patterns.compileOniguruma(JsonParts.text(pattern, "Regex"));
        return Patterns.replacer(wanted, content);
    }

    private static TextNormalizer strip(boolean left, boolean right) {
        return text -> {
            int from = 0;
            int to = text.length();
            while (left && from < to && Characters.isSpace(text.charAt(from))) {
                from++;
            }
            while (right && to > from && Characters.isSpace(text.charAt(to - 1))) {
                to--;
            }
            return text.substring(from, to);
        };
    }

    /// Each character by itself, as Rust's `char::to_lowercase`: a sigma at the end of a word is as
    /// any other. One character becomes two.
    private static String lowercase(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c -> {
                    out.appendCodePoint(Character.toLowerCase(c));
                    if (c == I_WITH_DOT) {
                        out.append(DOT_ABOVE);
                    }
                });
        return out.toString();
    }

    private static String byteLevel(String text) {
        StringBuilder out = new StringBuilder(text.length() * 2);
        ByteLevel.appendChars(text, 0, text.length(), out);
        return out.toString();
    }

    /// SentencePiece's rules for machine translation: controls go, odd spaces become spaces.
    private static String nmt(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean removed =
                    (c >= 0x01 && c <= 0x08)
                            || c == 0x0B
                            || (c >= 0x0E && c <= 0x1F)
                            || c == 0x7F
                            || c == 0x8F
                            || c == 0x9F;
            if (!removed) {
                out.append(isNmtSpace(c) ? ' ' : c);
            }
        }
        return out.toString();
    }

    private static boolean isNmtSpace(char c) {
        return c == 0x09
                || c == 0x0A
                || c == 0x0C
                || c == 0x0D
                || c == 0x1680
                || (c >= 0x200B && c <= 0x200F)
                || c == 0x2028
                || c == 0x2029
                || c == 0x2581
                || c == 0xFEFF
                || c == 0xFFFD;
    }
}
