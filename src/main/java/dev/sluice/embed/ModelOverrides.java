package dev.sluice.embed;

import java.util.Optional;

/// What is used instead of what the model's own files say. Immutable.
///
/// @param tokenizer directory with a tokenizer, or a tokenizer.json or SentencePiece file; empty
///   for the model's own
/// @param chatTemplate source of the chat template; empty for the model's own
/// @param configName name of the configuration file in the model's directory
/// @param float32Head whether the output head is computed in float32, whatever the rest is
public record ModelOverrides(
        Optional<String> tokenizer,
        Optional<String> chatTemplate,
        String configName,
        boolean float32Head) {
    /// Name of the configuration file where nobody says otherwise.
    public static final String CONFIG_NAME = "config.json";

    /// All as the model's files say.
    public static final ModelOverrides NONE =
            new ModelOverrides(Optional.empty(), Optional.empty(), CONFIG_NAME, false);
}
