package dev.sluice.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A character map as SentencePiece compiles it: a double-array trie of UTF-8 prefixes, each with
/// the place of its replacement in a block of zero-ended texts.
///
/// @see "https://github.com/s-yata/darts-clone for the units of the trie"
final class CharacterMap {
    private static final Pattern GRAPHEME = Pattern.compile("\\X");
    private static final int LONGEST_GRAPHEME = 6;

    private final int[] units;
    private final byte[] replacements;

    /// A replacement.
    ///
    /// @param length of what is replaced, in bytes of UTF-8
    record Hit(String replacement, int length) {}

    private CharacterMap(int[] units, byte[] replacements) {
        this.units = units;
        this.replacements = replacements;
    }

    /// Reads the compiled form.
    static CharacterMap of(byte[] compiled) {
        ByteBuffer in = ByteBuffer.wrap(compiled).order(ByteOrder.LITTLE_ENDIAN);
        int size = compiled.length < 4 ? -1 : in.getInt();
        if (size < 0 || size > in.remaining() || size % 4 != 0) {
            throw new TokenizerException("The tokenizer's character map is damaged.");
        }
        int[] units = new int[size / 4];
        in.asIntBuffer().get(units);
        byte[] replacements = new byte[in.remaining() - size];
        in.position(in.position() + size).get(replacements);
        return new CharacterMap(units, replacements);
    }

    /// The map as a normalizer of a tokenizer.json, where it is base64. Works on grapheme clusters,
    /// and takes the shortest prefix, as the library of those files does.
    static TextNormalizer ofBase64(String text) {
        try {
            CharacterMap map = of(Base64.getDecoder().decode(text));
            return map::replaceGraphemes;
        } catch (IllegalArgumentException e) {
            throw new TokenizerException("The tokenizer's character map is no base64.", e);
        }
    }

    /// The longest prefix of a text's bytes that is replaced; length 0 when none is.
    Hit longest(byte[] text, int from) {
        return find(text, from, text.length, true);
    }

    private Hit find(byte[] text, int from, int to, boolean longest) {
        int value = -1;
        int length = 0;
        int node = units.length == 0 ? 0 : offset(units[0]);
        for (int i = from; i < to; i++) {
            int label = text[i] & 0xFF;
            node ^= label;
            if (node < 0 || node >= units.length || label(units[node]) != label) {
                break;
            }
            int unit = units[node];
            node ^= offset(unit);
            if ((unit >>> 8 & 1) == 1 && node >= 0 && node < units.length) {
                value = units[node] & 0x7FFFFFFF;
                length = i + 1 - from;
                if (!longest) {
                    break;
                }
            }
        }
        return new Hit(length == 0 ? "" : replacement(value), length);
    }

    private static int offset(int unit) {
        return unit >>> 10 << ((unit & 1 << 9) >>> 6);
    }

    /// Leaves have the sign bit, so they equal no byte.
    private static int label(int unit) {
        return unit & (1 << 31 | 0xFF);
    }

    private String replacement(int start) {
        int end = start;
        while (end < replacements.length && replacements[end] != 0) {
            end++;
        }
        return start >= replacements.length
                ? ""
                : new String(replacements, start, end - start, StandardCharsets.UTF_8);
    }

    private String replaceGraphemes(String text) {
        StringBuilder out = new StringBuilder(text.length());
        Matcher matcher = GRAPHEME.matcher(text);
        while (matcher.find()) {
            byte[] grapheme = matcher.group().getBytes(StandardCharsets.UTF_8);
            Hit hit =
                    grapheme.length < LONGEST_GRAPHEME
                            ? find(grapheme, 0, grapheme.length, false)
                            : new Hit("", 0);
            if (hit.length > 0) {
                out.append(hit.replacement);
            } else {
                matcher.group().codePoints().forEach(c -> replaceCharacter(c, out));
            }
        }
        return out.toString();
    }

    private void replaceCharacter(int codePoint, StringBuilder out) {
        byte[] bytes = Character.toString(codePoint).getBytes(StandardCharsets.UTF_8);
        Hit hit = find(bytes, 0, bytes.length, false);
        if (hit.length > 0) {
            out.append(hit.replacement);
        } else {
            out.appendCodePoint(codePoint);
        }
    }
}
