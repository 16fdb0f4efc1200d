package dev.sluice.testing;

import dev.sluice.compute.Activation;
import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;

/// A device with memory and argmax, perhaps sampling, and no other operation. Counts what is
/// allocated.
public final class MemoryDevice implements Device {
    private final IdentityHashMap<Tensor, Arena> allocated = new IdentityHashMap<>();
    private final Optional<BiConsumer<Tensor, SamplingBatch>> sampler;
    private int numSampled;

    /// A device that leaves sampling to the host.
    public MemoryDevice() {
        this(Optional.empty());
    }

    private MemoryDevice(Optional<BiConsumer<Tensor, SamplingBatch>> sampler) {
        this.sampler = sampler;
    }

    /// A device that samples too, as [NaiveSampler] does.
    public static MemoryDevice sampling() {
        return samplingBy(NaiveSampler::sample);
    }

    /// A device that samples in a way of the caller's.
    public static MemoryDevice samplingBy(BiConsumer<Tensor, SamplingBatch> sampler) {
        return new MemoryDevice(Optional.of(sampler));
    }

    /// Tokens drawn on this device.
    public int numSampled() {
        return numSampled;
    }

    /// Tensors that were allocated and not released.
    public int numAllocated() {
        return allocated.size();
    }

    @Override
    public String describe() {
        return "memory";
    }

    @Override
    public long availableBytes() {
        return 1L << 30;
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        Arena arena = Arena.ofShared();
        Tensor tensor =
                Tensor.contiguous(
                        dtype, shape, arena.allocate(dtype.bytesFor(shape.elements()), 64));
        allocated.put(tensor, arena);
        return tensor;
    }

    @Override
    public void release(Tensor tensor) {
        Arena arena = allocated.remove(tensor);
        if (arena == null) {
            throw new DeviceException("not allocated here: " + tensor);
        }
        arena.close();
    }

    @Override
    public void upload(MemorySegment host, Tensor target) {
        target.data().copyFrom(host);
    }

    @Override
    public void download(Tensor source, MemorySegment host) {
        host.copyFrom(source.data());
    }

    @Override
    public void argmax(Tensor logits, MemorySegment ids) {
        for (int row = 0; row < logits.rows(); row++) {
            int best = -1;
            float max = Float.NEGATIVE_INFINITY;
            for (int i = 0; i < logits.columns(); i++) {
                float value =
                        logits.data()
                                .getAtIndex(ValueLayout.JAVA_FLOAT, row * logits.rowStride() + i);
                if (value > max) {
                    max = value;
                    best = i;
                }
            }
            ids.setAtIndex(ValueLayout.JAVA_INT, row, best);
        }
    }

    @Override
    public boolean samples() {
        return sampler.isPresent();
    }

    @Override
    public void sample(Tensor logits, SamplingBatch batch) {
        numSampled += batch.numRows();
        sampler.orElseThrow(MemoryDevice::noOperation).accept(logits, batch);
    }

    @Override
    public void close() {
        allocated.values().forEach(Arena::close);
        allocated.clear();
    }

    private static UnsupportedOperationException noOperation() {
        return new UnsupportedOperationException("this device only has memory");
    }

    @Override
    public PackedMatrix pack(List<MatrixSource> parts, Packing packing) {
        throw noOperation();
    }

    @Override
    public void release(PackedMatrix matrix) {
        throw noOperation();
    }

    @Override
    public void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out) {
        throw noOperation();
    }

    @Override
    public void linear(Tensor x, PackedMatrix w, Tensor out) {
        throw noOperation();
    }

    @Override
    public void addBias(Tensor x, Tensor bias) {
        throw noOperation();
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        throw noOperation();
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        throw noOperation();
    }

    @Override
    public void add(Tensor x, Tensor y) {
        throw noOperation();
    }

    @Override
    public void rotaryTable(
            ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out) {
        throw noOperation();
    }

    @Override
    public void rotaryAndStore(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv) {
        throw noOperation();
    }

    @Override
    public void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        throw noOperation();
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        throw noOperation();
    }

    @Override
    public void gatherLogitRows(Tensor x, ForwardBatch batch, Tensor out) {
        throw noOperation();
    }
}
