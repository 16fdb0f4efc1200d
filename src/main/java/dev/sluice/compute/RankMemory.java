package dev.sluice.compute;

import java.util.Arrays;
import java.util.List;

/// Which tensors of all ranks are one tensor to the model.
///
/// To the model a tensor is that of the first rank. Its address, or that of a view of it, tells
/// where the others' lie: all ranks have the same shapes.
final class RankMemory {
    private Allocation[] allocations = new Allocation[64];
    private int size;
    private int last;

    /// One tensor on every rank.
    ///
    /// @param perRank the first is what the model knows
    /// @param replicated whether ranks that share a device share it
    record Allocation(List<Tensor> perRank, boolean replicated) {
        Allocation {
            perRank = List.copyOf(perRank);
        }

        private Tensor first() {
            return perRank.getFirst();
        }

        private long start() {
            return first().data().address();
        }

        private boolean holds(Tensor view) {
            long offset = view.data().address() - start();
            return offset >= 0 && offset + view.data().byteSize() <= first().data().byteSize();
        }

        /// What a view of the first rank's tensor is on another rank.
        Tensor view(Tensor view, int rank) {
            Tensor whole = perRank.get(rank);
            if (whole == first()) {
                return view;
            }
            if (view == first()) {
                return whole;
            }
            long offset = view.data().address() - start();
            return new Tensor(
                    view.dtype(),
                    view.shape(),
                    view.rowStride(),
                    whole.data().asSlice(offset, view.data().byteSize()));
        }
    }

    /// Remembers an allocation.
    void add(Allocation allocation) {
        if (size == allocations.length) {
            allocations = Arrays.copyOf(allocations, 2 * size);
        }
        int at = size;
        while (at > 0 && allocations[at - 1].start() > allocation.start()) {
            allocations[at] = allocations[at - 1];
            at--;
        }
        allocations[at] = allocation;
        size++;
        last = at;
    }

    /// Forgets the allocation of a tensor.
    ///
    /// @throws IllegalArgumentException if it was not allocated here
    Allocation remove(Tensor tensor) {
        for (int i = 0; i < size; i++) {
            Allocation allocation = allocations[i];
            if (allocation.first() == tensor) {
                System.arraycopy(allocations, i + 1, allocations, i, size - i - 1);
                size--;
                last = 0;
                return allocation;
            }
        }
        throw new IllegalArgumentException("release: " + tensor + " is not allocated here");
    }

    /// The allocation that holds a view.
    ///
    /// @throws IllegalArgumentException if there is none
    Allocation of(Tensor view) {
        if (last < size && allocations[last].holds(view)) {
            return allocations[last];
        }
        int low = 0;
        int high = size;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (allocations[middle].start() <= view.data().address()) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        for (int i = low - 1; i >= 0 && i >= low - 2; i--) {
            if (allocations[i].holds(view)) {
                last = i;
                return allocations[i];
            }
        }
        throw new IllegalArgumentException(view + " is not memory of this device");
    }
}
