package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/// A model on disk: its configuration and its mapped weights, ready to be loaded onto a device.
///
/// Owns the mapping. What [#load] returned lives on after [#close()]. Call from one thread.
public final class ModelCheckpoint implements AutoCloseable {
    private final TensorFile file;
    private final ModelFamily family;
    private final ConfigValues values;
    private final ModelConfig config;
    private final Weights weights;
    private final Map<String, Object> ggufMetadata;
    private final GenerationDefaults generationDefaults;
    private final Set<Integer> eosTokenIds;

    private ModelCheckpoint(GgufFile file) {
        this.file = file;
        ConfigValues given = GgufConfig.read(file);
        this.family = ModelFamilies.of(given);
        this.values = given.withDefaults(family.defaults());
        this.config = family.config(values);
        this.weights = weights(true, new GgufNames(family.ggufNames())::translate);
        this.ggufMetadata = file.metadata();
        this.generationDefaults = GenerationDefaults.none();
        this.eosTokenIds = GgufEndTokens.of(ggufMetadata);
    }

    private ModelCheckpoint(SafetensorsShards file, ModelFolder folder) {
        this.file = file;
        this.family = folder.family(file);
        this.values = folder.textModel().withDefaults(family.defaults());
        this.config = family.config(values);
        this.weights = weights(false, SafetensorsNames::canonical);
        folder.checkBytes(weights);
        this.ggufMetadata = Map.of();
        this.generationDefaults = folder.generationDefaults();
        this.eosTokenIds = folder.eosTokenIds(values);
    }

    private Weights weights(boolean gguf, UnaryOperator<String> names) {
        Weights named = Weights.of(file, gguf, names);
        family.arrange(config, named);
        return named;
    }

    /// Opens a .gguf file, or a directory that holds one or config.json with safetensors.
    ///
    /// @throws ModelFileException if it can't be read, is damaged or of a kind that Sluice does not
    ///   know
    public static ModelCheckpoint open(Path path) {
        return open(path, ModelDirectory.CONFIG);
    }

    /// Opens a model whose configuration file has another name than config.json.
    ///
    /// @throws ModelFileException as above
    public static ModelCheckpoint open(Path path, String configName) {
        Path model = Files.isDirectory(path) ? ModelFolder.model(path, configName) : path;
        return Files.isDirectory(model)
                ? open(model, ModelFolder.read(model, configName))
                : open(GgufFile.open(model), ModelCheckpoint::new);
    }

    private static ModelCheckpoint open(Path directory, ModelFolder folder) {
        folder.check();
        return open(
                SafetensorsShards.open(directory), shards -> new ModelCheckpoint(shards, folder));
    }

    /// Closes the file where it makes no checkpoint.
    private static <F extends TensorFile> ModelCheckpoint open(
            F file, Function<F, ModelCheckpoint> read) {
        boolean complete = false;
        try {
            ModelCheckpoint checkpoint = read.apply(file);
            complete = true;
            return checkpoint;
        } finally {
            if (!complete) {
                file.close();
            }
        }
    }

    /// Checks that every tensor is there in the shape that the configuration asks for. Takes a
    /// moment: no matrix is read.
    ///
    /// @throws ModelFileException if one is missing or has another shape
    public void check() {
        LoadedWeights.check(family, config, values, weights);
    }

    /// Sizes and constants.
    public ModelConfig config() {
        return config;
    }

    /// The key-value pairs of a GGUF file, unmodifiable; empty for a directory.
    ///
    /// Numbers are `Long` and `Double`, truth values `Boolean`, texts `String`. Arrays are
    /// `String[]`, `int[]` (from 8 to 32 bits), `long[]`, `float[]`, `double[]` and `boolean[]`; do
    /// not write to them. Unsigned values above the Java type's range are the negative number of
    /// their bits.
    public Map<String, Object> ggufMetadata() {
        return ggufMetadata;
    }

    /// What generation_config.json recommends; nothing for GGUF.
    public GenerationDefaults generationDefaults() {
        return generationDefaults;
    }

    /// Tokens that end an answer, in ascending order; may be empty.
    public Set<Integer> eosTokenIds() {
        return Collections.unmodifiableSet(eosTokenIds);
    }

    /// The type that most of the weights have.
    public DType weightType() {
        return weights.predominantType();
    }

    /// Packs the weights for a device, and gives the pages of the mapped file back to the operating
    /// system meanwhile.
    ///
    /// @return owned by the caller
    /// @throws ModelFileException if a tensor is missing or has another shape
    /// @throws dev.sluice.compute.DeviceException if there is not enough memory
    public CausalLm load(Device device, Packing packing) {
        return load(device, packing, Optional.empty());
    }

    /// The same with an output head that is packed another way.
    ///
    /// @param head empty for the same way as the rest
    public CausalLm load(Device device, Packing packing, Optional<Packing> head) {
        return LoadedWeights.load(family, config, values, device, weights, packing, head);
    }

    @Override
    public void close() {
        file.close();
    }
}
