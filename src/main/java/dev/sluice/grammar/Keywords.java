package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.math.BigDecimal;

/// Reads the values of keywords.
final class Keywords {
    private Keywords() {}

    static String text(JsonNode value, String keyword) throws GrammarException {
        if (!value.isString()) {
            throw GrammarException.malformed("%s must be a string".formatted(keyword));
        }
        return value.stringValue();
    }

    static BigDecimal number(JsonNode value) throws GrammarException {
        if (!value.isNumber()) {
            throw GrammarException.malformed("%s is not a number".formatted(value));
        }
        boolean binary = value.isDouble() || value.isFloat();
        if (binary && !Double.isFinite(value.doubleValue())) {
            throw GrammarException.tooLarge("a number of the schema is not finite");
        }
        return value.decimalValue();
    }

    /// A number of characters, items or members.
    ///
    /// @param otherwise what holds without the keyword
    static int count(JsonNode node, String keyword, int otherwise) throws GrammarException {
        JsonNode value = node.get(keyword);
        if (value == null) {
            return otherwise;
        }
        BigDecimal number = value.isNumber() ? number(value) : BigDecimal.ONE.negate();
        if (number.signum() < 0 || number.stripTrailingZeros().scale() > 0) {
            throw GrammarException.malformed(
                    "%s must be a number from 0 on without a fraction".formatted(keyword));
        }
        // No text is long enough for the difference to matter.
        return number.min(BigDecimal.valueOf(Repeat.UNBOUNDED - 1L)).intValue();
    }

    static JsonNode object(JsonNode node, String keyword) throws GrammarException {
        JsonNode value = node.path(keyword);
        if (!value.isMissingNode() && !value.isObject()) {
            throw GrammarException.malformed("%s must be an object".formatted(keyword));
        }
        return value;
    }
}
