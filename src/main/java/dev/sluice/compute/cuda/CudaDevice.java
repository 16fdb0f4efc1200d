package dev.sluice.compute.cuda;

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
import dev.sluice.compute.ShapeChecks;
import dev.sluice.compute.StepLimits;
import dev.sluice.compute.Tensor;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;

/// An NVIDIA GPU as a device, or its emulation on the processor.
///
/// Belongs to the thread that opened it, which may have several: each operation makes its GPU the
/// thread's. Operations are queued on one stream and return at once; [#download], [#argmax] and
/// [#sample] wait for their results, and so does [#close].
public final class CudaDevice implements Device {
    private static final Logger log = LoggerFactory.getLogger(CudaDevice.class);
    private static final int STAGING_BLOCKS = 2;
    private static final long STAGING_BYTES = 8L << 20;

    private final CudaContext context;
    private final CudaMemory memory;
    private final CudaBatch batches;
    private final StagingRing staging;
    private final CudaRows rows;
    private final CudaRotary rotary;
    private final CudaLinear linear;
    private final CudaEmbedding embedding;
    private final CudaAttention attention;
    private final CudaGraphs graphs;
    private final CudaSampler sampler;
    private boolean closed;

    private CudaDevice(CudaContext context) {
        this.context = context;
        this.memory = new CudaMemory(context);
        this.batches = new CudaBatch(context.stream());
        this.staging = new StagingRing(context.stream(), STAGING_BLOCKS, STAGING_BYTES);
        this.rows = new CudaRows(context, batches);
        this.rotary = new CudaRotary(context, batches, staging);
        this.linear = new CudaLinear(context, staging);
        this.embedding = new CudaEmbedding(context, batches);
        this.attention = new CudaAttention(context, batches);
        this.graphs = new CudaGraphs(context);
        this.sampler = new CudaSampler(context, staging);
    }

    /// Opens a GPU for the calling thread.
    ///
    /// @return owned by the caller, who closes it on the same thread
    /// @throws DeviceException if there is none that can be used
    public static CudaDevice open(CudaOptions options) {
        CudaContext context = CudaContext.open(options);
        boolean complete = false;
        try {
            CudaDevice device = new CudaDevice(context);
            complete = true;
            return device;
        } finally {
            if (!complete) {
                context.close();
            }
        }
    }

    @Override
    public String describe() {
        return (context.options().emulated() ? "cuda-sim (" : "cuda (") + context.describe() + ")";
    }

    @Override
    public long availableBytes() {
        context.enter();
        return Math.max(0, context.availableBytes() - graphs.reservedBytes());
    }

    @Override
    public void prepare(StepLimits limits) {
        context.enter();
        linear.reserve(limits.maxTokens());
        attention.reserve(limits);
        AttentionPlan.MODULES.forEach(context::load);
        batches.reserve(limits);
        rotary.reserve();
        rows.reserve(limits.maxTokens(), limits.vocabSize());
        sampler.reserve(limits.samplingBytes());
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        context.enter();
        return memory.allocate(dtype, shape);
    }

    @Override
    public void release(Tensor tensor) {
        context.enter();
        memory.release(tensor);
    }

    @Override
    public void upload(MemorySegment host, Tensor target) {
        context.enter();
        ShapeChecks.copy("upload", target, host);
        staging.upload(host, target.data().address());
    }

    @Override
    public void download(Tensor source, MemorySegment host) {
        context.enter();
        ShapeChecks.copy("download", source, host);
        staging.download(source.data().address(), host);
    }

    @Override
    public PackedMatrix pack(List<MatrixSource> parts, Packing packing) {
        context.enter();
        return linear.pack(parts, packing);
    }

    @Override
    public void release(PackedMatrix matrix) {
        context.enter();
        linear.release(matrix);
    }

    @Override
    public void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out) {
        context.enter();
        String op = "embedding";
        ShapeChecks.matrix(op, "out", out, batch.numTokens(), table.cols());
        for (int t = 0; t < batch.numTokens(); t++) {
            int id = batch.tokenIds().getAtIndex(ValueLayout.JAVA_INT, t);
            if (id < 0 || id >= table.rows()) {
                throw ShapeChecks.wrong(op, "token id", id, "[0, " + table.rows() + ")");
            }
        }
        embedding.embedding(CudaLinear.own(op, table), 0, batch, scale, out);
    }

    @Override
    public void embeddingShard(
            PackedMatrix shard, int firstToken, ForwardBatch batch, float scale, Tensor out) {
        context.enter();
        String op = "embeddingShard";
        ShapeChecks.matrix(op, "out", out, batch.numTokens(), shard.cols());
        embedding.embedding(CudaLinear.own(op, shard), firstToken, batch, scale, out);
    }

    @Override
    public void linear(Tensor x, PackedMatrix w, Tensor out) {
        context.enter();
        String op = "linear";
        ShapeChecks.matrix(op, "x", x, x.rows(), w.cols());
        ShapeChecks.matrix(op, "out", out, x.rows(), w.rows());
        if (x.rows() > 0) {
            linear.linear(x, CudaLinear.own(op, w), out);
        }
    }

    @Override
    public void addBias(Tensor x, Tensor bias) {
        context.enter();
        String op = "addBias";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.vector(op, "bias", bias, x.columns());
        rows.addBias(x, bias);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        context.enter();
        String op = "rmsNorm";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.groupWeight(op, weight, x.columns());
        ShapeChecks.matrix(op, "out", out, x.rows(), x.columns());
        rows.rmsNorm(x, weight, eps, out);
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        context.enter();
        String op = "addRmsNorm";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.groupWeight(op, weight, x.columns());
        ShapeChecks.matrix(op, "residual", residual, x.rows(), x.columns());
        ShapeChecks.matrix(op, "out", out, x.rows(), x.columns());
        rows.addRmsNorm(residual, x, weight, eps, out);
    }

    @Override
    public void add(Tensor x, Tensor y) {
        context.enter();
        String op = "add";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.matrix(op, "y", y, x.rows(), x.columns());
        rows.add(x, y);
    }

    @Override
    public void rotaryTable(
            ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out) {
        context.enter();
        String op = "rotaryTable";
        ShapeChecks.matrix(op, "out", out, batch.numTokens(), out.columns());
        ShapeChecks.wholeHeads(op, "out", out, 2);
        ShapeChecks.host(op, "inverseFrequencies", inverseFrequencies, 2L * out.columns());
        rotary.table(batch, inverseFrequencies, factor, out);
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
        context.enter();
        ShapeChecks.rotation("rotaryAndStore", q, k, v, rotary, spec, batch, kv);
        this.rotary.store(q, k, v, Optional.empty(), rotary, spec, batch, kv);
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
        context.enter();
        String op = "normRotaryAndStore";
        ShapeChecks.rotation(op, q, k, v, rotary, spec, batch, kv);
        ShapeChecks.headNorms(op, norms, spec);
        this.rotary.store(q, k, v, Optional.of(norms), rotary, spec, batch, kv);
    }

    @Override
    public void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        context.enter();
        ShapeChecks.attention("attention", q, kv, batch, spec, out);
        attention.attention(q, kv, batch, spec, out);
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        context.enter();
        String op = "gatedActivation";
        ShapeChecks.matrix(op, "out", out);
        ShapeChecks.matrix(op, "gateUp", gateUp, out.rows(), 2 * out.columns());
        rows.gatedActivation(activation, gateUp, out);
    }

    @Override
    public void gatherLogitRows(Tensor x, ForwardBatch batch, Tensor out) {
        context.enter();
        String op = "gatherLogitRows";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.matrix(op, "out", out, batch.numLogitRows(), x.columns());
        for (int i = 0; i < batch.numLogitRows(); i++) {
            int row = batch.logitRows().getAtIndex(ValueLayout.JAVA_INT, i);
            if (row < 0 || row >= x.rows()) {
                throw ShapeChecks.wrong(op, "row", row, "[0, " + x.rows() + ")");
            }
        }
        rows.gatherLogitRows(x, batch, out);
    }

    @Override
    public void argmax(Tensor logits, MemorySegment ids) {
        context.enter();
        String op = "argmax";
        ShapeChecks.matrix(op, "logits", logits);
        ShapeChecks.host(op, "ids", ids, 4L * logits.rows());
        rows.argmax(logits, ids);
    }

    @Override
    public int paddedTokens(ForwardBatch batch) {
        return graphs.paddedTokens(batch);
    }

    @Override
    public void run(ForwardBatch batch, Object key, Runnable operations) {
        context.enter();
        graphs.run(batch, batches.of(batch), key, operations);
    }

    /// Steps that can be replayed, for tests.
    int capturedSteps() {
        return graphs.captured();
    }

    /// The GPU that this is.
    CudaContext context() {
        return context;
    }

    /// Copies columns inside the GPU.
    ///
    /// @param from float32
    /// @param to shape of `from`; must not overlap it
    void copy(Tensor from, Tensor to) {
        context.enter();
        rows.zero(to);
        rows.add(to, from);
    }

    /// Waits for what is queued; what failed of it nobody waits for any more.
    private void settle() {
        try {
            context.stream().synchronize();
        } catch (DeviceException e) {
            log.warn("the last work of the device failed: {}", e.getMessage());
        }
    }

    @Override
    public boolean samples() {
        return true;
    }

    @Override
    public void sample(Tensor logits, SamplingBatch batch) {
        context.enter();
        sampler.sample(logits, batch);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        context.enter();
        settle();
        graphs.close();
        sampler.close();
        attention.close();
        linear.close();
        rotary.close();
        rows.close();
        batches.close();
        staging.close();
        memory.close();
        context.close();
    }
}
