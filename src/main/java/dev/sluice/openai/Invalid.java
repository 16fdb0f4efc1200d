package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.regex.Pattern;

/// Makes the answers to requests that are wrong.
final class Invalid {
    private static final String INVALID_VALUE = "invalid_value";
    private static final String BETWEEN_FIELDS = "Value error, ";

    private Invalid() {}

    /// The body as a whole is wrong.
    static InvalidRequest body(String message) {
        return new InvalidRequest(message, "", INVALID_VALUE);
    }

    /// A field has a wrong value. The message names it: many clients show nothing else.
    static InvalidRequest field(String name, String message) {
        return new InvalidRequest(named(name, message), name, INVALID_VALUE);
    }

    /// A field is missing.
    static InvalidRequest missing(String name) {
        String code = name.equals("messages") ? "missing_required_parameter" : INVALID_VALUE;
        return new InvalidRequest(named(name, "Field required"), name, code);
    }

    /// The message with the name, unless it has it. What rules between fields begin with stays at
    /// the beginning.
    private static String named(String name, String message) {
        if (names(message, name)) {
            return message;
        }
        return message.startsWith(BETWEEN_FIELDS)
                ? BETWEEN_FIELDS + name + ": " + message.substring(BETWEEN_FIELDS.length())
                : name + ": " + message;
    }

    /// A name that is a common word (`stop`) may stand anywhere without being one.
    private static boolean names(String message, String name) {
        String before = name.matches("[a-z]+") ? "(^|`|" + BETWEEN_FIELDS + ")" : "\\b";
        return Pattern.compile(before + Pattern.quote(name) + "\\b").matcher(message).find();
    }

    /// The prompt leaves no room for an answer.
    static InvalidRequest tooLong(String name, String message) {
        return new InvalidRequest(message, name, "context_length_exceeded");
    }
}
