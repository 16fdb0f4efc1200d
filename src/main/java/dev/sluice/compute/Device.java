package dev.sluice.compute;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Where a model runs: memory and the operations of a decoder on whole ragged batches.
///
/// Activations are float32 matrices `[tokens, features]`, row-major, possibly views with a row
/// stride. Outputs are passed in and overwritten; no operation allocates device memory. A row of an
/// output depends on that row's input alone and is computed in the same order of additions whatever
/// else is in the batch: batched equals single, bit for bit on the CPU.
///
/// Call only on the engine thread. Shape errors are [IllegalArgumentException] (our bug); failures
/// of the device are [DeviceException], after which the outputs are undefined.
public interface Device extends AutoCloseable {

    /// What this is, for humans and logs, for example `cpu (avx512-bf16-vnni, 2 threads)`.
    String describe();

    /// Bytes that can still be allocated, as the operating system or driver sees it.
    long availableBytes();

    /// Reserves zeroed memory. On the CPU pages are touched only as they are used.
    ///
    /// @return a contiguous tensor; the caller gives it back with [#release(Tensor)]
    /// @throws DeviceException if there is not enough memory
    Tensor allocate(DType dtype, Shape shape);

    /// Memory of which perhaps only a part is ever used: where pages cost nothing until they are
    /// touched, more of it can be had than is available. Otherwise like [#allocate].
    ///
    /// @throws DeviceException if it can't be had
    default Tensor reserve(DType dtype, Shape shape) {
        return allocate(dtype, shape);
    }

    /// Gives the memory of an allocated tensor back. Views of it become invalid.
    void release(Tensor tensor);

    /// Copies host memory into a contiguous tensor of the same size in bytes.
    void upload(MemorySegment host, Tensor target);

    /// Copies a contiguous tensor into host memory of the same size in bytes.
    void download(Tensor source, MemorySegment host);

    /// Packs the rows of all `parts`, one part below the other, into one matrix. Parts may differ
    /// in type but not in `cols`. Uses all of the device's threads; reads the sources, keeps
    /// nothing of them.
    ///
    /// @return owned by the caller until [#release(PackedMatrix)]
    PackedMatrix pack(List<MatrixSource> parts, Packing packing);

    /// Gives the memory of a packed matrix back.
    void release(PackedMatrix matrix);

    /// Looks up rows of an embedding table: `out[t] = scale * table[tokenIds[t]]`.
    ///
    /// @param table `[vocabSize, hidden]`
    /// @param out float32 `[numTokens, hidden]`
    void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out);

    /// Multiplies: `out = x W^T`.
    ///
    /// @param x float32 `[n, w.cols]`
    /// @param out float32 `[n, w.rows]`
    void linear(Tensor x, PackedMatrix w, Tensor out);

    /// Adds a vector to each row, in place.
    ///
    /// @param bias float32 `[columns of x]`
    void addBias(Tensor x, Tensor bias);

    /// Normalises every group of `weight` consecutive columns by its root mean square and
    /// multiplies by `weight`. A weight as long as the row is the usual layer norm; one as long as
    /// a head is the QK-norm. `out` may be `x`.
    ///
    /// @param weight float32 `[g]`, where `g` divides the columns of `x`
    /// @see "RMSNorm: Zhang and Sennrich 2019"
    void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out);

    /// Adds `x` to `residual` in place, then writes the norm of the sum to `out`. `out` may be `x`.
    void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out);

    /// Adds in place: `x += y`.
    void add(Tensor x, Tensor y);

    /// Computes the rotation of every token of the batch, once a step and RoPE base: `out[t] =
    /// [cos(a_0) .. cos(a_{h-1}), sin(a_0) .. sin(a_{h-1})]` with `a_i = float32(position[t] *
    /// inverseFrequencies[i])` and `h` frequencies.
    ///
    /// @param inverseFrequencies host memory, float32 `[h]`
    /// @param factor multiplies both cosine and sine
    /// @param out float32 `[numTokens, 2 h]`
    void rotaryTable(
            ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out);

    /// Rotates queries in place, rotates keys and writes keys and values into the cache; those of
    /// padding are not written.
    ///
    /// @param q float32 `[numTokens, numHeads * headDim]`, modified
    /// @param k float32 `[numTokens, numKvHeads * headDim]`; undefined afterwards
    /// @param v float32 `[numTokens, numKvHeads * headDim]`
    /// @param rotary from [#rotaryTable]
    /// @param kv one layer of the cache, `[numBlocks, 2, numKvHeads, blockSize, headDim]`, float32,
    ///   bfloat16 or float16; the arrangement inside one block is the device's own
    void rotaryAndStore(
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv);

    /// Attention over paged keys and values, causal; prompt chunks and decoding tokens in one call.
    ///
    /// @param q float32 `[numTokens, numHeads * headDim]`
    /// @param kv as in [#rotaryAndStore]; holds this step's tokens already
    /// @param out float32, shape of `q`; zeros for padding
    /// @see "PagedAttention: Kwon et al. 2023, section 4.3"
    void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out);

    /// Gates: `out = activation(gateUp[:, :n]) * gateUp[:, n:]`.
    ///
    /// @param gateUp float32 `[tokens, 2 n]`
    /// @param out float32 `[tokens, n]`
    void gatedActivation(Activation activation, Tensor gateUp, Tensor out);

    /// Copies the rows that the batch names: `out[i] = x[batch.logitRows[i]]`.
    ///
    /// @param out float32 `[numLogitRows, columns of x]`
    void gatherLogitRows(Tensor x, ForwardBatch batch, Tensor out);

    /// The index of the largest value of each row, the lowest index among equals.
    ///
    /// @param logits float32 `[n, vocabSize]`
    /// @param ids host memory, int32 `[n]`, overwritten; NaN never wins
    void argmax(Tensor logits, MemorySegment ids);

    /// Whether [#sample] works. If not, rows are downloaded and tokens are drawn on the host.
    default boolean samples() {
        return false;
    }

    /// Draws a token from each row of logits that a batch names, and writes the results of the
    /// batch. A row that can't be drawn from says so in its outcome and disturbs no other.
    ///
    /// @param logits float32 `[n, vocabSize]` with at least as many columns as the batch has ids;
    ///   the rows that the batch names are undefined afterwards, the others are not touched
    /// @throws UnsupportedOperationException if this device does not sample
    default void sample(Tensor logits, SamplingBatch batch) {
        throw new UnsupportedOperationException(describe() + " draws no tokens");
    }

    /// How many tokens a step had better have, padding among them: a device that replays steps
    /// knows few sizes. At most what the batch has room for.
    default int paddedTokens(ForwardBatch batch) {
        return batch.numTokens();
    }

    /// Runs the operations of a step. A device may record them and, in a later step with an equal
    /// key and a batch of equal extents, replay what it recorded instead of calling `operations`.
    /// So these must do nothing but call this device, for the same tensors whenever key and extents
    /// are equal, and not wait for results. Results of padding mean nothing.
    ///
    /// @param key stands for all that the operations use beside the batch
    default void run(ForwardBatch batch, Object key, Runnable operations) {
        operations.run();
    }

    /// Ends the device's threads and gives back what is still allocated. Idempotent.
    @Override
    void close();
}
