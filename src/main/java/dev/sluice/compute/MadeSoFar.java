package dev.sluice.compute;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/// The parts of something that is being made: closed, the last first, if the rest of it can't be.
///
/// ```
/// try (MadeSoFar made = new MadeSoFar()) {
///     this.cache = made.keep(new KvCache(device), KvCache::close);
///     this.workspace = made.keep(new Workspace(device), Workspace::close);
///     made.complete();
/// }
/// ```
///
/// For one thread.
public final class MadeSoFar implements AutoCloseable {
    private final Deque<Runnable> undoing = new ArrayDeque<>();

    /// Adds a part.
    ///
    /// @param close gives the part back if something that comes after it fails
    /// @return the part
    public <T> T keep(T part, Consumer<? super T> close) {
        undoing.push(() -> close.accept(part));
        return part;
    }

    /// Leaves the parts to what has been made of them.
    public void complete() {
        undoing.clear();
    }

    /// Closes the parts, all of them even if one fails; none once they are complete.
    @Override
    public void close() {
        if (!undoing.isEmpty()) {
            try {
                undoing.pop().run();
            } finally {
                close();
            }
        }
    }
}
