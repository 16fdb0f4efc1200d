package dev.sluice.model;

import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/// Loads the weights of one model onto a device, and owns what it has loaded.
///
/// Packs one matrix after the other and gives the mapped pages of each back to the operating
/// system, so that no more than one source matrix is in memory at a time beside the packed ones.
final class LoadedWeights implements AutoCloseable {
    private final Optional<Device> device;
    private final Weights source;
    private final Packing packing;
    private final Optional<Packing> head;
    private final Arena hostMemory = Arena.ofShared();
    private final List<PackedMatrix> matrices = new ArrayList<>();
    private final List<Tensor> vectors = new ArrayList<>();

    private LoadedWeights(
            Optional<Device> device, Weights source, Packing packing, Optional<Packing> head) {
        this.device = device;
        this.source = source;
        this.packing = packing;
        this.head = head;
    }

    /// Loads a model.
    ///
    /// @param values with the family's defaults behind them
    /// @param head how the output head is packed; empty for the same way as the rest
    /// @return owned by the caller; nothing is left on the device if this throws
    static CausalLm load(
            ModelFamily family,
            ModelConfig config,
            ConfigValues values,
            Device device,
            Weights source,
            Packing packing,
            Optional<Packing> head) {
        LoadedWeights loaded = new LoadedWeights(Optional.of(device), source, packing, head);
        boolean complete = false;
        try {
            CausalLm model = family.load(config, values, loaded);
            complete = true;
            return model;
        } finally {
            if (!complete) {
                loaded.close();
            }
        }
    }

    /// Goes through the weights of a model as [#load] does, but packs none.
    ///
    /// @throws ModelFileException if a tensor is missing or has another shape
    static void check(ModelFamily family, ModelConfig config, ConfigValues values, Weights source) {
        LoadedWeights asked =
                new LoadedWeights(Optional.empty(), source, Packing.SOURCE, Optional.empty());
        try {
            family.load(config, values, asked);
        } finally {
            asked.close();
        }
    }

    /// A matrix that was found but not packed.
    private record Found(int rows, int cols) implements PackedMatrix {
        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public String format() {
            return "none";
        }
    }

    /// Some rows of a projection, a part of several that lie together.
    ///
    /// @param name the part's own name
    record Part(String name, int rows) {}

    /// The weights as the file has them.
    Weights source() {
        return source;
    }

    /// A projection, or several that share their input packed as one: its output has the rows of
    /// the first, then those of the second, and so on.
    ///
    /// @param biased whether each part has a bias
    Linear linear(int cols, boolean biased, Part... parts) {
        List<MatrixSource> sources =
                Arrays.stream(parts)
                        .map(part -> source.matrix(part.name + ".weight", part.rows, cols))
                        .toList();
        PackedMatrix weight = pack(sources, packing);
        return new Linear(weight, biased ? Optional.of(bias(parts)) : Optional.empty());
    }

    private Tensor bias(Part... parts) {
        float[] bias = new float[Arrays.stream(parts).mapToInt(Part::rows).sum()];
        int start = 0;
        for (Part part : parts) {
            float[] values = source.vector(part.name + ".bias", part.rows);
            System.arraycopy(values, 0, bias, start, part.rows);
            start += part.rows;
        }
        return upload(bias);
    }

    /// The output head, or the table that is one too.
    PackedMatrix head(String name, int rows, int cols) {
        return head.isEmpty()
                ? table(name, rows, cols)
                : pack(List.of(source.matrix(name, rows, cols)), head.get());
    }

    /// An embedding table or output head. 4-bit packing makes 8-bit tables: every token passes
    /// through them, and they are what 4 bits harm most.
    PackedMatrix table(String name, int rows, int cols) {
        Packing table = packing == Packing.INT4 ? Packing.INT8 : packing;
        return pack(List.of(source.matrix(name, rows, cols)), table);
    }

    private PackedMatrix pack(List<MatrixSource> sources, Packing as) {
        if (device.isEmpty()) {
            int rows = sources.stream().mapToInt(MatrixSource::rows).sum();
            return new Found(rows, sources.getFirst().cols());
        }
        PackedMatrix matrix = device.get().pack(sources, as);
        matrices.add(matrix);
        sources.forEach(part -> TensorBytes.release(part.data()));
        return matrix;
    }

    /// A norm.
    ///
    /// @param offset added to each weight; 1 where the file holds the difference from 1
    RmsNorm rmsNorm(String name, int length, float eps, float offset) {
        float[] weight = source.vector(name, length);
        for (int i = 0; i < length; i++) {
            weight[i] += offset;
        }
        return new RmsNorm(upload(weight), eps);
    }

    private Tensor upload(float[] values) {
        Shape shape = Shape.of(values.length);
        if (device.isEmpty()) {
            return Tensor.contiguous(DType.F32, shape, MemorySegment.ofArray(values));
        }
        Tensor tensor = device.get().allocate(DType.F32, shape);
        vectors.add(tensor);
        try (Arena scratch = Arena.ofConfined()) {
            device.get().upload(scratch.allocateFrom(ValueLayout.JAVA_FLOAT, values), tensor);
        }
        return tensor;
    }

    /// Constants in host memory that live as long as the weights.
    MemorySegment constants(float[] values) {
        return hostMemory.allocateFrom(ValueLayout.JAVA_FLOAT, values);
    }

    /// The device that has them.
    Device device() {
        return device.orElseThrow();
    }

    /// Bytes of device memory that the weights take.
    long bytes() {
        return matrices.stream().mapToLong(PackedMatrix::bytes).sum()
                + vectors.stream().mapToLong(v -> v.dtype().bytesFor(v.shape().elements())).sum();
    }

    /// The format that most bytes are in.
    String format() {
        Map<String, Long> bytes =
                matrices.stream()
                        .collect(
                                Collectors.groupingBy(
                                        PackedMatrix::format,
                                        Collectors.summingLong(PackedMatrix::bytes)));
        return Collections.max(bytes.entrySet(), Map.Entry.comparingByValue()).getKey();
    }

    @Override
    public void close() {
        device.ifPresent(owner -> matrices.reversed().forEach(owner::release));
        matrices.clear();
        device.ifPresent(owner -> vectors.reversed().forEach(owner::release));
        vectors.clear();
        if (hostMemory.scope().isAlive()) {
            hostMemory.close();
        }
    }
}
