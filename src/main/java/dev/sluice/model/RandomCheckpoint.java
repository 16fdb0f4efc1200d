package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Seeded random weights in the shape of a real model, for benchmarks: in memory, or as files that
/// this and other programs load.
///
/// The same seed gives the same weights. Owns them; what [#load] returned lives on after
/// [#close()]. Call from one thread.
public final class RandomCheckpoint implements AutoCloseable {
    private final RandomShape shape;
    private final ConfigValues values;
    private final ModelConfig config;
    private final RandomTensors tensors;

    RandomCheckpoint(RandomShape shape, long seed) {
        this.shape = shape;
        this.values = shape.values();
        this.config = shape.family().config(values);
        this.tensors = new RandomTensors(shape.name(), config, seed);
    }

    /// Makes the weights. `ernie-4.5-0.3b` takes 212 MB until [#close()], `smollm2-135m` 57 MB.
    ///
    /// @throws ModelFileException if there is no shape of this name
    public static RandomCheckpoint of(String shape, long seed) {
        return new RandomCheckpoint(RandomShape.of(shape), seed);
    }

    /// The names of the shapes.
    public static List<String> shapes() {
        return RandomShape.names();
    }

    /// Sizes and constants.
    public ModelConfig config() {
        return config;
    }

    /// The type of the weights, bfloat16.
    public DType weightType() {
        return DType.BF16;
    }

    /// Packs the weights for a device.
    ///
    /// @return owned by the caller
    /// @throws dev.sluice.compute.DeviceException if there is not enough memory
    public CausalLm load(Device device, Packing packing) {
        Weights weights = Weights.of(tensors, false, name -> name);
        return LoadedWeights.load(
                shape.family(), config, values, device, weights, packing, Optional.empty());
    }

    /// Writes config.json, tokenizer files and bfloat16 safetensors as transformers does.
    ///
    /// @param directory made where it does not exist
    /// @throws ModelFileException if it can't be written
    public void writeSafetensors(Path directory) {
        write(
                directory,
                () -> new CheckpointWriter(shape, config, tensors).transformers(directory));
    }

    /// Writes config.json, tokenizer files and safetensors as Paddle does: fused and transposed
    /// projections, bfloat16 as U16. Shape `ernie-4.5-0.3b` only.
    ///
    /// @param directory made where it does not exist
    /// @throws ModelFileException if it can't be written, or the shape has no such layout
    public void writePaddle(Path directory) {
        if (!(shape.family() instanceof Ernie45ForCausalLM)) {
            throw new ModelFileException(shape.name() + " has no Paddle layout");
        }
        write(directory, () -> new CheckpointWriter(shape, config, tensors).paddle(directory));
    }

    /// Writes a GGUF file that llama.cpp loads as well.
    ///
    /// @param dtype type of the matrices: F32, F16, BF16, Q8_0, Q4_0 or Q4_1; embeddings are never
    ///   smaller than Q8_0
    /// @throws ModelFileException if it can't be written
    public void writeGguf(Path file, DType dtype) {
        write(
                file.toAbsolutePath().normalize().resolveSibling("."),
                () -> new CheckpointWriter(shape, config, tensors).gguf(file, dtype));
    }

    private interface Writing {
        void run() throws IOException;
    }

    private static void write(Path directory, Writing writing) {
        try {
            Files.createDirectories(directory.normalize());
            writing.run();
        } catch (IOException e) {
            throw new ModelFileException(directory + " can't be written: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        tensors.close();
    }
}
