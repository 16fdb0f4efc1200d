package dev.sluice.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// The configuration files of a directory: config.json and generation_config.json.
///
/// @param config config.json
/// @param generation generation_config.json, empty where there is none
record ModelFolder(ConfigValues config, Optional<ConfigValues> generation) {

    /// What a directory holds: itself where it has safetensors, else its .gguf file.
    ///
    /// @throws ModelFileException if it holds no model
    static Path model(Path directory, String configName) {
        try {
            ModelDirectory contents = new ModelDirectory(directory, configName);
            Optional<String> problem = contents.problem();
            if (problem.isPresent()) {
                throw new ModelFileException(problem.get());
            }
            return contents.model().orElseThrow();
        } catch (IOException e) {
            throw new ModelFileException(directory + " can't be read: " + e.getMessage(), e);
        }
    }

    /// Reads the files.
    ///
    /// @throws ModelFileException if one can't be read, or the weights are quantised in a way that
    ///   Sluice does not read
    static ModelFolder read(Path directory, String configName) {
        ConfigValues config = JsonFiles.readConfig(directory.resolve(configName));
        Path generation = directory.resolve("generation_config.json");
        ModelFolder folder =
                new ModelFolder(
                        config,
                        Files.exists(generation)
                                ? Optional.of(JsonFiles.readConfig(generation))
                                : Optional.empty());
        var _ = folder.declaresBytes();
        return folder;
    }

    /// Whether the files say that there are matrices of bytes with a scale a row.
    ///
    /// @throws ModelFileException if the weights are quantised in another way
    private boolean declaresBytes() {
        boolean outside = QuantizationConfig.declaresBytes(config);
        return QuantizationConfig.declaresBytes(textModel()) || outside;
    }

    /// Checks that bytes are what is known of them.
    ///
    /// @throws ModelFileException if there are some, and no file says what they stand for
    void checkBytes(Weights weights) {
        if (weights.hasBytes() && !declaresBytes()) {
            throw new ModelFileException(
                    "%s says nothing of how the matrices of bytes (I8) are quantised; a quantization_config would"
                            .formatted(config.origin()));
        }
    }

    /// Checks what can be told without the tensors: the family and its sizes, where config.json
    /// names one.
    ///
    /// @throws ModelFileException if Sluice does not know it, or the sizes make no model
    void check() {
        if (isNamed()) {
            ModelFamily family = ModelFamilies.of(config);
            family.config(textModel().withDefaults(family.defaults()));
        }
    }

    private boolean isNamed() {
        return config.has("architectures") || config.has("model_type");
    }

    /// The values of the text model, which multi-modal models keep apart. Their head belongs to the
    /// whole, so that it is the whole that says whether it is tied.
    ConfigValues textModel() {
        String tied = "tie_word_embeddings";
        if (!config.has("text_config")) {
            return config;
        }
        ConfigValues text = config.object("text_config");
        return config.optionalFlag(tied).map(flag -> text.with(tied, flag)).orElse(text);
    }

    /// The family: the one that config.json names, or ERNIE where it names none and the tensors are
    /// called as Paddle calls them.
    ModelFamily family(TensorFile file) {
        boolean isErnie =
                file.tensors().keySet().stream().anyMatch(name -> name.startsWith("ernie."));
        return !isNamed() && isErnie ? new Ernie45ForCausalLM() : ModelFamilies.of(config);
    }

    /// What generation_config.json recommends.
    GenerationDefaults generationDefaults() {
        return generation.map(GenerationDefaults::of).orElse(GenerationDefaults.none());
    }

    /// Tokens that end an answer, by both files; the family's where neither names one.
    ///
    /// @param values of the text model, with the family's defaults
    Set<Integer> eosTokenIds(ConfigValues values) {
        Set<Integer> ids = new TreeSet<>(config.tokenIds("eos_token_id"));
        ids.addAll(textModel().tokenIds("eos_token_id"));
        ids.addAll(generationDefaults().eosTokenIds());
        if (ids.isEmpty()) {
            ids.addAll(values.tokenIds("eos_token_id"));
        }
        return ids;
    }
}
