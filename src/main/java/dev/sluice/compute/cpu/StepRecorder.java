package dev.sluice.compute.cpu;

import dev.sluice.compute.ForwardBatch;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// Steps of a device with native kernels: their operations are written down and then run by all
/// threads in one go. The next step, if it is of the same kind, is not written down again: the list
/// is the same, and what it points to holds the new batch.
///
/// For the device's calling thread.
final class StepRecorder {
    private final OpList ops;
    private final CpuThreads threads;
    private final List<Condition> conditions = new ArrayList<>();
    private @Nullable Step last;
    private boolean open;

    // Whether the list that is being written has all of the step, and nothing else happened in it.
    private boolean whole;

    /// What has to hold for a list to be run for a later batch.
    @FunctionalInterface
    interface Condition {
        /// Looks at a batch, of the extents that the list was written for, and prepares what
        /// depends on it.
        ///
        /// @throws IllegalArgumentException if an operation would have refused it
        boolean holds(ForwardBatch batch);
    }

    /// What a list was written for.
    private record Step(
            ForwardBatch batch,
            int tokens,
            int sequences,
            int logitRows,
            Object key,
            Runnable operations,
            boolean timed) {
        Step(ForwardBatch batch, Object key, Runnable operations, boolean timed) {
            this(
                    batch,
                    batch.numTokens(),
                    batch.numSequences(),
                    batch.numLogitRows(),
                    key,
                    operations,
                    timed);
        }

        private boolean isLike(
                ForwardBatch other, Object otherKey, Runnable otherOperations, boolean isTimed) {
            return batch == other
                    && tokens == other.numTokens()
                    && sequences == other.numSequences()
                    && logitRows == other.numLogitRows()
                    && operations.equals(otherOperations)
                    && key.equals(otherKey)
                    && timed == isTimed;
        }
    }

    StepRecorder(OpList ops, CpuThreads threads) {
        this.ops = ops;
        this.threads = threads;
    }

    /// Runs a step, as [dev.sluice.compute.Device#run].
    void run(ForwardBatch batch, Object key, Runnable operations) {
        boolean timed = threads.profile().isOn();
        if (last == null || !last.isLike(batch, key, operations, timed) || !conditionsHold(batch)) {
            record(operations);
            last = whole ? new Step(batch, key, operations, timed) : null;
        }
        threads.run(ops);
    }

    private boolean conditionsHold(ForwardBatch batch) {
        for (Condition condition : conditions) {
            if (!condition.holds(batch)) {
                return false;
            }
        }
        return true;
    }

    private void record(Runnable operations) {
        forget();
        open = true;
        whole = true;
        try {
            operations.run();
        } finally {
            open = false;
        }
    }

    /// Whether operations are written down now.
    boolean isOpen() {
        return open;
    }

    /// As [OpList#meetings], of the last step.
    int meetings() {
        return ops.meetings();
    }

    /// Writes an operation down, as [OpList#add].
    void add(
            String name,
            NativeUnits units,
            long total,
            long chunk,
            OpList.Reads reads,
            long groups) {
        if (ops.isFull()) {
            runWritten();
        }
        ops.add(name, units, total, chunk, reads, groups);
    }

    /// Says what has to hold for the step that is being written to be run again.
    void require(Condition condition) {
        if (open && !conditions.contains(condition)) {
            conditions.add(condition);
        }
    }

    /// Runs what is written down by now: before the host reads what it yields, or changes what it
    /// uses.
    void runWritten() {
        if (open) {
            whole = false;
            threads.run(ops);
            ops.clear();
        }
    }

    /// Forgets the last step: something that it uses may be gone.
    void forget() {
        last = null;
        conditions.clear();
        ops.clear();
    }
}
