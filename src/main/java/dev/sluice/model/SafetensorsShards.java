package dev.sluice.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/// The safetensors of a directory: one file, or several through `model.safetensors.index.json`.
final class SafetensorsShards implements TensorFile {
    static final String SINGLE = "model.safetensors";
    static final String INDEX = "model.safetensors.index.json";

    private final Path path;
    private final List<SafetensorsFile> files = new ArrayList<>();
    private final Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    private final Map<String, String> unreadable = new LinkedHashMap<>();

    private SafetensorsShards(Path path) {
        this.path = path;
    }

    /// Maps and checks the files of a directory.
    ///
    /// @throws ModelFileException if one is missing, can't be read or is damaged
    static SafetensorsShards open(Path directory) {
        Path index = directory.resolve(INDEX);
        if (Files.exists(directory.resolve(SINGLE)) || !Files.exists(index)) {
            Path file = singleFile(directory);
            return open(file, List.of(file));
        }
        return open(index, shards(index));
    }

    private static SafetensorsShards open(Path path, List<Path> parts) {
        SafetensorsShards shards = new SafetensorsShards(path);
        boolean complete = false;
        try {
            for (Path part : parts) {
                shards.add(SafetensorsFile.open(part));
            }
            complete = true;
            return shards;
        } finally {
            if (!complete) {
                shards.close();
            }
        }
    }

    private void add(SafetensorsFile file) {
        files.add(file);
        tensors.putAll(file.tensors());
        unreadable.putAll(file.unreadable());
        if (tensors.size() + unreadable.size() > MOST_TENSORS) {
            throw new ModelFileException(
                    "%s has more than %d tensors, which is more than Sluice reads"
                            .formatted(path, MOST_TENSORS));
        }
    }

    private static Path singleFile(Path directory) {
        Path usual = directory.resolve(SINGLE);
        if (Files.exists(usual)) {
            return usual;
        }
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> found =
                    files.filter(file -> file.toString().endsWith(".safetensors")).toList();
            if (found.size() == 1) {
                return found.getFirst();
            }
            throw new ModelFileException(
                    "%s holds %d .safetensors files, but neither %s nor %s"
                            .formatted(directory, found.size(), SINGLE, INDEX));
        } catch (IOException e) {
            throw new ModelFileException(directory + " can't be read: " + e.getMessage(), e);
        }
    }

    private static List<Path> shards(Path index) {
        TreeSet<String> names = new TreeSet<>();
        JsonFiles.readObject(index)
                .path("weight_map")
                .forEach(shard -> names.add(shard.asString("")));
        if (names.isEmpty()) {
            throw new ModelFileException(index + " lists no files");
        }
        for (String name : names) {
            if (!name.matches("[\\w.-]+") || name.startsWith(".")) {
                throw new ModelFileException(
                        "%s lists %s, which is no plain file name".formatted(index, name));
            }
        }
        return names.stream().map(index::resolveSibling).toList();
    }

    @Override
    public Path path() {
        return path;
    }

    @Override
    public Map<String, StoredTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Map<String, String> unreadable() {
        return Collections.unmodifiableMap(unreadable);
    }

    @Override
    public void close() {
        files.forEach(SafetensorsFile::close);
    }
}
