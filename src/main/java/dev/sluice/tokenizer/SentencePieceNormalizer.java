package dev.sluice.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// SentencePiece's normaliser: applies the model's character map, shrinks spaces and writes them as
/// U+2581. User-defined pieces are left as they are.
final class SentencePieceNormalizer implements TextNormalizer {
    private static final char SPACE = '\u2581';

    private final Spec spec;
    private final Optional<CharacterMap> map;
    private final PieceTable pieces;

    /// What a model says about its normaliser.
    static final class Spec {
        static final Spec STANDARD = new Spec(new byte[0], true, true, true, false);

        private final byte[] map;
        private final boolean addPrefix;
        private final boolean shrinkSpaces;
        private final boolean escape;
        private final boolean spaceAsSuffix;

        /// @param map compiled character map; may be empty
        /// @param addPrefix a space is put before a text that is not empty
        /// @param shrinkSpaces spaces at both ends go, runs of them become one
        /// @param escape spaces are written as U+2581
        /// @param spaceAsSuffix the added space stands behind the text instead
        Spec(
                byte[] map,
                boolean addPrefix,
                boolean shrinkSpaces,
                boolean escape,
                boolean spaceAsSuffix) {
            this.map = map;
            this.addPrefix = addPrefix;
            this.shrinkSpaces = shrinkSpaces;
            this.escape = escape;
            this.spaceAsSuffix = spaceAsSuffix;
        }

        Spec spaceAsSuffix(boolean value) {
            return new Spec(map, addPrefix, shrinkSpaces, escape, value);
        }
    }

    SentencePieceNormalizer(Spec spec, PieceTable pieces) {
        this.spec = spec;
        this.map = spec.map.length == 0 ? Optional.empty() : Optional.of(CharacterMap.of(spec.map));
        this.pieces = pieces;
    }

    /// What decoding does with spaces at the beginning of a text.
    LeadingSpace leadingSpace() {
        if (spec.shrinkSpaces) {
            return LeadingSpace.OF_EACH_TOKEN;
        }
        return spec.addPrefix ? LeadingSpace.ONE : LeadingSpace.KEPT;
    }

    @Override
    public String apply(String text) {
        Walk walk = new Walk(text);
        int start = 0;
        while (spec.shrinkSpaces && start < text.length() && walk.at(start).equals(" ")) {
            start = walk.end;
        }
        StringBuilder out = new StringBuilder(text.length() + 1);
        if (start == text.length()) {
            return "";
        }
        char space = spec.escape ? SPACE : ' ';
        if (spec.addPrefix && !spec.spaceAsSuffix) {
            out.append(space);
        }
        boolean spaceBefore = spec.shrinkSpaces;
        for (int i = start; i < text.length(); i = walk.end) {
            String part = walk.at(i);
            int from = 0;
            while (spaceBefore && from < part.length() && part.charAt(from) == ' ') {
                from++;
            }
            if (from < part.length()) {
                String rest = part.substring(from);
                out.append(spec.escape ? rest.replace(' ', SPACE) : rest);
                spaceBefore = rest.endsWith(" ");
            }
            spaceBefore &= spec.shrinkSpaces;
        }
        int end = out.length();
        while (spec.shrinkSpaces && end > 0 && out.charAt(end - 1) == space) {
            end--;
        }
        out.setLength(end);
        if (spec.addPrefix && spec.spaceAsSuffix) {
            out.append(space);
        }
        return out.toString();
    }

    /// Steps through a text by what is replaced together.
    private final class Walk {
        private final String text;
        private final byte[] bytes;
        private int byteAt;
        private int charAt;
        private int end;

        Walk(String text) {
            this.text = text;
            this.bytes = map.isPresent() ? text.getBytes(StandardCharsets.UTF_8) : new byte[0];
        }

        /// What stands for the text at a position, which is the last end or again the last
        /// position.
        String at(int position) {
            int defined = pieces.userDefinedEnd(text, position, text.length());
            if (defined > position) {
                end = defined;
                return text.substring(position, end);
            }
            if (map.isPresent()) {
                advanceTo(position);
                CharacterMap.Hit hit = map.get().longest(bytes, byteAt);
                if (hit.length() > 0) {
                    end = charsEnd(position, hit.length());
                    return hit.replacement();
                }
            }
            int character = text.codePointAt(position);
            end = position + Character.charCount(character);
            return Utf8.isSurrogate(character)
                    ? Utf8.REPLACEMENT_TEXT
                    : text.substring(position, end);
        }

        private void advanceTo(int position) {
            while (charAt < position) {
                int character = text.codePointAt(charAt);
                // Java's encoder writes one byte for a lone surrogate.
                byteAt += Utf8.isSurrogate(character) ? 1 : Utf8.length(character);
                charAt += Character.charCount(character);
            }
        }

        private int charsEnd(int position, int length) {
            int left = length;
            int at = position;
            while (left > 0 && at < text.length()) {
                int character = text.codePointAt(at);
                left -= Utf8.isSurrogate(character) ? 1 : Utf8.length(character);
                at += Character.charCount(character);
            }
            return at;
        }
    }
}
