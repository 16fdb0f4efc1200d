package dev.sluice.compute.cpu;

import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.Tensor;

import java.util.Optional;

/// Where the device's operations go: all threads run each at once, or, within a step and where
/// there are native kernels, it is written down and run with all others of the step.
///
/// For the device's calling thread.
final class OpRunner {
    private final CpuThreads threads;
    private final Optional<StepRecorder> steps;
    private final RowParts rowParts = new RowParts();

    /// @param steps where operations are not always run one by one
    OpRunner(CpuThreads threads, Optional<StepRecorder> steps) {
        this.threads = threads;
        this.steps = steps;
    }

    /// Runs a step, as [dev.sluice.compute.Device#run].
    void runStep(ForwardBatch batch, Object key, Runnable operations) {
        if (steps.isPresent()) {
            // What was before a list does not matter to it.
            rowParts.uncut();
            steps.get().run(batch, key, operations);
        } else {
            operations.run();
        }
    }

    /// Whether operations are written down now.
    boolean inStep() {
        return steps.isPresent() && steps.get().isOpen();
    }

    /// Says what has to hold for this step to be run again without being written down.
    void require(StepRecorder.Condition condition) {
        steps.ifPresent(recorder -> recorder.require(condition));
    }

    /// Before the host reads what operations yield, or changes what they use.
    void runWritten() {
        steps.ifPresent(StepRecorder::runWritten);
    }

    /// Before memory goes that operations use, those of a step that might come again among them.
    void forgetSteps() {
        runWritten();
        steps.ifPresent(StepRecorder::forget);
    }

    /// As [StepRecorder#meetings].
    int meetings() {
        return steps.map(StepRecorder::meetings).orElse(0);
    }

    /// Begins to say what the next operation uses of each of so many rows.
    RowParts rows(int rows) {
        return rowParts.of(rows);
    }

    /// Runs an operation whose unit is a row of `sized`, and which uses nothing else of other rows.
    ///
    /// @param used what [#rows] began, all said
    void runRows(String op, Units units, Tensor sized, RowParts used) {
        runRows(op, units, sized.rows(), Chunks.ofRows(sized), used);
    }

    /// The same in chunks of a size.
    void runRows(String op, Units units, int rows, long chunk, RowParts used) {
        // What one thread does alone, whoever comes first had better do.
        if (rows > chunk) {
            runApart(op, units, rows, chunk, OpList.Reads.LITTLE, used, rows);
        } else {
            run(op, units, rows, chunk);
        }
    }

    /// Runs an operation that falls into groups of rows.
    ///
    /// @param used what [#rows] began, all said
    /// @param groups into which its units fall in the order of its rows
    void runApart(
            String op,
            Units units,
            long total,
            long chunk,
            OpList.Reads reads,
            RowParts used,
            int groups) {
        run(op, units, total, chunk, reads, used.cut(groups));
    }

    /// Runs an operation whose units may use anything of those before it, and read little.
    void run(String op, Units units, long total, long chunk) {
        run(op, units, total, chunk, OpList.Reads.LITTLE);
    }

    /// Runs an operation whose units may use anything of those before it.
    ///
    /// @param total units; with none nothing happens
    /// @param chunk units that a thread takes at a time
    /// @param reads what is worth fetching ahead
    void run(String op, Units units, long total, long chunk, OpList.Reads reads) {
        run(op, units, total, chunk, reads, rowParts.uncut());
    }

    private void run(
            String op, Units units, long total, long chunk, OpList.Reads reads, long groups) {
        if (total <= 0) {
            return;
        }
        if (inStep() && units instanceof NativeUnits written) {
            steps.orElseThrow().add(op, written, total, chunk, reads, groups);
        } else {
            threads.run(op, units, total, chunk);
        }
    }
}
