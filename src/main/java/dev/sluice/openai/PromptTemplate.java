package dev.sluice.openai;

import java.util.Map;

/// Turns the messages of a chat into prompt text. Immutable and safe for use by several threads.
@FunctionalInterface
public interface PromptTemplate {

    /// Renders.
    ///
    /// @param variables what the template may name; values are strings, numbers, booleans, lists,
    ///   maps and null
    /// @throws IllegalArgumentException if the template refuses the variables; the message is for
    ///   the client
    String render(Map<String, ?> variables);
}
