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
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Loads the weights of one model onto a device, and owns what it has loaded.
///
/// Packs one matrix after the other and gives the mapped pages of each back to the operating
/// system, so that no more than one source matrix is in memory at a time beside the packed ones.
/// Where the device has several ranks, each gets its share.
final class LoadedWeights implements AutoCloseable {
    private final Optional<Device> device;
    private final Weights source;
    private final Packing packing;
    private final Optional<Packing> head;
    private final List<Shard> shards;
    private final Arena hostMemory = Arena.ofShared();
    private final List<PackedMatrix> matrices = new ArrayList<>();
    private final List<Tensor> vectors = new ArrayList<>();

    private LoadedWeights(
            Optional<Device> device, Weights source, Packing packing, Optional<Packing> head) {
        this.device = device;
        this.source = source;
        this.packing = packing;
        this.head = head;
        int ranks = device.map(Device::ranks).orElse(1);
        this.shards = IntStream.range(0, ranks).mapToObj(r -> new Shard(r, ranks)).toList();
    }

    /// Loads a model.
    ///
    /// @param values with the family's defaults behind them
    /// @param head how the output head is packed; empty for the same way as the rest
    /// @return owned by the caller; nothing is left on the device if this throws
    /// @throws ShardingException if the model can't be spread over the device's ranks
    static CausalLm load(
            ModelFamily family,
            ModelConfig config,
            ConfigValues values,
            Device device,
            Weights source,
            Packing packing,
            Optional<Packing> head) {
        new RankCounts(config, source.hasQuantized()).check(device.ranks());
        LoadedWeights loaded = new LoadedWeights(Optional.of(device), source, packing, head);
        boolean complete = false;
        try {
            CausalLm model = family.load(config, values, loaded);
            source.checkLayersAreRead();
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
            source.checkLayersAreRead();
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
    /// @param units what of the rows is never cut: heads, or single rows
    record Part(String name, int rows, int units) {
        Part(String name, int rows) {
            this(name, rows, rows);
        }
    }

    /// Ranks that share the weights.
    int ranks() {
        return shards.size();
    }

    /// Whether the weights are gone through but not packed.
    boolean onlyChecks() {
        return device.isEmpty();
    }

    /// The weights as the file has them.
    Weights source() {
        return source;
    }

    /// A projection, or several that share their input packed as one: its output has the rows of
    /// the first, then those of the second, and so on.
    ///
    /// @param biased whether each part must have a bias
    Linear linear(int cols, boolean biased, Part... parts) {
        List<MatrixSource> whole =
                Arrays.stream(parts)
                        .map(part -> source.matrix(part.name + ".weight", part.rows, cols))
                        .toList();
        PackedMatrix weight =
                pack(
                        whole,
                        shard ->
                                IntStream.range(0, parts.length)
                                        .mapToObj(i -> shard.rows(whole.get(i), parts[i].units))
                                        .toList(),
                        packing);
        return new Linear(
                weight,
                hasBias(biased, parts) ? Optional.of(bias(biased, parts)) : Optional.empty());
    }

    /// A projection whose inputs are spread over the ranks.
    ///
    /// @param cols inputs of all ranks
    RowParallelLinear rowParallel(int cols, boolean biased, Part part) {
        MatrixSource whole = source.matrix(part.name + ".weight", part.rows, cols);
        PackedMatrix weight = pack(List.of(whole), shard -> List.of(shard.columns(whole)), packing);
        Optional<Tensor> bias =
                hasBias(biased, part)
                        ? Optional.of(replicate(source.vector(part.name + ".bias", part.rows)))
                        : Optional.empty();
        return new RowParallelLinear(weight, bias);
    }

    /// GGUF has no word for biases: those that are there are meant.
    private boolean hasBias(boolean biased, Part... parts) {
        boolean isThere = Arrays.stream(parts).anyMatch(part -> source.has(part.name + ".bias"));
        return biased || (source.isGguf() && isThere);
    }

    private float[] biasOf(Part part, boolean biased) {
        String name = part.name + ".bias";
        return biased || source.has(name) ? source.vector(name, part.rows) : new float[part.rows];
    }

    private Tensor bias(boolean biased, Part... parts) {
        List<float[]> whole = Arrays.stream(parts).map(part -> biasOf(part, biased)).toList();
        List<float[]> perRank = new ArrayList<>();
        for (Shard shard : shards) {
            float[] own = new float[whole.stream().mapToInt(vector -> vector.length).sum()];
            int length = 0;
            for (int i = 0; i < parts.length; i++) {
                float[] part = shard.elements(whole.get(i), parts[i].units);
                System.arraycopy(part, 0, own, length, part.length);
                length += part.length;
            }
            perRank.add(Arrays.copyOf(own, length));
        }
        return upload(perRank);
    }

    /// The output head, or the table that is one too: a share of the vocabulary on each rank.
    PackedMatrix head(String name, int rows, int cols) {
        return head.isEmpty()
                ? table(name, rows, cols)
                : packTokens(source.matrix(name, rows, cols), head.get());
    }

    /// An embedding table or output head. 4-bit packing makes 8-bit tables: every token passes
    /// through them, and they are what 4 bits harm most.
    PackedMatrix table(String name, int rows, int cols) {
        Packing table = packing == Packing.INT4 ? Packing.INT8 : packing;
        return packTokens(source.matrix(name, rows, cols), table);
    }

    private PackedMatrix packTokens(MatrixSource table, Packing as) {
        return pack(List.of(table), shard -> List.of(shard.tokens(table)), as);
    }

    /// @param share what a rank has of all of it
    private PackedMatrix pack(
            List<MatrixSource> whole, Function<Shard, List<MatrixSource>> share, Packing as) {
        if (device.isEmpty()) {
            int rows = whole.stream().mapToInt(MatrixSource::rows).sum();
            return new Found(rows, whole.getFirst().cols());
        }
        PackedMatrix matrix = device.get().packShards(shards.stream().map(share).toList(), as);
        matrices.add(matrix);
        whole.forEach(part -> TensorBytes.release(part.data()));
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
        return new RmsNorm(replicate(weight), eps);
    }

    /// A vector that all ranks have.
    private Tensor replicate(float[] values) {
        Shape shape = Shape.of(values.length);
        if (device.isEmpty()) {
            return Tensor.contiguous(DType.F32, shape, MemorySegment.ofArray(values));
        }
        Tensor tensor = device.get().allocateReplicated(DType.F32, shape);
        vectors.add(tensor);
        try (Arena scratch = Arena.ofConfined()) {
            device.get().upload(scratch.allocateFrom(ValueLayout.JAVA_FLOAT, values), tensor);
        }
        return tensor;
    }

    /// A vector of which each rank has its own share.
    private Tensor upload(List<float[]> perRank) {
        float[] first = perRank.getFirst();
        Shape shape = Shape.of(first.length);
        if (device.isEmpty()) {
            return Tensor.contiguous(DType.F32, shape, MemorySegment.ofArray(first));
        }
        Tensor tensor = device.get().allocate(DType.F32, shape);
        vectors.add(tensor);
        try (Arena scratch = Arena.ofConfined()) {
            List<MemorySegment> host = new ArrayList<>();
            for (float[] values : perRank) {
                host.add(scratch.allocateFrom(ValueLayout.JAVA_FLOAT, values));
            }
            device.get().uploadShards(host, tensor);
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
