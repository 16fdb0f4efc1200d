package dev.sluice.model;

import java.util.List;

/// Brings the tensor names of checkpoints to one form: those of a text model within a multi-modal
/// one, and those of a model that was saved without its head.
final class SafetensorsNames {
    private static final List<String> MODEL_PREFIXES =
            List.of("language_model.model.", "model.language_model.", "ernie.");
    private static final List<String> BARE = List.of("embed_tokens.", "layers.", "norm.");

    private SafetensorsNames() {}

    /// The name below `model.`, or `lm_head`.
    static String canonical(String name) {
        for (String prefix : MODEL_PREFIXES) {
            if (name.startsWith(prefix)) {
                return "model." + name.substring(prefix.length());
            }
        }
        if (name.startsWith("language_model.lm_head.")) {
            return name.substring("language_model.".length());
        }
        return BARE.stream().anyMatch(name::startsWith) ? "model." + name : name;
    }
}
