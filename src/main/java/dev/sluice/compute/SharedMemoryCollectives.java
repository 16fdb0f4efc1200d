package dev.sluice.compute;

import java.lang.foreign.MemorySegment;
import java.util.List;

/// Ranks whose tensors all lie in host memory and are worked on by the same device.
final class SharedMemoryCollectives implements Collectives {
    private final Device device;

    /// @param device not closed with this
    SharedMemoryCollectives(Device device) {
        this.device = device;
    }

    @Override
    public void allReduce(List<Tensor> parts, List<Tensor> sums) {
        Tensor sum = sums.getFirst();
        if (sum.rows() == 0) {
            return;
        }
        copy(parts.getFirst(), sum);
        for (Tensor part : parts.subList(1, parts.size())) {
            device.add(sum, part);
        }
        for (Tensor other : sums.subList(1, sums.size())) {
            copy(sum, other);
        }
    }

    @Override
    public void gatherColumns(List<Tensor> parts, List<Tensor> wholes) {
        Tensor whole = wholes.getFirst();
        int from = 0;
        for (Tensor part : parts) {
            int to = Math.min(whole.columns(), from + part.columns());
            copy(part.columns(0, to - from), whole.columns(from, to));
            from = to;
        }
    }

    private static void copy(Tensor from, Tensor to) {
        if (from.data().address() == to.data().address()) {
            return;
        }
        if (from.isContiguous() && to.isContiguous()) {
            to.data().copyFrom(from.data());
            return;
        }
        long bytes = from.dtype().bytesFor(from.columns());
        for (int row = 0; row < from.rows(); row++) {
            MemorySegment.copy(
                    from.data(),
                    from.dtype().bytesFor(row * from.rowStride()),
                    to.data(),
                    to.dtype().bytesFor(row * to.rowStride()),
                    bytes);
        }
    }

    @Override
    public void close() {}
}
