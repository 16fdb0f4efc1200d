package dev.sluice.model;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/// A directory that may hold a model: `config.json` with safetensors, or one .gguf file.
final class ModelDirectory {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int GGUF_DEPTH = 3;

    /// How the configuration file is called, if nobody says otherwise.
    static final String CONFIG = "config.json";

    private final Path directory;
    private final String configName;

    ModelDirectory(Path directory) {
        this(directory, CONFIG);
    }

    ModelDirectory(Path directory, String configName) {
        this.directory = directory;
        this.configName = configName;
    }

    /// What to load: the directory itself or its .gguf file; empty where something is missing.
    Optional<Path> model() throws IOException {
        if (problem().isPresent()) {
            return Optional.empty();
        }
        List<Path> ggufs = ggufFiles();
        return Optional.of(hasSafetensors() ? directory : ggufs.getFirst());
    }

    /// What is missing, in words; empty where the model is complete. Where the configuration can't
    /// be used either, that is said: no other file would mend it.
    Optional<String> problem() throws IOException {
        return missing().map(what -> configProblem().orElse(what));
    }

    private Optional<String> configProblem() {
        if (!Files.exists(directory.resolve(configName))) {
            return Optional.empty();
        }
        try {
            ModelFolder.read(directory, configName).check();
            return Optional.empty();
        } catch (ModelFileException e) {
            return Optional.of(e.text());
        }
    }

    private Optional<String> missing() throws IOException {
        if (hasSafetensors()) {
            return Files.exists(directory.resolve(configName))
                    ? missingShards()
                    : Optional.of(directory + " has .safetensors files but no " + configName);
        }
        List<Path> ggufs = ggufFiles();
        return switch (ggufs.size()) {
            case 0 -> Optional.of(directory + " holds neither .safetensors nor .gguf files");
            case 1 -> Optional.empty();
            default -> Optional.of(directory + " holds several .gguf files: name one of them");
        };
    }

    private Optional<String> missingShards() throws IOException {
        Path index = directory.resolve(SafetensorsShards.INDEX);
        if (!Files.exists(index) || Files.exists(directory.resolve(SafetensorsShards.SINGLE))) {
            return Optional.empty();
        }
        TreeSet<String> shards = new TreeSet<>();
        try {
            JsonNode map = JSON.readTree(Files.readString(index)).path("weight_map");
            map.forEach(shard -> shards.add(shard.asString("")));
        } catch (JacksonException e) {
            return Optional.of(index + " is no JSON: " + e.getOriginalMessage());
        }
        shards.removeIf(shard -> Files.exists(directory.resolve(shard)));
        return shards.isEmpty()
                ? Optional.empty()
                : Optional.of(directory + " lacks " + String.join(", ", shards));
    }

    private boolean hasSafetensors() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.anyMatch(file -> file.toString().endsWith(".safetensors"));
        }
    }

    private List<Path> ggufFiles() throws IOException {
        try (Stream<Path> files = Files.walk(directory, GGUF_DEPTH)) {
            return files.filter(file -> file.toString().endsWith(".gguf"))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        }
    }
}
