package dev.sluice.compute;

import java.util.List;

/// What ranks do together. Call only on the engine thread.
public interface Collectives extends AutoCloseable {

    /// Sums `parts` in the same order of additions at every call of the same shape.
    ///
    /// @param parts float32 `[n, columns]` of each rank
    /// @param sums where each rank wants the sum, shape of the parts: its part, or elsewhere. Ranks
    ///   that share memory may name the same place
    void allReduce(List<Tensor> parts, List<Tensor> sums);

    /// Puts columns side by side; what exceeds those of the target is left out.
    ///
    /// @param parts float32 `[n, columns of one rank]` of each rank
    /// @param wholes float32 `[n, columns]` of each rank; that of the first is complete afterwards
    void gatherColumns(List<Tensor> parts, List<Tensor> wholes);

    /// Waits until no rank has work any more. Comes before a result is read from one of them: a
    /// rank must not be waited for alone, for where another fails it never gets to its end.
    ///
    /// @throws DeviceException if a rank failed
    default void await() {}

    @Override
    void close();
}
