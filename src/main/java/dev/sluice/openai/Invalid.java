package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

/// Makes the answers to requests that are wrong.
final class Invalid {
    private static final String INVALID_VALUE = "invalid_value";

    private Invalid() {}

    /// The body as a whole is wrong.
    static InvalidRequest body(String message) {
        return new InvalidRequest(message, "", INVALID_VALUE);
    }

    /// A field has a wrong value.
    static InvalidRequest field(String name, String message) {
        return new InvalidRequest(message, name, INVALID_VALUE);
    }

    /// A field is missing.
    static InvalidRequest missing(String name) {
        String code = name.equals("messages") ? "missing_required_parameter" : INVALID_VALUE;
        return new InvalidRequest("Field required", name, code);
    }

    /// The prompt leaves no room for an answer.
    static InvalidRequest tooLong(String name, String message) {
        return new InvalidRequest(message, name, "context_length_exceeded");
    }
}
