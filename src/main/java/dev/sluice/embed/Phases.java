package dev.sluice.embed;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// What a start is spent on, one phase after the other. Used by one thread.
final class Phases {
    private final List<String> ended = new ArrayList<>();
    private long begin = System.nanoTime();

    /// Ends a phase, which began when the last one ended.
    void end(String name) {
        long now = System.nanoTime();
        ended.add(name + "_ms=" + TimeUnit.NANOSECONDS.toMillis(now - begin));
        begin = now;
    }

    /// All phases, for a line of the log.
    @Override
    public String toString() {
        return String.join(" ", ended);
    }
}
