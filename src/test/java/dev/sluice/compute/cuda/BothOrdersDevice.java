package dev.sluice.compute.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.compute.Activation;
import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.DType;
import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.HeadNorms;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// An emulated device that computes everything twice, its threads first to last and last to first,
/// and fails the test unless both give the same bits. Owns the device that it wraps.
final class BothOrdersDevice implements Device {
    private final Cusim cusim;
    private final CudaDevice device;

    BothOrdersDevice(Cusim cusim, CudaDevice device) {
        this.cusim = cusim;
        this.device = device;
    }

    /// Runs an operation in both orders on the same operands.
    ///
    /// @param written the operands that it changes
    private void inBothOrders(Runnable operation, Tensor... written) {
        List<byte[]> before = contents(written);
        operation.run();
        List<byte[]> forward = contents(written);
        for (int i = 0; i < written.length; i++) {
            device.upload(MemorySegment.ofArray(before.get(i)), bytes(written[i]));
        }
        cusim.reverse(true);
        try {
            operation.run();
            List<byte[]> backward = contents(written);
            for (int i = 0; i < written.length; i++) {
                assertThat(backward.get(i))
                        .as("with the threads last to first")
                        .isEqualTo(forward.get(i));
            }
        } finally {
            cusim.reverse(false);
        }
    }

    private List<byte[]> contents(Tensor... tensors) {
        return Arrays.stream(tensors).map(this::contents).toList();
    }

    private byte[] contents(Tensor tensor) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(tensor.data().byteSize());
            device.download(bytes(tensor), host);
            return host.toArray(ValueLayout.JAVA_BYTE);
        }
    }

    /// The memory that a view spans, as a tensor without gaps.
    private static Tensor bytes(Tensor view) {
        int elements = Math.toIntExact(view.data().byteSize() / view.dtype().blockBytes());
        return Tensor.contiguous(view.dtype(), Shape.of(elements), view.data());
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
        return device.allocate(dtype, shape);
    }

    @Override
    public void release(Tensor tensor) {
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
        return device.pack(parts, packing);
    }

    @Override
    public void release(PackedMatrix matrix) {
        device.release(matrix);
    }

    @Override
    public void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out) {
        inBothOrders(() -> device.embedding(table, batch, scale, out), out);
    }

    @Override
    public void embeddingShard(
            PackedMatrix shard, int firstToken, ForwardBatch batch, float scale, Tensor out) {
        inBothOrders(() -> device.embeddingShard(shard, firstToken, batch, scale, out), out);
    }

    @Override
    public void linear(Tensor x, PackedMatrix w, Tensor out) {
        inBothOrders(() -> device.linear(x, w, out), out);
    }

    @Override
    public void addBias(Tensor x, Tensor bias) {
        inBothOrders(() -> device.addBias(x, bias), x);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        inBothOrders(() -> device.rmsNorm(x, weight, eps, out), out);
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        inBothOrders(() -> device.addRmsNorm(residual, x, weight, eps, out), residual, out);
    }

    @Override
    public void add(Tensor x, Tensor y) {
        inBothOrders(() -> device.add(x, y), x);
    }

    @Override
    public void rotaryTable(
            ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out) {
        inBothOrders(() -> device.rotaryTable(batch, inverseFrequencies, factor, out), out);
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
        inBothOrders(() -> device.rotaryAndStore(q, k, v, rotary, spec, batch, kv), q, k, kv);
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
        inBothOrders(
                () -> device.normRotaryAndStore(q, k, v, norms, rotary, spec, batch, kv), q, k, kv);
    }

    @Override
    public void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        inBothOrders(() -> device.attention(q, kv, batch, spec, out), out);
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        inBothOrders(() -> device.gatedActivation(activation, gateUp, out), out);
    }

    @Override
    public void gatherLogitRows(Tensor x, ForwardBatch batch, Tensor out) {
        inBothOrders(() -> device.gatherLogitRows(x, batch, out), out);
    }

    @Override
    public void argmax(Tensor logits, MemorySegment ids) {
        device.argmax(logits, ids);
        byte[] forward = ids.toArray(ValueLayout.JAVA_BYTE);
        cusim.reverse(true);
        try {
            device.argmax(logits, ids);
        } finally {
            cusim.reverse(false);
        }
        assertThat(ids.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(forward);
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
    public boolean samples() {
        return device.samples();
    }

    @Override
    public void sample(Tensor logits, SamplingBatch batch) {
        List<byte[]> results = new ArrayList<>();
        inBothOrders(
                () -> {
                    device.sample(logits, batch);
                    results.add(batch.results().toArray(ValueLayout.JAVA_BYTE));
                },
                logits);
        assertThat(results.getLast()).isEqualTo(results.getFirst());
    }

    @Override
    public void close() {
        device.close();
    }
}
