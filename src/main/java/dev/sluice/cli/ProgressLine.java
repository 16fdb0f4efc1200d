package dev.sluice.cli;

import dev.sluice.model.DownloadProgress;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/// Shows downloads: one line that is written over in a terminal, a new line at every tenth
/// elsewhere.
final class ProgressLine implements Consumer<DownloadProgress> {
    private static final long NANOS_BETWEEN_UPDATES = 100_000_000L;
    private static final int BAR_CELLS = 30;
    private static final double MEGABYTE = 1e6;

    /// The line that the terminal's cursor is in, if any: there is one cursor for the whole
    /// process.
    private static final AtomicReference<Optional<ProgressLine>> OPEN =
            new AtomicReference<>(Optional.empty());

    private final PrintStream out;
    private final boolean isTerminal;
    private String what = "";
    private long shownAtNanos;
    private long shownTenths;

    ProgressLine(PrintStream out, boolean isTerminal) {
        this.out = out;
        this.isTerminal = isTerminal;
    }

    @Override
    public void accept(DownloadProgress progress) {
        boolean isNew = !progress.what().equals(what);
        if (isNew) {
            what = progress.what();
            shownTenths = -1;
        }
        boolean isComplete =
                progress.totalBytes().isPresent()
                        && progress.bytes() >= progress.totalBytes().getAsLong();
        if (isTerminal) {
            long now = System.nanoTime();
            if (isNew || isComplete || now - shownAtNanos > NANOS_BETWEEN_UPDATES) {
                shownAtNanos = now;
                out.print("\r" + line(progress) + (isComplete ? "\n" : ""));
                out.flush();
                OPEN.set(isComplete ? Optional.empty() : Optional.of(this));
            }
            return;
        }
        long tenths = (long) (10 * fraction(progress));
        if (tenths > shownTenths) {
            shownTenths = tenths;
            out.println(line(progress));
        }
    }

    /// Ends the line of a download that broke off, so that what is said next has its own.
    static void end() {
        OPEN.getAndSet(Optional.empty()).ifPresent(line -> line.out.println());
    }

    private static double fraction(DownloadProgress progress) {
        long total = Math.max(1, progress.totalBytes().orElse(Long.MAX_VALUE));
        return Math.min(1, progress.bytes() / (double) total);
    }

    private String line(DownloadProgress progress) {
        double here = progress.bytes() / MEGABYTE;
        if (progress.totalBytes().isEmpty()) {
            return String.format(Locale.ROOT, "%s  %.1f MB", what, here);
        }
        double fraction = fraction(progress);
        int filled = (int) (fraction * BAR_CELLS);
        return String.format(
                Locale.ROOT,
                "%s  [%s%s] %3.0f %%  %.1f of %.1f MB",
                what,
                "#".repeat(filled),
                "-".repeat(BAR_CELLS - filled),
                100 * fraction,
                here,
                progress.totalBytes().getAsLong() / MEGABYTE);
    }
}
