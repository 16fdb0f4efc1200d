package dev.sluice.conformance;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;

/// One recorded case, or something that cases refer to.
///
/// @param file where it was read
/// @param line in that file, from 1; the position in the list for a file that is one list
/// @param fields a JSON object
record Row(Path file, int line, JsonNode fields) {
    boolean has(String... names) {
        for (String name : names) {
            if (!fields.has(name)) {
                return false;
            }
        }
        return true;
    }

    /// A field that is a string; what it is spelled as otherwise.
    String text(String name) {
        return fields.path(name).asString();
    }

    JsonNode get(String name) {
        return fields.path(name);
    }

    /// For messages.
    String place() {
        return file.getFileName() + ":" + line;
    }
}
