package dev.sluice.cli;

import dev.sluice.embed.ModelOverrides;

import picocli.CommandLine.Option;

import java.util.Optional;

/// What is used instead of what the model's own files say.
final class OverrideFlags {
    @Option(
            names = "--tokenizer",
            paramLabel = "PATH",
            description =
                    "Directory with a tokenizer, or a tokenizer.json or SentencePiece file."
                            + " Default: the model's own")
    private Optional<String> tokenizer = Optional.empty();

    @Option(
            names = "--model-config-name",
            paramLabel = "NAME",
            defaultValue = ModelOverrides.CONFIG_NAME,
            description =
                    "Name of the configuration file in the model's directory."
                            + " Default: ${DEFAULT-VALUE}")
    private String configName = ModelOverrides.CONFIG_NAME;

    @Option(
            names = "--lm-head-fp32",
            description = "Computes the output head in float32, whatever the rest is.")
    private boolean float32Head;

    ModelOverrides toOverrides(Optional<String> chatTemplate) {
        return new ModelOverrides(tokenizer, chatTemplate, configName, float32Head);
    }
}
