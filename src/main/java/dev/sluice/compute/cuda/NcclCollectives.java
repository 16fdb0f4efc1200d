package dev.sluice.compute.cuda;

import dev.sluice.compute.Collectives;
import dev.sluice.compute.DType;
import dev.sluice.compute.DeviceException;
import dev.sluice.compute.Shape;
import dev.sluice.compute.Tensor;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Ranks that are a GPU each and talk by NCCL. One thread drives all of them, so that calls of
/// several ranks are always a group.
///
/// NCCL chooses the order of additions by the number of elements: sums of equal shape are equal bit
/// for bit, those of other batches are so within rounding.
final class NcclCollectives implements Collectives {
    private static final Logger log = LoggerFactory.getLogger(NcclCollectives.class);

    /// Where the first rank takes in what others send it: 16 rows of the largest vocabularies.
    private static final long LANDING_BYTES = 16L << 20;

    private final List<CudaDevice> ranks;
    private final CudaDevice root;
    private final List<MemorySegment> communicators;
    private final Tensor landing;

    /// Whether calls failed, so that some ranks may wait for others that never come.
    private boolean broken;

    private NcclCollectives(List<CudaDevice> ranks, Tensor landing) {
        this.ranks = ranks;
        this.root = ranks.getFirst();
        this.landing = landing;
        this.communicators =
                Nccl.communicators(
                        ranks.stream().map(rank -> rank.context().options().ordinal()).toList());
        CudaContext.leave();
    }

    /// Connects GPUs.
    ///
    /// @param ranks not closed with this
    /// @throws DeviceException if NCCL is not there or can't connect them
    static NcclCollectives open(List<CudaDevice> ranks) {
        int floats = (int) (LANDING_BYTES / Float.BYTES);
        Tensor landing = ranks.getFirst().allocate(DType.F32, Shape.of(floats));
        return new NcclCollectives(List.copyOf(ranks), landing);
    }

    private CudaStream stream(int rank) {
        return ranks.get(rank).context().stream();
    }

    private void group(Runnable calls) {
        boolean complete = false;
        try {
            Nccl.group(calls);
            complete = true;
        } finally {
            broken |= !complete;
            CudaContext.leave();
        }
    }

    @Override
    public void allReduce(List<Tensor> parts, List<Tensor> sums) {
        Tensor part = parts.getFirst();
        boolean whole = part.isContiguous() && sums.getFirst().isContiguous();
        int pieces = whole ? Math.min(1, part.rows()) : part.rows();
        long count = whole ? part.shape().elements() : part.columns();
        group(() -> {
            for (int rank = 0; rank < ranks.size(); rank++) {
                for (int i = 0; i < pieces; i++) {
                    Nccl.allReduce(
                            row(parts.get(rank), i),
                            row(sums.get(rank), i),
                            count,
                            communicators.get(rank),
                            stream(rank));
                }
            }
        });
    }

    private static long row(Tensor matrix, int row) {
        return matrix.data().address() + matrix.dtype().bytesFor(row * matrix.rowStride());
    }

    /// Complete on the first rank only.
    @Override
    public void gatherColumns(List<Tensor> parts, List<Tensor> wholes) {
        Tensor own = parts.getFirst();
        Tensor whole = wholes.getFirst();
        int columns = own.columns();
        long room = landing.shape().elements() / ((ranks.size() - 1L) * columns);
        if (room == 0) {
            throw new IllegalArgumentException(columns + " columns of a rank are too many");
        }
        if (own.rows() > 0) {
            int width = Math.min(columns, whole.columns());
            root.copy(own.columns(0, width), whole.columns(0, width));
        }
        int step = (int) Math.min(room, own.rows());
        for (int from = 0; from < own.rows(); from += step) {
            int first = from;
            int to = Math.min(own.rows(), from + step);
            send(parts.stream().map(part -> part.rows(first, to)).toList());
            place(whole.rows(from, to), columns);
        }
    }

    /// Brings the others' parts to the first rank, one behind the other.
    private void send(List<Tensor> parts) {
        Tensor own = parts.getFirst();
        int pieces = own.isContiguous() ? 1 : own.rows();
        long count = own.shape().elements() / pieces;
        group(() -> {
            for (int rank = 1; rank < ranks.size(); rank++) {
                for (int i = 0; i < pieces; i++) {
                    long at = ((rank - 1L) * pieces + i) * count;
                    Nccl.send(
                            row(parts.get(rank), i),
                            count,
                            0,
                            communicators.get(rank),
                            stream(rank));
                    Nccl.receive(
                            landing.data().address() + landing.dtype().bytesFor(at),
                            count,
                            rank,
                            communicators.getFirst(),
                            stream(0));
                }
            }
        });
    }

    /// Puts what came where it belongs.
    private void place(Tensor whole, int columns) {
        for (int rank = 1; rank < ranks.size(); rank++) {
            int from = rank * columns;
            int to = Math.min(whole.columns(), from + columns);
            if (from < to) {
                Tensor there = arrived(rank, whole.rows(), columns);
                root.copy(there.columns(0, to - from), whole.columns(from, to));
            }
        }
    }

    private Tensor arrived(int rank, int rows, int columns) {
        long bytes = landing.dtype().bytesFor((long) rows * columns);
        return Tensor.contiguous(
                landing.dtype(),
                Shape.of(rows, columns),
                landing.data().asSlice((rank - 1) * bytes, bytes));
    }

    /// Looks at all ranks in turn: one that waits for a lost one in a sum would never be done.
    @Override
    public void await() {
        if (broken) {
            throw DeviceException.lost("the ranks were parted by a failure of NCCL");
        }
        boolean done;
        do {
            done = true;
            for (CudaDevice rank : ranks) {
                rank.context().enter();
                done &= rank.context().stream().isDone();
            }
            Thread.onSpinWait();
        } while (!done);
    }

    @Override
    public void close() {
        boolean allAreThere = true;
        try {
            await();
        } catch (DeviceException e) {
            log.warn("the ranks part without having finished: {}", e.getMessage());
            allAreThere = false;
        }
        communicators.forEach(allAreThere ? Nccl::destroy : Nccl::abort);
        CudaContext.leave();
    }
}
