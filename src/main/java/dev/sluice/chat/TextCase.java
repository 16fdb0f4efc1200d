package dev.sluice.chat;

import java.util.Locale;

/// Upper and lower case, and what kinds of characters a string has, as Python's str sees them.
final class TextCase {
    private TextCase() {}

    static String capitalize(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int end = text.offsetByCodePoints(0, 1);
        String first = titled(text.codePointAt(0));
        // The rest is lowered in its context, which decides the form of a final sigma.
        String lowered = text.toLowerCase(Locale.ROOT);
        String firstLowered = text.substring(0, end).toLowerCase(Locale.ROOT);
        return lowered.startsWith(firstLowered)
                ? first + lowered.substring(firstLowered.length())
                : first + text.substring(end).toLowerCase(Locale.ROOT);
    }

    private static String titled(int c) {
        int title = Character.toTitleCase(c);
        String upper = Character.toString(c).toUpperCase(Locale.ROOT);
        if (title == c && upper.codePointCount(0, upper.length()) > 1) {
            int end = upper.offsetByCodePoints(0, 1);
            return upper.substring(0, end) + upper.substring(end).toLowerCase(Locale.ROOT);
        }
        return Character.toString(title);
    }

    static String title(String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean inWord = false;
        String lowered = text.toLowerCase(Locale.ROOT);
        boolean aligned = lowered.length() == text.length();
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            int size = Character.charCount(c);
            if (!inWord) {
                out.append(titled(c));
            } else if (aligned) {
                out.append(lowered, i, i + size);
            } else {
                out.append(Character.toString(c).toLowerCase(Locale.ROOT));
            }
            inWord = Text.isCased(c);
            i += size;
        }
        return out.toString();
    }

    /// Each character by itself, so that no sigma is a final one.
    static String fold(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c ->
                        Character.toString(c)
                                .toUpperCase(Locale.ROOT)
                                .codePoints()
                                .map(Character::toLowerCase)
                                .forEach(out::appendCodePoint));
        return out.toString();
    }

    static String swap(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c -> {
                    String character = Character.toString(c);
                    if (Character.isUpperCase(c)) {
                        out.append(character.toLowerCase(Locale.ROOT));
                    } else if (Character.isLowerCase(c)) {
                        out.append(character.toUpperCase(Locale.ROOT));
                    } else {
                        out.append(character);
                    }
                });
        return out.toString();
    }

    static boolean isLower(String text) {
        return text.codePoints().anyMatch(Character::isLowerCase)
                && text.codePoints()
                        .noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
    }

    static boolean isUpper(String text) {
        return text.codePoints().anyMatch(Character::isUpperCase)
                && text.codePoints()
                        .noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
    }

    static boolean isTitle(String text) {
        boolean found = false;
        boolean inWord = false;
        for (int c : text.codePoints().toArray()) {
            boolean upper = Character.isUpperCase(c) || Character.isTitleCase(c);
            if ((upper && inWord) || (Character.isLowerCase(c) && !inWord)) {
                return false;
            }
            inWord = upper || Character.isLowerCase(c);
            found |= inWord;
        }
        return found;
    }

    static boolean isIdentifier(String text) {
        return !text.isEmpty()
                && (text.charAt(0) == '_'
                        || Character.isUnicodeIdentifierStart(text.codePointAt(0)))
                && text.codePoints()
                        .allMatch(c -> c == '_' || Character.isUnicodeIdentifierPart(c));
    }

    /// Decimal digits, and superscripts and circled ones.
    static boolean isDigit(int c) {
        return Character.isDigit(c)
                || c == 0xb2
                || c == 0xb3
                || c == 0xb9
                || c == 0x2070
                || (c >= 0x2074 && c <= 0x2079)
                || (c >= 0x2080 && c <= 0x2089)
                || (c >= 0x2460 && c <= 0x2468);
    }

    static boolean isNumeric(int c) {
        int type = Character.getType(c);
        return type == Character.DECIMAL_DIGIT_NUMBER
                || type == Character.LETTER_NUMBER
                || type == Character.OTHER_NUMBER
                || "\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\u5343\u4e07\u3007"
                                .indexOf(c)
                        >= 0;
    }
}
