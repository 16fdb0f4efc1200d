package dev.sluice.grammar;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// The named character classes of regular expressions.
///
/// @see "ECMA-262, CharacterClassEscape and UnicodeMatchProperty; Unicode Standard Annex 44"
final class RegexClasses {
    static final CodePoints DIGIT = CodePoints.range('0', '9');
    static final CodePoints WORD = CodePoints.ofRanges('a', 'z', 'A', 'Z', '0', '9', '_', '_');
    static final CodePoints SPACE =
            CodePoints.ofRanges(
                    9, 13, ' ', ' ', 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029,
                    0x202F, 0x202F, 0x205F, 0x205F, 0x3000, 0x3000, 0xFEFF, 0xFEFF);
    static final CodePoints LINE_END = CodePoints.ofRanges('\n', '\n', '\r', '\r', 0x2028, 0x2029);

    private static final Map<String, Set<Integer>> CATEGORIES =
            Map.ofEntries(
                    Map.entry("Lu", Set.of((int) Character.UPPERCASE_LETTER)),
                    Map.entry("Ll", Set.of((int) Character.LOWERCASE_LETTER)),
                    Map.entry("Lt", Set.of((int) Character.TITLECASE_LETTER)),
                    Map.entry("Lm", Set.of((int) Character.MODIFIER_LETTER)),
                    Map.entry("Lo", Set.of((int) Character.OTHER_LETTER)),
                    Map.entry("Mn", Set.of((int) Character.NON_SPACING_MARK)),
                    Map.entry("Mc", Set.of((int) Character.COMBINING_SPACING_MARK)),
                    Map.entry("Me", Set.of((int) Character.ENCLOSING_MARK)),
                    Map.entry("Nd", Set.of((int) Character.DECIMAL_DIGIT_NUMBER)),
                    Map.entry("Nl", Set.of((int) Character.LETTER_NUMBER)),
                    Map.entry("No", Set.of((int) Character.OTHER_NUMBER)),
                    Map.entry("Pc", Set.of((int) Character.CONNECTOR_PUNCTUATION)),
                    Map.entry("Pd", Set.of((int) Character.DASH_PUNCTUATION)),
                    Map.entry("Ps", Set.of((int) Character.START_PUNCTUATION)),
                    Map.entry("Pe", Set.of((int) Character.END_PUNCTUATION)),
                    Map.entry("Pi", Set.of((int) Character.INITIAL_QUOTE_PUNCTUATION)),
                    Map.entry("Pf", Set.of((int) Character.FINAL_QUOTE_PUNCTUATION)),
                    Map.entry("Po", Set.of((int) Character.OTHER_PUNCTUATION)),
                    Map.entry("Sm", Set.of((int) Character.MATH_SYMBOL)),
                    Map.entry("Sc", Set.of((int) Character.CURRENCY_SYMBOL)),
                    Map.entry("Sk", Set.of((int) Character.MODIFIER_SYMBOL)),
                    Map.entry("So", Set.of((int) Character.OTHER_SYMBOL)),
                    Map.entry("Zs", Set.of((int) Character.SPACE_SEPARATOR)),
                    Map.entry("Zl", Set.of((int) Character.LINE_SEPARATOR)),
                    Map.entry("Zp", Set.of((int) Character.PARAGRAPH_SEPARATOR)),
                    Map.entry("Cc", Set.of((int) Character.CONTROL)),
                    Map.entry("Cf", Set.of((int) Character.FORMAT)),
                    Map.entry("Co", Set.of((int) Character.PRIVATE_USE)),
                    Map.entry("Cn", Set.of((int) Character.UNASSIGNED)));

    private static final Map<String, String> LONG_NAMES =
            Map.ofEntries(
                    Map.entry("letter", "L"),
                    Map.entry("uppercase_letter", "Lu"),
                    Map.entry("lowercase_letter", "Ll"),
                    Map.entry("titlecase_letter", "Lt"),
                    Map.entry("modifier_letter", "Lm"),
                    Map.entry("other_letter", "Lo"),
                    Map.entry("mark", "M"),
                    Map.entry("number", "N"),
                    Map.entry("decimal_number", "Nd"),
                    Map.entry("digit", "Nd"),
                    Map.entry("letter_number", "Nl"),
                    Map.entry("other_number", "No"),
                    Map.entry("punctuation", "P"),
                    Map.entry("punct", "P"),
                    Map.entry("symbol", "S"),
                    Map.entry("currency_symbol", "Sc"),
                    Map.entry("math_symbol", "Sm"),
                    Map.entry("separator", "Z"),
                    Map.entry("space_separator", "Zs"),
                    Map.entry("control", "Cc"),
                    Map.entry("cntrl", "Cc"),
                    Map.entry("other", "C"));

    private static final Map<String, Optional<CodePoints>> KNOWN = new ConcurrentHashMap<>();

    private RegexClasses() {}

    /// A Unicode property by its name: a general category, a script or a binary property. Java does
    /// not know which further scripts a character is used in (`Script_Extensions`).
    static Optional<CodePoints> property(String name) {
        return KNOWN.computeIfAbsent(name, RegexClasses::find);
    }

    private static Optional<CodePoints> find(String name) {
        int equals = name.indexOf('=');
        if (equals >= 0) {
            String value = name.substring(equals + 1);
            return switch (name.substring(0, equals)) {
                case "General_Category", "gc" -> category(value);
                case "Script", "sc" -> script(value);
                default -> Optional.empty();
            };
        }
        return category(name).or(() -> binary(name));
    }

    private static Optional<CodePoints> category(String name) {
        String shortName = LONG_NAMES.getOrDefault(name.toLowerCase(Locale.ROOT), name);
        if (shortName.equals("LC") || shortName.equals("L&")) {
            return Optional.of(all(c -> isOf(c, "Lu") || isOf(c, "Ll") || isOf(c, "Lt")));
        }
        if (CATEGORIES.containsKey(shortName)) {
            return Optional.of(all(c -> isOf(c, shortName)));
        }
        boolean isGroup =
                shortName.length() == 1
                        && CATEGORIES.keySet().stream().anyMatch(key -> key.startsWith(shortName));
        return isGroup
                ? Optional.of(
                        all(c ->
                                CATEGORIES.entrySet().stream()
                                        .filter(entry -> entry.getKey().startsWith(shortName))
                                        .anyMatch(entry ->
                                                entry.getValue().contains(Character.getType(c)))))
                : Optional.empty();
    }

    private static boolean isOf(int codePoint, String category) {
        return CATEGORIES.getOrDefault(category, Set.of()).contains(Character.getType(codePoint));
    }

    private static Optional<CodePoints> script(String name) {
        try {
            Character.UnicodeScript script = Character.UnicodeScript.forName(name);
            return Optional.of(all(c -> Character.UnicodeScript.of(c) == script));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<CodePoints> binary(String name) {
        return switch (name) {
            case "Any" -> Optional.of(CodePoints.ANY);
            case "ASCII" -> Optional.of(CodePoints.range(0, 127));
            case "Assigned" -> Optional.of(all(Character::isDefined));
            case "Alphabetic", "Alpha" -> Optional.of(all(Character::isAlphabetic));
            case "Lowercase", "Lower" -> Optional.of(all(Character::isLowerCase));
            case "Uppercase", "Upper" -> Optional.of(all(Character::isUpperCase));
            case "White_Space", "space" ->
                    Optional.of(
                            CodePoints.ofRanges(
                                    9, 13, 32, 32, 0x85, 0x85, 0xA0, 0xA0, 0x1680, 0x1680, 0x2000,
                                    0x200A, 0x2028, 0x2029, 0x202F, 0x202F, 0x205F, 0x205F, 0x3000,
                                    0x3000));
            case "ASCII_Hex_Digit", "AHex" ->
                    Optional.of(CodePoints.ofRanges('0', '9', 'a', 'f', 'A', 'F'));
            case "Ideographic", "Ideo" -> Optional.of(all(Character::isIdeographic));
            case "Emoji" -> Optional.of(all(Character::isEmoji));
            case "Emoji_Presentation" -> Optional.of(all(Character::isEmojiPresentation));
            case "Extended_Pictographic" -> Optional.of(all(Character::isExtendedPictographic));
            default -> Optional.empty();
        };
    }

    private static CodePoints all(IntPredicate belongs) {
        IntStream.Builder ends = IntStream.builder();
        int first = -1;
        for (int c = 0; c <= Character.MAX_CODE_POINT + 1; c++) {
            boolean in = c <= Character.MAX_CODE_POINT && belongs.test(c);
            if (in && first < 0) {
                first = c;
            } else if (!in && first >= 0) {
                ends.add(first).add(c - 1);
                first = -1;
            }
        }
        return CodePoints.ofRanges(ends.build().toArray());
    }
}
