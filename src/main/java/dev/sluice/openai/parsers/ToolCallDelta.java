package dev.sluice.openai.parsers;

import java.util.Optional;

/// News of one call of a tool.
///
/// @param index of the call in its answer
/// @param begin id and name, in the first delta of a call only
/// @param arguments the next slice of the arguments' JSON text; may be empty
public record ToolCallDelta(int index, Optional<Begin> begin, String arguments) {

    /// What a call begins with.
    ///
    /// @param id `chatcmpl-tool-` and 32 hexadecimal digits
    /// @param name of the function
    public record Begin(String id, String name) {}
}
