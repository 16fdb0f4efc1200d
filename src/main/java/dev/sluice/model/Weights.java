package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.Shape;
import dev.sluice.model.LoadedWeights.Part;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/// The weights of a checkpoint by the names that transformers gives them, whatever format they lie
/// in: matrices, and vectors (norms, biases).
///
/// The data belongs to the mapped file and ends with it. Not safe for use by several threads.
final class Weights {
    private final Path path;
    private final boolean gguf;
    private final Map<String, MatrixSource> matrices = new HashMap<>();
    private final Map<String, VectorSource> vectors = new HashMap<>();
    private final Map<String, String> unreadable = new HashMap<>();
    private final Map<String, String> namesInFile = new LinkedHashMap<>();
    private final Set<String> asked = new HashSet<>();

    private Weights(Path path, boolean gguf) {
        this.path = path;
        this.gguf = gguf;
    }

    /// Names the tensors of a file.
    ///
    /// @param gguf whether the values are as GGUF's converter leaves them
    /// @param names transformers' name for the file's
    static Weights of(TensorFile file, boolean gguf, UnaryOperator<String> names) {
        Weights weights = new Weights(file.path(), gguf);
        file.tensors().forEach((name, tensor) -> weights.put(weights.named(names, name), tensor));
        file.unreadable()
                .forEach((name, type) -> weights.unreadable.put(weights.named(names, name), type));
        weights.matrices.replaceAll(weights::withScales);
        return weights;
    }

    private String named(UnaryOperator<String> names, String inFile) {
        String name = names.apply(inFile);
        namesInFile.put(name, inFile);
        return name;
    }

    /// The scales of bytes are a tensor of their own, `[rows]` or `[rows, 1]`.
    private MatrixSource withScales(String name, MatrixSource matrix) {
        if (matrix.dtype() != DType.I8) {
            return matrix;
        }
        String zeros = name + "_zero_point";
        if (has(zeros) || unreadable.containsKey(zeros)) {
            throw new ModelFileException(
                    "%s has the tensor %s as I8 with zero points, which Sluice does not read"
                            .formatted(path, name));
        }
        String scales = name + "_scale";
        if (vectors.containsKey(scales)) {
            return matrix.withRowScales(vector(scales, matrix.rows()));
        }
        if (!matrices.containsKey(scales)) {
            return matrix;
        }
        MatrixSource column = matrix(scales, matrix.rows(), 1);
        VectorSource rows =
                new VectorSource(column.data(), column.dtype(), column.rows(), Optional.empty());
        return matrix.withRowScales(rows.read());
    }

    /// Whether there are matrices of bytes.
    boolean hasBytes() {
        return matrices.values().stream().anyMatch(matrix -> matrix.dtype() == DType.I8);
    }

    private void put(String name, StoredTensor tensor) {
        Shape shape = tensor.shape();
        DType dtype = tensor.dtype();
        if (shape.rank() == 2 && dtype != DType.I32) {
            put(name, MatrixSource.of(tensor.data(), dtype, shape.dim(0), shape.dim(1)));
        } else if (shape.rank() == 1 && !dtype.isQuantized() && dtype != DType.I32) {
            vectors.put(
                    name, new VectorSource(tensor.data(), dtype, shape.dim(0), Optional.empty()));
        } else {
            unreadable.put(name, dtype + " " + shape);
        }
    }

    /// Adds or replaces a matrix.
    void put(String name, MatrixSource matrix) {
        matrices.put(name, matrix);
    }

    /// Whether the values are as GGUF's converter leaves them.
    boolean isGguf() {
        return gguf;
    }

    /// Whether there is a tensor of this name.
    boolean has(String name) {
        return matrices.containsKey(name) || vectors.containsKey(name);
    }

    /// A matrix.
    ///
    /// @throws ModelFileException if it is missing or has another shape
    MatrixSource matrix(String name, int rows, int cols) {
        asked.add(name);
        MatrixSource matrix = matrices.get(name);
        if (matrix == null) {
            throw missing(name);
        }
        if (matrix.rows() != rows || matrix.cols() != cols) {
            throw misshapen(name, Shape.of(matrix.rows(), matrix.cols()), Shape.of(rows, cols));
        }
        if (matrix.dtype() == DType.I8 && matrix.rowScales().isEmpty()) {
            throw missing(name + "_scale");
        }
        return matrix;
    }

    /// A vector as float32.
    ///
    /// @throws ModelFileException if it is missing or has another length
    float[] vector(String name, int length) {
        asked.add(name);
        VectorSource vector = vectors.get(name);
        if (vector == null) {
            throw missing(name);
        }
        if (vector.length() != length) {
            throw misshapen(name, Shape.of(vector.length()), Shape.of(length));
        }
        return vector.read();
    }

    /// Checks that a GGUF file has no tensor in a layer that was not asked for: its model computes
    /// something with it. Other formats say in their configuration what the model computes.
    ///
    /// @throws ModelFileException with the first one
    void checkLayersAreRead() {
        if (!gguf) {
            return;
        }
        namesInFile.forEach((name, inFile) -> {
            if (inFile.startsWith("blk.") && !asked.contains(name)) {
                throw new ModelFileException(
                        "%s has the tensor %s, for which Sluice has no use in a model of this kind"
                                .formatted(path, inFile));
            }
        });
    }

    /// Reorders the rows of a matrix or the elements of a vector, where there is one of this name:
    /// `order[i]` is where the file has row `i`.
    void reorder(String name, int[] order) {
        matrices.computeIfPresent(name, (_, matrix) -> matrix.withRowOrder(order));
        vectors.computeIfPresent(name, (_, vector) -> vector.withOrder(order));
    }

    /// Whether the file's own name for a tensor begins in a certain way.
    boolean isNamedInFile(String name, String prefix) {
        return namesInFile.getOrDefault(name, "").startsWith(prefix);
    }

    /// Whether two matrices of one shape are there and hold different numbers. Reads both.
    boolean differ(String one, String other) {
        MatrixSource a = matrices.get(one);
        MatrixSource b = matrices.get(other);
        if (a == null || b == null || a.rows() != b.rows() || a.cols() != b.cols()) {
            return false;
        }
        boolean differ = !TensorBytes.areEqual(a, b);
        TensorBytes.release(b.data());
        return differ;
    }

    /// Whether there is a matrix of this shape.
    boolean isShaped(String name, int rows, int cols) {
        MatrixSource matrix = matrices.get(name);
        return matrix != null && matrix.rows() == rows && matrix.cols() == cols;
    }

    /// Takes what the file has as `[rows, cols]` for a `[cols, rows]` that it stores transposed,
    /// where there is a matrix of this name.
    ///
    /// @throws ModelFileException if its type has blocks, which do not transpose
    void transpose(String name) {
        MatrixSource stored = matrices.get(name);
        if (stored == null) {
            return;
        }
        if (stored.dtype().isQuantized()) {
            throw new ModelFileException(
                    "%s stores %s transposed as %s, which Sluice does not read"
                            .formatted(path, name, stored.dtype()));
        }
        matrices.put(
                name,
                new MatrixSource(
                        stored.data(),
                        stored.dtype(),
                        stored.cols(),
                        stored.rows(),
                        stored.rowStride(),
                        true,
                        Optional.empty()));
    }

    /// Names the rows of a matrix or the elements of a vector that holds several one after the
    /// other, where there is one of this name.
    ///
    /// @throws ModelFileException if it does not hold just as many
    void split(String whole, Part... parts) {
        int length = Arrays.stream(parts).mapToInt(Part::rows).sum();
        MatrixSource matrix = matrices.get(whole);
        if (matrix != null && matrix.rows() != length) {
            throw misshapen(
                    whole, Shape.of(matrix.rows(), matrix.cols()), Shape.of(length, matrix.cols()));
        }
        VectorSource vector = vectors.get(whole);
        if (vector != null && vector.length() != length) {
            throw misshapen(whole, Shape.of(vector.length()), Shape.of(length));
        }
        int from = 0;
        for (Part part : parts) {
            if (matrix != null) {
                matrices.put(part.name(), matrix.rows(from, from + part.rows()));
            }
            if (vector != null) {
                vectors.put(part.name(), vector.slice(from, part.rows()));
            }
            from += part.rows();
        }
    }

    /// Whether a matrix has one of the block types.
    boolean hasQuantized() {
        return matrices.values().stream().anyMatch(matrix -> matrix.dtype().isQuantized());
    }

    /// The type that most elements of the matrices have.
    DType predominantType() {
        Map<DType, Long> elements = new EnumMap<>(DType.class);
        matrices.values()
                .forEach(matrix ->
                        elements.merge(
                                matrix.dtype(), (long) matrix.rows() * matrix.cols(), Long::sum));
        return elements.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElseThrow(() -> new ModelFileException(path + " holds no weights"));
    }

    private ModelFileException missing(String name) {
        String type = unreadable.get(name);
        if (type == null) {
            return new ModelFileException(path + " lacks the tensor " + name);
        }
        return new ModelFileException(
                "%s has the tensor %s as %s, which Sluice does not read; it reads F32, F16, BF16, I8 with a scale a row (of a multiple of 32 numbers) and, in GGUF, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K and Q6_K"
                        .formatted(path, name, type));
    }

    private ModelFileException misshapen(String name, Shape found, Shape expected) {
        return new ModelFileException(
                "%s has the tensor %s in the shape %s where its configuration asks for %s"
                        .formatted(path, name, found, expected));
    }
}
