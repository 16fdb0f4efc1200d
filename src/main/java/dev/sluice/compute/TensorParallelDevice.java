package dev.sluice.compute;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.IntFunction;

/// Several ranks as one device: every operation runs on each of them, one after the other, with the
/// same shapes and that rank's share of the weights.
///
/// A tensor of this device is that of the first rank; what belongs to it on the other ranks is
/// found by its address. So results are read from the first rank, once all have done their work.
/// Steps run operation by operation, for no device could record what several do. Ranks may share a
/// device; what is the same for all of them then lies there once and is computed once.
///
/// @see "Megatron-LM: Shoeybi et al. 2019, section 3 (columns of one product, rows of the next, one
///   all-reduce behind both)"
public final class TensorParallelDevice implements Device {
    private final List<Device> ranks;
    private final Collectives collectives;
    private final RankMemory memory = new RankMemory();

    /// For each rank the first that has the same device.
    private final int[] leaders;

    private boolean closed;

    private TensorParallelDevice(List<Device> ranks, Collectives collectives) {
        this.ranks = List.copyOf(ranks);
        this.collectives = collectives;
        this.leaders = new int[ranks.size()];
        IdentityHashMap<Device, Integer> first = new IdentityHashMap<>();
        for (int rank = 0; rank < leaders.length; rank++) {
            first.putIfAbsent(ranks.get(rank), rank);
            leaders[rank] = first.getOrDefault(ranks.get(rank), rank);
        }
    }

    /// Ranks with a device each.
    ///
    /// @param ranks closed with this
    /// @param collectives of these devices; closed with this, before them
    public static TensorParallelDevice of(List<Device> ranks, Collectives collectives) {
        return new TensorParallelDevice(ranks, collectives);
    }

    /// Ranks that share one device, whose tensors lie in host memory. Each operation uses all of
    /// its threads.
    ///
    /// @param device closed with this
    public static TensorParallelDevice sharing(Device device, int numRanks) {
        return new TensorParallelDevice(
                Collections.nCopies(numRanks, device), new SharedMemoryCollectives(device));
    }

    private static RankMatrices own(PackedMatrix matrix) {
        if (matrix instanceof RankMatrices matrices) {
            return matrices;
        }
        throw new IllegalArgumentException("the matrix was packed by another device");
    }

    /// Makes something for each rank; for none if one of them fails.
    ///
    /// @param once ranks that share a device share what is made
    private <T> List<T> make(boolean once, IntFunction<T> making, BiConsumer<Device, T> undoing) {
        List<T> made = new ArrayList<>();
        boolean complete = false;
        try {
            for (int rank = 0; rank < ranks.size(); rank++) {
                int leader = leaders[rank];
                made.add(once && leader < rank ? made.get(leader) : making.apply(rank));
            }
            complete = true;
            return made;
        } finally {
            if (!complete) {
                undo(made, undoing);
            }
        }
    }

    /// In reverse order, and once what several ranks share.
    private <T> void undo(List<T> made, BiConsumer<Device, T> undoing) {
        Set<T> undone = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int rank = made.size() - 1; rank >= 0; rank--) {
            if (undone.add(made.get(rank))) {
                undoing.accept(ranks.get(rank), made.get(rank));
            }
        }
    }

    private interface RankOperation {
        void run(Device device, int rank);
    }

    /// Runs an operation wherever its output lies.
    private void run(Tensor out, RankOperation operation) {
        boolean once = memory.of(out).replicated();
        for (int rank = 0; rank < ranks.size(); rank++) {
            if (!once || leaders[rank] == rank) {
                operation.run(ranks.get(rank), rank);
            }
        }
    }

    private Tensor on(int rank, Tensor tensor) {
        return rank == 0 ? tensor : memory.of(tensor).view(tensor, rank);
    }

    private List<Tensor> onAll(Tensor tensor) {
        RankMemory.Allocation allocation = memory.of(tensor);
        List<Tensor> perRank = new ArrayList<>(ranks.size());
        for (int rank = 0; rank < ranks.size(); rank++) {
            perRank.add(allocation.view(tensor, rank));
        }
        return perRank;
    }

    @Override
    public int ranks() {
        return ranks.size();
    }

    @Override
    public int rowsAtOnce() {
        return ranks.getFirst().rowsAtOnce();
    }

    @Override
    public String describe() {
        return ranks.getFirst().describe() + ", " + ranks.size() + " ranks";
    }

    @Override
    public long availableBytes() {
        long least = Long.MAX_VALUE;
        for (int leader : Arrays.stream(leaders).distinct().toArray()) {
            long sharers = Arrays.stream(leaders).filter(other -> other == leader).count();
            least = Math.min(least, ranks.get(leader).availableBytes() / sharers);
        }
        return least;
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        return allocate(false, device -> device.allocate(dtype, shape));
    }

    @Override
    public Tensor reserve(DType dtype, Shape shape) {
        return allocate(false, device -> device.reserve(dtype, shape));
    }

    @Override
    public Tensor allocateReplicated(DType dtype, Shape shape) {
        return allocate(true, device -> device.allocate(dtype, shape));
    }

    private Tensor allocate(boolean replicated, Function<Device, Tensor> allocating) {
        List<Tensor> perRank =
                make(
                        replicated,
                        rank -> allocating.apply(ranks.get(rank)),
                        (device, tensor) -> device.release(tensor));
        memory.add(new RankMemory.Allocation(perRank, replicated));
        return perRank.getFirst();
    }

    /// Puts numbers together once, for libraries take memory when ranks first meet.
    @Override
    public void prepare(StepLimits limits) {
        for (int rank = 0; rank < leaders.length; rank++) {
            if (leaders[rank] == rank) {
                ranks.get(rank).prepare(limits);
            }
        }
        Tensor part = allocate(DType.F32, Shape.of(1, limits.headDim()));
        Tensor whole = allocate(DType.F32, Shape.of(1, ranks.size() * limits.headDim()));
        try {
            allReduce(part, part);
            gatherColumns(part, whole);
            collectives.await();
        } finally {
            release(whole);
            release(part);
        }
    }

    @Override
    public void release(Tensor tensor) {
        undo(memory.remove(tensor).perRank(), (device, each) -> device.release(each));
    }

    @Override
    public void upload(MemorySegment host, Tensor target) {
        run(target, (device, rank) -> device.upload(host, on(rank, target)));
    }

    @Override
    public void uploadShards(List<MemorySegment> perRank, Tensor target) {
        checkShares(perRank);
        run(target, (device, rank) -> device.upload(perRank.get(rank), on(rank, target)));
    }

    private void checkShares(List<?> perRank) {
        if (perRank.size() != ranks.size()) {
            throw new IllegalArgumentException(
                    perRank.size() + " shares for " + ranks.size() + " ranks");
        }
    }

    @Override
    public void download(Tensor source, MemorySegment host) {
        collectives.await();
        ranks.getFirst().download(source, host);
    }

    @Override
    public PackedMatrix pack(List<MatrixSource> parts, Packing packing) {
        return matrices(true, rank -> ranks.get(rank).pack(parts, packing));
    }

    @Override
    public PackedMatrix packShards(List<List<MatrixSource>> perRank, Packing packing) {
        checkShares(perRank);
        return matrices(false, rank -> ranks.get(rank).pack(perRank.get(rank), packing));
    }

    private RankMatrices matrices(boolean replicated, IntFunction<PackedMatrix> packing) {
        List<PackedMatrix> perRank =
                make(replicated, packing, (device, matrix) -> device.release(matrix));
        return new RankMatrices(perRank, !replicated);
    }

    @Override
    public void release(PackedMatrix matrix) {
        undo(own(matrix).perRank(), (device, each) -> device.release(each));
    }

    @Override
    public void embedding(PackedMatrix table, ForwardBatch batch, float scale, Tensor out) {
        RankMatrices tables = own(table);
        run(
                out,
                (device, rank) -> {
                    if (tables.sharded()) {
                        device.embeddingShard(
                                tables.on(rank), rank * tables.rows(), batch, scale, on(rank, out));
                    } else {
                        device.embedding(tables.on(rank), batch, scale, on(rank, out));
                    }
                });
    }

    @Override
    public void embeddingShard(
            PackedMatrix shard, int firstToken, ForwardBatch batch, float scale, Tensor out) {
        RankMatrices shards = own(shard);
        run(
                out,
                (device, rank) ->
                        device.embeddingShard(
                                shards.on(rank), firstToken, batch, scale, on(rank, out)));
    }

    @Override
    public void allReduce(Tensor part, Tensor sum) {
        collectives.allReduce(onAll(part), onAll(sum));
    }

    @Override
    public void gatherColumns(Tensor part, Tensor whole) {
        collectives.gatherColumns(onAll(part), onAll(whole));
    }

    @Override
    public void linear(Tensor x, PackedMatrix w, Tensor out) {
        RankMatrices weights = own(w);
        run(out, (device, rank) -> device.linear(on(rank, x), weights.on(rank), on(rank, out)));
    }

    @Override
    public void addBias(Tensor x, Tensor bias) {
        run(x, (device, rank) -> device.addBias(on(rank, x), on(rank, bias)));
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out) {
        run(
                out,
                (device, rank) ->
                        device.rmsNorm(on(rank, x), on(rank, weight), eps, on(rank, out)));
    }

    @Override
    public void addRmsNorm(Tensor residual, Tensor x, Tensor weight, float eps, Tensor out) {
        run(
                out,
                (device, rank) ->
                        device.addRmsNorm(
                                on(rank, residual),
                                on(rank, x),
                                on(rank, weight),
                                eps,
                                on(rank, out)));
    }

    @Override
    public void add(Tensor x, Tensor y) {
        run(x, (device, rank) -> device.add(on(rank, x), on(rank, y)));
    }

    @Override
    public void rotaryTable(
            ForwardBatch batch, MemorySegment inverseFrequencies, float factor, Tensor out) {
        run(
                out,
                (device, rank) ->
                        device.rotaryTable(batch, inverseFrequencies, factor, on(rank, out)));
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
        run(
                kv,
                (device, rank) ->
                        device.rotaryAndStore(
                                on(rank, q),
                                on(rank, k),
                                on(rank, v),
                                on(rank, rotary),
                                spec,
                                batch,
                                on(rank, kv)));
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
        run(
                kv,
                (device, rank) ->
                        device.normRotaryAndStore(
                                on(rank, q),
                                on(rank, k),
                                on(rank, v),
                                new HeadNorms(
                                        on(rank, norms.queries()),
                                        on(rank, norms.keys()),
                                        norms.eps()),
                                on(rank, rotary),
                                spec,
                                batch,
                                on(rank, kv)));
    }

    @Override
    public void attention(Tensor q, Tensor kv, ForwardBatch batch, AttentionSpec spec, Tensor out) {
        run(
                out,
                (device, rank) ->
                        device.attention(on(rank, q), on(rank, kv), batch, spec, on(rank, out)));
    }

    @Override
    public void gatedActivation(Activation activation, Tensor gateUp, Tensor out) {
        run(
                out,
                (device, rank) ->
                        device.gatedActivation(activation, on(rank, gateUp), on(rank, out)));
    }

    @Override
    public void gatherLogitRows(Tensor x, ForwardBatch batch, Tensor out) {
        run(out, (device, rank) -> device.gatherLogitRows(on(rank, x), batch, on(rank, out)));
    }

    @Override
    public void argmax(Tensor logits, MemorySegment ids) {
        collectives.await();
        ranks.getFirst().argmax(logits, ids);
    }

    @Override
    public boolean samples() {
        return ranks.getFirst().samples();
    }

    @Override
    public void sample(Tensor logits, SamplingBatch batch) {
        collectives.await();
        ranks.getFirst().sample(logits, batch);
    }

    /// Runs the operations, once all ranks have done those before: a rank's operations may wait for
    /// its earlier ones.
    @Override
    public void run(ForwardBatch batch, Object key, Runnable operations) {
        collectives.await();
        operations.run();
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            collectives.close();
        } finally {
            undo(ranks, (_, device) -> device.close());
        }
    }
}
