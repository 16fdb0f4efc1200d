package dev.sluice.chat;

import java.util.Locale;

/// Upper and lower case, and what kinds of characters a string has, as Python's str sees them.
final class TextCase {
    private static final char SIGMA = '\u03a3';
    private static final char FINAL_SIGMA = '\u03c2';
    private static final char DOTTED_I = '\u0130';
    private static final char DOTLESS_I = '\u0131';
    private static final String DOTTED_I_LOWERED = "i\u0307";
    private static final String CASE_IGNORABLE =
            "'.:\u00b7\u0387\u055f\u05f4\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a";

    private TextCase() {}

    /// `str.lower`, in linear time, which Java's takes neither for final sigmas nor for what grows.
    /// Counts what it makes.
    static String lower(Render render, String text) {
        if (text.indexOf(SIGMA) < 0 && text.indexOf(DOTTED_I) < 0) {
            render.produce(text.length());
            return text.toLowerCase(Locale.ROOT);
        }
        StringBuilder out = new StringBuilder(text.length());
        boolean afterCased = false;
        int openSigma = Integer.MAX_VALUE;
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            i += Character.charCount(c);
            boolean ignorable = isCaseIgnorable(c);
            if (!ignorable) {
                if (openSigma < out.length() && !Text.isCased(c)) {
                    out.setCharAt(openSigma, FINAL_SIGMA);
                }
                openSigma = c == SIGMA && afterCased ? out.length() : Integer.MAX_VALUE;
                afterCased = Text.isCased(c);
            }
            int before = out.length();
            if (c == DOTTED_I) {
                out.append(DOTTED_I_LOWERED);
            } else {
                out.appendCodePoint(Character.toLowerCase(c));
            }
            render.produce(out.length() - before);
        }
        if (openSigma < out.length()) {
            out.setCharAt(openSigma, FINAL_SIGMA);
        }
        return out.toString();
    }

    /// What doesn't matter for whether a sigma is the last letter of a word.
    private static boolean isCaseIgnorable(int c) {
        return switch (Character.getType(c)) {
            case Character.NON_SPACING_MARK,
                    Character.ENCLOSING_MARK,
                    Character.FORMAT,
                    Character.MODIFIER_LETTER,
                    Character.MODIFIER_SYMBOL ->
                    true;
            default -> CASE_IGNORABLE.indexOf(c) >= 0;
        };
    }

    /// `str.upper`, in linear time, also where characters grow. Counts what it makes.
    static String upper(Render render, String text) {
        if (text.chars().allMatch(c -> c < 0x80)) {
            render.produce(text.length());
            return text.toUpperCase(Locale.ROOT);
        }
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c -> {
                    int before = out.length();
                    out.append(Character.toString(c).toUpperCase(Locale.ROOT));
                    render.produce(out.length() - before);
                });
        return out.toString();
    }

    static String capitalize(Render render, String text) {
        if (text.isEmpty()) {
            return text;
        }
        int end = text.offsetByCodePoints(0, 1);
        String first = titled(text.codePointAt(0));
        // The rest is lowered in its context, which decides the form of a final sigma.
        String lowered = lower(render, text);
        String firstLowered = text.substring(0, end).toLowerCase(Locale.ROOT);
        return lowered.startsWith(firstLowered)
                ? first + lowered.substring(firstLowered.length())
                : first + lower(render, text.substring(end));
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

    static String title(Render render, String text) {
        StringBuilder out = new StringBuilder(text.length());
        boolean inWord = false;
        // Only this one changes its length; without it, places are the same in both.
        String lowered = lower(render, text.replace(DOTTED_I, 'I'));
        for (int i = 0; i < text.length(); ) {
            int c = text.codePointAt(i);
            int size = Character.charCount(c);
            if (!inWord) {
                out.append(titled(c));
            } else if (c == DOTTED_I) {
                out.append(DOTTED_I_LOWERED);
            } else {
                out.append(lowered, i, i + size);
            }
            inWord = Text.isCased(c);
            i += size;
        }
        return out.toString();
    }

    /// Each character by itself, so that no sigma is a final one.
    static String fold(Render render, String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c -> {
                    int before = out.length();
                    if (c == DOTTED_I) {
                        out.append(DOTTED_I_LOWERED);
                    } else if (c == DOTLESS_I) {
                        out.append(DOTLESS_I);
                    } else {
                        Character.toString(c)
                                .toUpperCase(Locale.ROOT)
                                .codePoints()
                                .map(Character::toLowerCase)
                                .forEach(out::appendCodePoint);
                    }
                    render.produce(out.length() - before);
                });
        return out.toString();
    }

    static String swap(Render render, String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c -> {
                    int before = out.length();
                    String character = Character.toString(c);
                    if (Character.isUpperCase(c)) {
                        out.append(character.toLowerCase(Locale.ROOT));
                    } else if (Character.isLowerCase(c)) {
                        out.append(character.toUpperCase(Locale.ROOT));
                    } else {
                        out.append(character);
                    }
                    render.produce(out.length() - before);
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

    /// A letter or a number of any kind.
    static boolean isAlphanumeric(int c) {
        return Character.isLetter(c) || isNumeric(c);
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
