package dev.sluice.compute.cuda;

import dev.sluice.compute.DType;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.HeadNorms;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Rotary positions, and keys and values on their way into the cache: `native/cuda/rotary.cu`. The
/// shapes are checked by the device.
final class CudaRotary implements AutoCloseable {
    private static final String MODULE = "rotary";
    private static final int THREADS = 64;

    /// Room for the frequencies of some models; a head has at most 256, of four bytes.
    private static final long BLOCK_BYTES = 16 << 10;

    private static final long ALIGNMENT = 256;

    /// The address of a weight where there is none.
    private static final long NONE = 0;

    private final CudaBatch batches;
    private final StagingRing staging;
    private final CudaFunction table;
    private final CudaFunction storeF32;
    private final CudaFunction storeF16;
    private final CudaFunction storeBf16;
    private final List<Frequencies> known = new ArrayList<>();
    private final List<DeviceMemory> blocks = new ArrayList<>();
    private long usedBytes = BLOCK_BYTES;

    /// The frequencies of one kind of RoPE. A model has one or two, and asks for them in each step:
    /// they go to the GPU once.
    private record Frequencies(MemorySegment host, long address) {
        boolean areThose(MemorySegment wanted) {
            return wanted.mismatch(host) < 0;
        }
    }

    /// @param staging the way of the frequencies to the GPU
    CudaRotary(CudaContext context, CudaBatch batches, StagingRing staging) {
        this.batches = batches;
        this.staging = staging;
        this.table = context.function(MODULE, "rotary_table");
        this.storeF32 = context.function(MODULE, "rotary_store_f32");
        this.storeF16 = context.function(MODULE, "rotary_store_f16");
        this.storeBf16 = context.function(MODULE, "rotary_store_bf16");
    }

    /// As [dev.sluice.compute.Device#rotaryTable].
    void table(ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out) {
        int half = out.columns() / 2;
        if (half == 0) {
            return;
        }
        long frequencies = onDevice(inverseFrequencies.asSlice(0, 4L * half));
        table.args().i64(batches.of(batch).positions()).i64(frequencies).i32(half).f32(factor);
        table.matrix(out).launch(out.rows(), Math.ceilDiv(half, THREADS), 1, THREADS, 0);
    }

    private long onDevice(MemorySegment wanted) {
        for (Frequencies frequencies : known) {
            if (frequencies.areThose(wanted)) {
                return frequencies.address();
            }
        }
        long bytes = Math.ceilDiv(wanted.byteSize(), ALIGNMENT) * ALIGNMENT;
        reserve(bytes);
        long address = blocks.getLast().address() + usedBytes;
        usedBytes += bytes;
        MemorySegment copy = MemorySegment.ofArray(wanted.toArray(ValueLayout.JAVA_BYTE));
        known.add(new Frequencies(copy, address));
        staging.upload(wanted, address);
        return address;
    }

    /// Takes memory for the frequencies of a model.
    void reserve() {
        reserve(1);
    }

    private void reserve(long bytes) {
        if (usedBytes + bytes > BLOCK_BYTES) {
            blocks.add(DeviceMemory.allocate(Math.max(BLOCK_BYTES, bytes)));
            usedBytes = 0;
        }
    }

    /// As [dev.sluice.compute.Device#rotaryAndStore], and with norms as
    /// [dev.sluice.compute.Device#normRotaryAndStore].
    void store(
            Tensor q,
            Tensor k,
            Tensor v,
            Optional<HeadNorms> norms,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv) {
        CudaBatch step = batches.of(batch);
        int heads = q.columns() / spec.headDim();
        int kvHeads = k.columns() / spec.headDim();
        CudaFunction kernel = store(kv.dtype());
        kernel.args().matrix(q).matrix(k).matrix(v);
        kernel.i64(norms.map(n -> n.queries().data().address()).orElse(NONE));
        kernel.i64(norms.map(n -> n.keys().data().address()).orElse(NONE));
        kernel.f32(norms.map(HeadNorms::eps).orElse(0f)).matrix(rotary);
        kernel.i64(step.positions()).i64(step.sequenceOfToken());
        kernel.i64(step.blockTables()).i32(step.tableStride());
        kernel.i32(heads).i32(kvHeads).i32(spec.headDim()).i32(spec.rotaryDim());
        kernel.flag(spec.interleaved()).i32(batch.blockSize()).tensor(kv);
        int sharedBytes = Float.BYTES * spec.headDim();
        kernel.launch(q.rows(), heads + 2 * kvHeads, 1, THREADS, sharedBytes);
    }

    private CudaFunction store(DType type) {
        return switch (type) {
            case F32 -> storeF32;
            case F16 -> storeF16;
            case BF16 -> storeBf16;
            default -> throw new IllegalArgumentException("no cache is " + type);
        };
    }

    /// Gives back the frequencies.
    @Override
    public void close() {
        blocks.forEach(DeviceMemory::close);
        blocks.clear();
        known.clear();
        usedBytes = BLOCK_BYTES;
    }
}
