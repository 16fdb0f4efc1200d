package dev.sluice.tokenizer;

import java.text.Normalizer;
import java.util.List;

/// Rewrites text before it is cut. Immutable.
interface TextNormalizer {
    /// Leaves the text as it is.
    TextNormalizer NONE =
            new TextNormalizer() {
                @Override
                public boolean isIdentity() {
                    return true;
                }

                @Override
                public String apply(String text) {
                    return text;
                }
            };

    /// Whether no text changes.
    default boolean isIdentity() {
        return false;
    }

    /// The rewritten text.
    String apply(String text);

    /// One of Unicode's normal forms.
    static TextNormalizer form(Normalizer.Form form) {
        return text -> {
            if (isAscii(text)) {
                return text;
            }
            String ordered = MarkOrder.apply(text, form);
            return Normalizer.isNormalized(ordered, form)
                    ? ordered
                    : Normalizer.normalize(ordered, form);
        };
    }

    /// Puts a text before any that is not empty.
    static TextNormalizer prepend(String prefix) {
        return text -> text.isEmpty() ? text : prefix + text;
    }

    /// Replaces every occurrence of a text; an empty one occurs nowhere.
    static TextNormalizer replace(String wanted, String replacement) {
        return wanted.isEmpty() ? NONE : text -> text.replace(wanted, replacement);
    }

    /// One after the other.
    static TextNormalizer sequence(List<TextNormalizer> steps) {
        List<TextNormalizer> all = List.copyOf(steps);
        return text -> {
            String result = text;
            for (TextNormalizer step : all) {
                result = step.apply(result);
            }
            return result;
        };
    }

    private static boolean isAscii(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) >= 0x80) {
                return false;
            }
        }
        return true;
    }
}
