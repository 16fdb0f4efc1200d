package dev.sluice.model;

import dev.sluice.compute.Shape;

import tools.jackson.databind.ObjectMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Copies of checkpoints with more tokens, so that the vocabulary can be spread over ranks; those
/// of the parity checkpoints are a prime number. The tokens that are added have no weights and no
/// prompt has them.
final class WiderVocabulary {
    /// Can be spread over 2, 3, 4, 6, 8 and 9 ranks.
    private static final int TOKENS = 216;

    private static final String CONFIG = "config.json";
    private static final String WEIGHTS = "model.safetensors";

    private WiderVocabulary() {}

    /// Copies a directory with one file of weights.
    static void copy(Path checkpoint, Path target) throws IOException {
        ObjectMapper json = new ObjectMapper();
        ObjectNode config =
                (ObjectNode) json.readTree(Files.readString(checkpoint.resolve(CONFIG)));
        int tokens = config.get("vocab_size").intValue();
        Files.writeString(target.resolve(CONFIG), config.put("vocab_size", TOKENS).toString());
        try (SafetensorsFile file = SafetensorsFile.open(checkpoint.resolve(WEIGHTS));
                Arena arena = Arena.ofConfined()) {
            List<StoredTensor> tensors =
                    file.tensors().values().stream()
                            .map(tensor -> widened(tensor, tokens, arena))
                            .toList();
            SafetensorsWriter.write(target.resolve(WEIGHTS), tensors, "BF16");
        }
    }

    /// More rows, or where the file has the output head the other way round more columns.
    private static StoredTensor widened(StoredTensor tensor, int tokens, Arena arena) {
        Shape shape = tensor.shape();
        if (!tensor.name().contains("embed_tokens") && !tensor.name().contains("lm_head")) {
            return tensor;
        }
        boolean transposed = shape.dim(0) != tokens;
        int rows = transposed ? shape.dim(0) : TOKENS;
        int columns = transposed ? TOKENS : shape.dim(1);
        long bytes = tensor.data().byteSize() / shape.elements();
        MemorySegment data = arena.allocate(bytes * rows * columns);
        long width = bytes * shape.dim(1);
        for (int row = 0; row < shape.dim(0); row++) {
            MemorySegment.copy(tensor.data(), row * width, data, bytes * row * columns, width);
        }
        return new StoredTensor(tensor.name(), tensor.dtype(), Shape.of(rows, columns), data);
    }
}
