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

    /// How many ranks share a model: 1, or more where its matrices are spread. The memory of one
    /// rank is what [#availableBytes] and [#allocate] speak of.
    default int ranks() {
        return 1;
    }

    /// Rows of activations that operations in a row are best given at once: with more, what one of
    /// them has written is no longer near when the next one reads it. Nothing but speed depends on
    /// it.
    default int rowsAtOnce() {
        return Integer.MAX_VALUE;
    }

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

    /// Like [#allocate], for what is the same on all ranks. Ranks that share their memory have it
    /// once, and an operation that writes it runs once for them.
    default Tensor allocateReplicated(DType dtype, Shape shape) {
        return allocate(dtype, shape);
    }

    /// Takes what steps need beside their operands, for the weights that are packed: from now on
    /// only tensors take memory, and [#availableBytes] is what they can have. Called once, before
    /// the first step; without it memory is taken as it is needed. A device that needs nothing of
    /// note does nothing.
    ///
    /// @throws DeviceException if there is not enough memory
    default void prepare(StepLimits limits) {}

    /// Gives the memory of an allocated tensor back. Views of it become invalid.
    void release(Tensor tensor);

    /// Copies host memory into a contiguous tensor of the same size in bytes.
    void upload(MemorySegment host, Tensor target);

    /// Copies to each rank its own host memory, like [#upload].
    ///
    /// @param perRank as many as there are ranks
    default void uploadShards(List<MemorySegment> perRank, Tensor target) {
        upload(onlyOne(perRank), target);
    }

    /// Copies a contiguous tensor, of the first rank, into host memory of the same size in bytes.
    void download(Tensor source, MemorySegment host);

    /// Packs the rows of all `parts`, one part below the other, into one matrix. Parts may differ
    /// in type but not in `cols`. Uses all of the device's threads; reads the sources, keeps
    /// nothing of them.
    ///
    /// @return owned by the caller until [#release(PackedMatrix)]
    PackedMatrix pack(List<MatrixSource> parts, Packing packing);

    /// Packs a share of a matrix for each rank, like [#pack]. All shares have the same shape, which
    /// is that of the result.
    ///
    /// @param perRank the parts of each rank
    /// @return owned by the caller until [#release(PackedMatrix)]; its bytes are those of all ranks
    default PackedMatrix packShards(List<List<MatrixSource>> perRank, Packing packing) {
        return pack(onlyOne(perRank), packing);
    }

    private static <T> T onlyOne(List<T> perRank) {
        if (perRank.size() != 1) {
            throw new IllegalArgumentException(perRank.size() + " shares for one rank");
        }
        return perRank.getFirst();
    }

    /// Gives the memory of a packed matrix back.
    void release(PackedMatrix matrix);

    /// Looks up rows of an embedding table: `out[t] = scale * table[tokenIds[t]]`. Where rank `r`
    /// has a share of `n` tokens, `[r n, (r + 1) n)`, its `out` has zeros for the others: the sum
    /// over the ranks is the table's row.
    ///
    /// @param table `[vocabSize, hidden]`, or a share of it on each rank
    /// @param out float32 `[numTokens, hidden]`
    void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out);

    /// Looks up what one rank has of an embedding table, `[firstToken, firstToken + rows)`, and
    /// writes zeros for all other tokens.
    ///
    /// @param shard `[tokens, hidden]`
    /// @param out float32 `[numTokens, hidden]`
    /// @throws DeviceException if the device can't be a rank among several
    default void embeddingShard(
            PackedMatrix shard, int firstToken, ForwardBatch batch, float scale, Tensor out) {
        throw new DeviceException(describe() + " can't be one rank of several");
    }

    /// Sums over all ranks, always in the same order of additions where the shape is the same.
    ///
    /// @param part float32 `[n, columns]`, what each rank adds
    /// @param sum shape of `part`; may be `part`, and is so where there is one rank
    default void allReduce(Tensor part, Tensor sum) {
        same(part, sum);
    }

    /// Puts the columns of all ranks side by side, in the order of the ranks. What exceeds the
    /// columns of `whole` is left out.
    ///
    /// @param part float32 `[n, columns of one rank]`
    /// @param whole float32 `[n, columns]`, complete on the first rank at least; is `part` where
    ///   there is one rank
    default void gatherColumns(Tensor part, Tensor whole) {
        same(part, whole);
    }

    private static void same(Tensor part, Tensor whole) {
        if (part != whole) {
            throw new IllegalArgumentException("one rank has nothing to put together");
        }
    }

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

    /// Like [#rotaryAndStore], after every head of `q` and `k` was normalised as by [#rmsNorm].
    ///
    /// @param k undefined afterwards
    /// @see "QK-norm: Henry et al. 2020"
    default void normRotaryAndStore(
            Tensor q,
            Tensor k,
            Tensor v,
            HeadNorms norms,
            Tensor rotary,
            RotarySpec spec,
            ForwardBatch batch,
            Tensor kv) {
        ShapeChecks.headNorms("normRotaryAndStore", norms, spec);
        rmsNorm(q, norms.queries(), norms.eps(), q);
        rmsNorm(k, norms.keys(), norms.eps(), k);
        rotaryAndStore(q, k, v, rotary, spec, batch, kv);
    }

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

    /// The index of the largest value of each row, the lowest index among equals; on the first
    /// rank.
    ///
    /// @param logits float32 `[n, vocabSize]`
    /// @param ids host memory, int32 `[n]`, overwritten; NaN never wins, and a row of nothing else
    ///   has -1
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
