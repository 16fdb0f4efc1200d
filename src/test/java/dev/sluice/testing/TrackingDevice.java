package dev.sluice.testing;

import dev.sluice.compute.Activation;
import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.HeadNorms;
import dev.sluice.compute.MatrixSource;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Packing;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.SamplingBatch;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.function.Supplier;

/// A device that fails the test when memory is left behind: [#close()] throws if a tensor or packed
/// matrix was not released, naming each; [#assertNothingAllocated()] says so earlier. Also fails on
/// what is released twice. Owns the device that it wraps.
public final class TrackingDevice implements Device {
    private final Device device;
    private final IdentityHashMap<Object, String> held = new IdentityHashMap<>();
    private boolean closed;
    private int numSampled;
    private long numLeft = Long.MAX_VALUE;

    public TrackingDevice(Device device) {
        this.device = device;
    }

    /// Fails if something that was allocated or packed here is not released.
    public void assertNothingAllocated() {
        if (!held.isEmpty()) {
            throw new AssertionError("left behind: " + new ArrayList<>(held.values()));
        }
    }

    /// Has memory for so many more tensors only.
    public void failAfter(int tensors) {
        numLeft = tensors;
    }

    private Tensor hold(Supplier<Tensor> allocation) {
        if (numLeft-- <= 0) {
            throw new DeviceException("no memory is left");
        }
        Tensor tensor = allocation.get();
        held.put(tensor, tensor.toString());
        return tensor;
    }

    /// Tokens drawn on this device.
    public int numSampled() {
        return numSampled;
    }

    /// Tensors and packed matrices that are not released.
    public int numHeld() {
        return held.size();
    }

    private void giveBack(Object memory) {
        if (held.remove(memory) == null) {
            throw new AssertionError("not held, or released twice: " + memory);
        }
    }

    @Override
    public String describe() {
        return device.describe();
    }

    @Override
    public long availableBytes() {
        return device.availableBytes();
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        return hold(() -> device.allocate(dtype, shape));
    }

    @Override
    public int ranks() {
        return device.ranks();
    }

    @Override
    public Tensor allocateReplicated(DType dtype, Shape shape) {
        return hold(() -> device.allocateReplicated(dtype, shape));
    }

    @Override
    public Tensor reserve(DType dtype, Shape shape) {
        return hold(() -> device.reserve(dtype, shape));
    }

    @Override
    public void uploadShards(List<MemorySegment> perRank, Tensor target) {
        device.uploadShards(perRank, target);
    }

    @Override
    public PackedMatrix packShards(List<List<MatrixSource>> perRank, Packing packing) {
        return hold(device.packShards(perRank, packing));
    }

    @Override
    public void embeddingShard(
            PackedMatrix shard, int firstToken, ForwardBatch batch, float scale, Tensor out) {
        device.embeddingShard(shard, firstToken, batch, scale, out);
    }

    @Override
    public void allReduce(Tensor part, Tensor sum) {
        device.allReduce(part, sum);
    }

    @Override
    public void gatherColumns(Tensor part, Tensor whole) {
        device.gatherColumns(part, whole);
    }

    @Override
    public void release(Tensor tensor) {
        giveBack(tensor);
        device.release(tensor);
    }

    @Override
    public void upload(MemorySegment host, Tensor target) {
        device.upload(host, target);
    }

    @Override
    public void download(Tensor source, MemorySegment host) {
        device.download(source, host);
    }

    @Override
    public PackedMatrix pack(List<MatrixSource> parts, Packing packing) {
        return hold(device.pack(parts, packing));
    }

    private PackedMatrix hold(PackedMatrix matrix) {
        held.put(matrix, "%s[%d, %d]".formatted(matrix.format(), matrix.rows(), matrix.cols()));
        return matrix;
    }

    @Override
    public void release(PackedMatrix matrix) {
        giveBack(matrix);
        device.release(matrix);
    }

    @Override
    public void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out) {
        device.embedding(table, batch, scale, out);
    }

    @Override
    public void linear(Tensor x, PackedMatrix w, Tensor out) {
        device.linear(x, w, out);
    }

    @Override
    public void addBias(Tensor x, Tensor bias) {
        device.addBias(x, bias);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        device.rmsNorm(x, weight, eps, out);
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        device.addRmsNorm(residual, x, weight, eps, out);
    }

    @Override
    public void add(Tensor x, Tensor y) {
        device.add(x, y);
    }

    @Override
    public void rotaryTable(
            ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out) {
        device.rotaryTable(batch, inverseFrequencies, factor, out);
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
        device.rotaryAndStore(q, k, v, rotary, spec, batch, kv);
    }

    @Override
    public void normRotaryAndStore(
            Tensor q,
            Tensor k,
            Tensor v,
            HeadNorms norms,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv) {
        device.normRotaryAndStore(q, k, v, norms, rotary, spec, batch, kv);
    }

    @Override
    public void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        device.attention(q, kv, batch, spec, out);
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        device.gatedActivation(activation, gateUp, out);
    }

    @Override
    public void gatherLogitRows(Tensor x, ForwardBatch batch, Tensor out) {
        device.gatherLogitRows(x, batch, out);
    }

    @Override
    public void argmax(Tensor logits, MemorySegment ids) {
        device.argmax(logits, ids);
    }

    @Override
    public boolean samples() {
        return device.samples();
    }

    @Override
    public void sample(Tensor logits, SamplingBatch batch) {
        numSampled += batch.numRows();
        device.sample(logits, batch);
    }

    @Override
    public int paddedTokens(ForwardBatch batch) {
        return device.paddedTokens(batch);
    }

    @Override
    public void run(ForwardBatch batch, Object key, Runnable operations) {
        device.run(batch, key, operations);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        device.close();
        assertNothingAllocated();
    }
}
