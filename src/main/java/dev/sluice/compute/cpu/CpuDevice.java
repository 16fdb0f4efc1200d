package dev.sluice.compute.cpu;

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
import dev.sluice.compute.ShapeChecks;
import dev.sluice.compute.Tensor;
import dev.sluice.compute.weights.Bits;
import dev.sluice.compute.weights.WeightFormat;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;

/// The CPU as a device: native kernels where the library was built, their plain Java twins
/// elsewhere, which draw no tokens, on a fixed set of threads.
///
/// Weights are packed into panels of 32 outputs (`native/cpu/sluice_cpu.h` has the layouts).
/// Activations that meet bfloat16 or quantised weights are rounded or quantised first, into scratch
/// rows that grow to the largest batch seen, and rules of sampling are copied; nothing else is
/// allocated after the weights are packed. Results depend neither on the number of threads nor on
/// who took which share.
public final class CpuDevice implements Device {
    private static final Logger log = LoggerFactory.getLogger(CpuDevice.class);

    /// From here on a matrix is computed, not read: threads take few panels at a time, and what is
    /// fetched ahead is for all rows.
    private static final int MANY_ROWS = 32;

    private static final int TILES_PER_THREAD = 4;

    /// What the cores' own caches hold of a feed-forward layer between its products. 512 rows of
    /// SmolLM2's, bfloat16, two threads: 4.5 ms in one go, 3.2 ms so; 8 and 4 bits, which compute
    /// longer, the same either way.
    private static final int ROWS_AT_ONCE = 256;

    /// The same for each thread that keeps its rows: 1.2 MB of SmolLM2's (bench/results/zen4.md).
    private static final int OWN_ROWS_AT_ONCE = 64;

    /// From here on, memory is asked for in large pages: rows of a matrix lie pages apart.
    private static final long HUGE_BYTES = 4L << 20;

    private final CpuKernels kernels;
    private final CpuThreads threads;
    private final CpuMemory memory = new CpuMemory();
    private final MatrixPacker packer;
    private final IdentityHashMap<Tensor, CpuMemory.Area> tensors = new IdentityHashMap<>();
    private final PreparedRows prepared = new PreparedRows(memory);
    private final List<AttentionTiles> tiles = new ArrayList<>();

    // Host memory may belong to the calling thread alone, so that the others read a copy.
    private final Scratch hostCopy = new Scratch(memory);

    private final OpRunner ops;

    private CpuDevice(CpuKernels kernels, int threads) {
        this.kernels = kernels;
        this.threads = new CpuThreads(threads);
        this.ops =
                new OpRunner(
                        this.threads,
                        kernels.opList(threads, this.threads.profile(), memory)
                                .map(list -> new StepRecorder(list, this.threads)));
        this.packer = new MatrixPacker(kernels, this.threads, new PanelMemory(memory));
    }

    /// Starts the device's threads and loads its kernels.
    ///
    /// @return owned by the caller, who closes it
    /// @throws DeviceException if the options name kernels that this machine can't run
    public static CpuDevice open(CpuOptions options) {
        return new CpuDevice(KernelChoice.open(options), options.threads());
    }

    /// Says what [#open] would do on this machine.
    ///
    /// @throws DeviceException if the options name kernels that this machine can't run
    public static CpuInfo inspect(CpuOptions options) {
        return KernelChoice.inspect(options);
    }

    /// Where the time goes; off until it is started.
    public CpuProfile profile() {
        return threads.profile();
    }

    /// The kernels that run, for tests.
    CpuKernels kernels() {
        return kernels;
    }

    /// Operations of the last step before which threads waited for each other, for tests.
    int meetings() {
        return ops.meetings();
    }

    /// Bytes that are allocated, for tests; a slab of packed weights counts as a whole.
    long allocatedBytes() {
        return memory.allocatedBytes();
    }

    @Override
    public int rowsAtOnce() {
        int ofAll = OWN_ROWS_AT_ONCE * threads.count();
        // One of those whose rows threads keep, if they do at all.
        WeightFormat format = WeightFormat.ofSource(DType.BF16);
        return kernels.linearParts(format, ofAll, threads.count()) > 1 ? ofAll : ROWS_AT_ONCE;
    }

    @Override
    public String describe() {
        int count = threads.count();
        return "cpu (%s, %d thread%s)".formatted(kernels.name(), count, count == 1 ? "" : "s");
    }

    @Override
    public long availableBytes() {
        return AvailableMemory.bytes();
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        long bytes = dtype.bytesFor(shape.elements());
        return tensor(dtype, shape, memory.allocate(bytes, bytes >= HUGE_BYTES));
    }

    @Override
    public Tensor reserve(DType dtype, Shape shape) {
        return tensor(dtype, shape, memory.reserve(dtype.bytesFor(shape.elements())));
    }

    private Tensor tensor(DType dtype, Shape shape, CpuMemory.Area area) {
        Tensor tensor = Tensor.contiguous(dtype, shape, area.data());
        tensors.put(tensor, area);
        return tensor;
    }

    @Override
    public void release(Tensor tensor) {
        ops.forgetSteps();
        CpuMemory.Area area = tensors.remove(tensor);
        if (area == null) {
            throw ShapeChecks.wrong("release", "the tensor", tensor, "one that is allocated here");
        }
        area.release();
    }

    @Override
    public void upload(MemorySegment host, Tensor target) {
        ShapeChecks.copy("upload", target, host);
        ops.runWritten();
        target.data().copyFrom(host);
    }

    @Override
    public void download(Tensor source, MemorySegment host) {
        ShapeChecks.copy("download", source, host);
        ops.runWritten();
        host.copyFrom(source.data());
    }

    @Override
    public PackedMatrix pack(List<MatrixSource> parts, Packing packing) {
        return packer.pack(parts, packing);
    }

    @Override
    public void release(PackedMatrix matrix) {
        ops.forgetSteps();
        own("release", matrix).release();
    }

    private static PackedPanels own(String op, PackedMatrix matrix) {
        if (matrix instanceof PackedPanels panels) {
            return panels;
        }
        throw new IllegalArgumentException(op + ": the matrix was packed by another device");
    }

    @Override
    public void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out) {
        String op = "embedding";
        PackedPanels panels = own(op, table);
        ShapeChecks.matrix(op, "out", out, batch.numTokens(), table.cols());
        check(
                batch,
                now -> areBelow(op, "token id", now.tokenIds(), now.numTokens(), panels.rows()));
        lookUp(op, panels, batch.tokenIds(), scale, out);
    }

    /// Checks what a batch holds, now and whenever the step is run again.
    private void check(ForwardBatch batch, StepRecorder.Condition refusing) {
        refusing.holds(batch);
        ops.require(refusing);
    }

    private static boolean areBelow(
            String op, String what, MemorySegment indices, int count, int end) {
        for (int i = 0; i < count; i++) {
            int index = Bits.i32(indices, i);
            if (index < 0 || index >= end) {
                throw ShapeChecks.wrong(op, what, index, "[0, " + end + ")");
            }
        }
        return true;
    }

    private void lookUp(String op, PackedPanels table, MemorySegment ids, float scale, Tensor out) {
        ShapeChecks.that(table.segments().size() == 1, op, "a table needs one number format");
        Panels panels = table.segments().getFirst();
        ops.runRows(
                op,
                kernels.embedding(panels, ids, scale, out),
                out,
                ops.rows(out.rows()).with(out));
    }

    @Override
    public void embeddingShard(
            PackedMatrix shard, int firstToken, ForwardBatch batch, float scale, Tensor out) {
        String op = "embeddingShard";
        PackedPanels panels = own(op, shard);
        int rows = shard.rows();
        ShapeChecks.matrix(op, "out", out, batch.numTokens(), shard.cols());
        ops.runWritten();
        MemorySegment ids = hostCopy.take(4L * batch.numTokens());
        for (int t = 0; t < batch.numTokens(); t++) {
            int id = Bits.i32(batch.tokenIds(), t) - firstToken;
            Bits.setI32At(ids, 4L * t, id < rows ? id : -1);
        }
        lookUp(op, panels, ids, scale, out);
    }

    @Override
    public void linear(Tensor x, PackedMatrix w, Tensor out) {
        String op = "linear";
        ShapeChecks.matrix(op, "x", x, x.rows(), w.cols());
        ShapeChecks.matrix(op, "out", out, x.rows(), w.rows());
        if (x.rows() == 0) {
            return;
        }
        Prepared kind = Prepared.NONE;
        MemorySegment rows = MemorySegment.NULL;
        int column = 0;
        List<Panels> segments = own(op, w).segments();
        for (int i = 0; i < segments.size(); i++) {
            Panels panels = segments.get(i);
            if (Prepared.of(panels.format()) != kind) {
                kind = Prepared.of(panels.format());
                rows = prepare(x, kind);
            }
            int streams = kernels.linearStreams(panels.format(), x.rows());
            int parts = kernels.linearParts(panels.format(), x.rows(), threads.count());
            Units units = kernels.linear(panels, x, rows, streams, parts, out, column);
            boolean many = x.rows() >= MANY_ROWS || parts > 1;
            long total = (long) panels.units(streams) * parts;
            long chunk =
                    Chunks.ofPanels(total, panels.panelBytes() * streams, many, threads.count());
            OpList.Reads reads =
                    many ? OpList.Reads.WEIGHTS_FOR_MANY_ROWS : OpList.Reads.WEIGHTS_FOR_FEW_ROWS;
            String label = label(op, panels);
            if (parts > 1) {
                RowParts used = with(ops.rows(x.rows()).with(x).with(out), rows, x, kind);
                ops.runApart(label, units, total, chunk, reads, used, parts);
            } else {
                ops.run(label, units, total, chunk, reads);
            }
            column += panels.rows();
        }
    }

    private String label(String op, Panels panels) {
        return threads.profile().isOn() ? op + ' ' + panels.rows() + 'x' + panels.cols() : op;
    }

    private MemorySegment prepare(Tensor x, Prepared kind) {
        if (kind == Prepared.NONE) {
            return MemorySegment.NULL;
        }
        long stride = kind.stride(x.columns());
        Scratch scratch = prepared.of(stride);
        if (!scratch.holds(x.rows() * stride)) {
            ops.forgetSteps();
        }
        MemorySegment rows = scratch.take(x.rows() * stride);
        RowParts used = with(ops.rows(x.rows()).with(x), rows, x, kind);
        ops.runRows("prepare", kernels.prepare(x, kind, rows), x, used);
        return rows;
    }

    private static RowParts with(RowParts parts, MemorySegment rows, Tensor x, Prepared kind) {
        long stride = kind.stride(x.columns());
        return parts.with(rows.address(), stride, stride);
    }

    @Override
    public void addBias(Tensor x, Tensor bias) {
        String op = "addBias";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.vector(op, "bias", bias, x.columns());
        ops.runRows(op, kernels.add(x, bias.data(), 0), x, ops.rows(x.rows()).with(x));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        String op = "rmsNorm";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.groupWeight(op, weight, x.columns());
        ShapeChecks.matrix(op, "out", out, x.rows(), x.columns());
        ops.runRows(
                op, kernels.rmsNorm(x, weight, eps, out), x, ops.rows(x.rows()).with(x).with(out));
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        String op = "addRmsNorm";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.groupWeight(op, weight, x.columns());
        ShapeChecks.matrix(op, "residual", residual, x.rows(), x.columns());
        ShapeChecks.matrix(op, "out", out, x.rows(), x.columns());
        ops.runRows(
                op,
                kernels.addRmsNorm(residual, x, weight, eps, out),
                x,
                ops.rows(x.rows()).with(residual).with(x).with(out));
    }

    @Override
    public void add(Tensor x, Tensor y) {
        String op = "add";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.matrix(op, "y", y, x.rows(), x.columns());
        // One row needs no stride, and a stride of 0 means a vector: both read the same row.
        ops.runRows(
                op, kernels.add(x, y.data(), y.rowStride()), x, ops.rows(x.rows()).with(x).with(y));
    }

    @Override
    public void rotaryTable(
            ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out) {
        String op = "rotaryTable";
        ShapeChecks.matrix(op, "out", out, batch.numTokens(), out.columns());
        ShapeChecks.wholeHeads(op, "out", out, 2);
        long bytes = 4L * (out.columns() / 2);
        ShapeChecks.host(op, "inverseFrequencies", inverseFrequencies, bytes);
        MemorySegment frequencies = inverseFrequencies;
        if (!ops.inStep() || !inverseFrequencies.isNative()) {
            ops.runWritten();
            frequencies = hostCopy.take(bytes);
            MemorySegment.copy(inverseFrequencies, 0, frequencies, 0, bytes);
        }
        ops.runRows(
                op,
                kernels.rotaryTable(batch.positions(), frequencies, factor, out),
                out,
                ops.rows(out.rows()).with(out));
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
        String op = "rotaryAndStore";
        ShapeChecks.rotation(op, q, k, v, rotary, spec, batch, kv);
        Units units = kernels.rotaryStore(q, k, v, rotary, spec, batch, kv);
        ops.runRows(
                op,
                units,
                q.rows(),
                Chunks.ofStoredRows(q.rows(), threads.count()),
                ops.rows(q.rows()).with(q).with(k).with(v).with(rotary));
    }

    @Override
    public void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        String op = "attention";
        ShapeChecks.attention(op, q, kv, batch, spec, out);
        zeroPadding(batch, out);
        AttentionTiles cut = tiles(spec, kv.dtype());
        cut.cut(batch);
        ops.require(new SameForm(cut, cut.form()));
        Units units = kernels.attention(q, kv, batch, spec, cut, out);
        long parts = spec.numHeads() / cut.headsPerUnit();
        // What one thread reads next is fetched ahead if it belongs to the same chunk.
        long together = cut.tiles() < TILES_PER_THREAD * threads.count() ? 1 : parts;
        long total = cut.tiles() * parts;
        OpList.Reads reads = OpList.Reads.KEYS_AND_VALUES;
        if (cut.apart() && together == parts) {
            RowParts used = ops.rows(q.rows()).with(q).with(out);
            ops.runApart(op, units, total, together, reads, used, cut.tiles());
        } else {
            ops.run(op, units, total, together, reads);
        }
        if (cut.merged() > 0) {
            Units merge = kernels.mergeAttention(cut, spec, out);
            long heads = (long) cut.merged() * spec.numHeads();
            long chunk = Chunks.ofMergedHeads(cut.longestMerge(), spec.headDim());
            ops.run("mergeAttention", merge, heads, chunk);
        }
    }

    /// Attention that is cut as it was when a step was written down, without padding.
    private record SameForm(AttentionTiles tiles, AttentionTiles.Form form)
            implements StepRecorder.Condition {
        @Override
        public boolean holds(ForwardBatch batch) {
            tiles.cut(batch);
            return tokensOfSequences(batch) == batch.numTokens() && tiles.form().equals(form);
        }
    }

    /// Behind them there is padding.
    private static int tokensOfSequences(ForwardBatch batch) {
        return Bits.i32(batch.seqStarts(), batch.numSequences());
    }

    private AttentionTiles tiles(AttentionSpec spec, DType cache) {
        for (AttentionTiles known : tiles) {
            if (known.serves(spec, cache)) {
                return known;
            }
        }
        AttentionTiles added = new AttentionTiles(kernels, threads.count(), memory, spec, cache);
        tiles.add(added);
        return added;
    }

    private void zeroPadding(ForwardBatch batch, Tensor out) {
        int first = tokensOfSequences(batch);
        if (first < batch.numTokens()) {
            ops.runWritten();
        }
        for (int t = first; t < batch.numTokens(); t++) {
            out.rows(t, t + 1).data().fill((byte) 0);
        }
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        String op = "gatedActivation";
        ShapeChecks.matrix(op, "out", out);
        ShapeChecks.matrix(op, "gateUp", gateUp, out.rows(), 2 * out.columns());
        ops.runRows(
                op,
                kernels.gatedActivation(activation, gateUp, out),
                gateUp,
                ops.rows(gateUp.rows()).with(gateUp).with(out));
    }

    @Override
    public void gatherLogitRows(Tensor x, ForwardBatch batch, Tensor out) {
        String op = "gatherLogitRows";
        ShapeChecks.matrix(op, "x", x);
        ShapeChecks.matrix(op, "out", out, batch.numLogitRows(), x.columns());
        check(batch, now -> areBelow(op, "row", now.logitRows(), now.numLogitRows(), x.rows()));
        ops.run(op, kernels.gatherRows(x, batch.logitRows(), out), out.rows(), Chunks.ofRows(out));
    }

    @Override
    public void argmax(Tensor logits, MemorySegment ids) {
        String op = "argmax";
        ShapeChecks.matrix(op, "logits", logits);
        long bytes = 4L * logits.rows();
        ShapeChecks.host(op, "ids", ids, bytes);
        ops.runWritten();
        MemorySegment found = hostCopy.take(bytes);
        ops.run(op, kernels.argmax(logits, found), logits.rows(), Chunks.ofRows(logits));
        ops.runWritten();
        MemorySegment.copy(found, 0, ids, 0, bytes);
    }

    @Override
    public boolean samples() {
        return kernels.samples();
    }

    @Override
    public void sample(Tensor logits, SamplingBatch batch) {
        String op = "sample";
        ShapeChecks.sampling(op, logits, batch);
        ops.runWritten();
        // Kernels note in the edits what was there before. Room for the largest batch at once: its
        // pages cost nothing until they are touched.
        MemorySegment copy = hostCopy.take(batch.maxInputBytes());
        batch.copyInput(copy);
        ops.run(op, kernels.sample(logits, batch, copy), batch.numRows(), 1);
        ops.runWritten();
    }

    @Override
    public void run(ForwardBatch batch, Object key, Runnable operations) {
        ops.runStep(batch, key, operations);
    }

    @Override
    public void close() {
        threads.close();
        if (memory.allocatedBytes() > 0) {
            log.debug("bytes given back at the end: {}", memory.allocatedBytes());
        }
        memory.close();
        kernels.close();
    }
}
