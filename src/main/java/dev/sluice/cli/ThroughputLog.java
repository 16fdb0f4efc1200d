package dev.sluice.cli;

import dev.sluice.engine.StatsSnapshot;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.Locale;
import java.util.Optional;

/// Says how much a server does, as long as it does something.
final class ThroughputLog {
    private static final Logger LOG = LoggerFactory.getLogger(ThroughputLog.class);

    private Optional<StatsSnapshot> before = Optional.empty();
    private long beforeNanos;

    /// Logs what was done since the last call.
    void accept(StatsSnapshot now, long nanos) {
        before.flatMap(last -> line(last, now, (nanos - beforeNanos) / 1e9)).ifPresent(LOG::info);
        before = Optional.of(now);
        beforeNanos = nanos;
    }

    /// One line; empty where nothing was done.
    static Optional<String> line(StatsSnapshot before, StatsSnapshot now, double seconds) {
        long prompt = now.promptTokens() - before.promptTokens();
        long generated = now.generationTokens() - before.generationTokens();
        if (prompt + generated + now.running() + now.waiting() == 0) {
            return Optional.empty();
        }
        double used = 100.0 * (now.blocksTotal() - now.blocksFree()) / now.blocksTotal();
        return Optional.of(
                String.format(
                        Locale.ROOT,
                        "prompt_tokens_per_s=%.1f generated_tokens_per_s=%.1f running=%d"
                                + " waiting=%d kv_used=%.0f%% preemptions=%d",
                        prompt / seconds,
                        generated / seconds,
                        now.running(),
                        now.waiting(),
                        used,
                        now.preemptions()));
    }
}
