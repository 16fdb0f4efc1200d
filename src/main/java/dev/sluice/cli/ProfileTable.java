package dev.sluice.cli;

import dev.sluice.compute.cpu.CpuProfile;
import dev.sluice.embed.LoadedEngine;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What the operations of a measurement took, as text.
final class ProfileTable {
    private static final double MILLI = 1e6;
    private static final double MICRO = 1e3;

    private ProfileTable() {}

    /// Runs prompts and decoding once more under the profile.
    ///
    /// @param decodedTokens that each sequence generates
    /// @param context tokens behind which one sequence decodes as well
    static String measure(
            LoadedEngine engine, CpuProfile profile, int decodedTokens, Optional<Integer> context) {
        int vocabulary = engine.model().config().vocabSize();
        EngineMeter meter = new EngineMeter(engine.engine(), vocabulary, 1, profile::start);
        StringBuilder text = new StringBuilder();
        for (int tokens : new int[] {128, 512}) {
            profile.start();
            meter.firstTokenSeconds(tokens);
            profile.stop();
            text.append(of("prefill, %d tokens".formatted(tokens), profile));
        }
        for (int sequences : new int[] {1, 8, 32}) {
            meter.decodeTokensPerSecond(sequences, decodedTokens);
            profile.stop();
            text.append(of("decode, %d of %d tokens".formatted(sequences, decodedTokens), profile));
        }
        if (context.isPresent()) {
            meter.decodeTokensPerSecond(1, context.get(), decodedTokens);
            profile.stop();
            text.append(of("decode, behind %,d tokens".formatted(context.get()), profile));
        }
        return text.toString();
    }

    /// A table with a heading and an empty line before it.
    static String of(String title, CpuProfile profile) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, "%nprofile: %s%n", title));
        text.append(
                String.format(
                        Locale.ROOT,
                        "%-28s %8s %10s %8s %10s %9s%n",
                        "",
                        "calls",
                        "ms",
                        "of all",
                        "us each",
                        "threads"));
        List<CpuProfile.Row> rows = profile.rows();
        long inside = 0;
        for (CpuProfile.Row row : rows) {
            inside += row.wallNanos();
            text.append(line(row, profile));
        }
        long outside = profile.totalNanos() - inside;
        text.append(
                line(new CpuProfile.Row("outside of operations", 1, outside, outside), profile));
        return text.toString();
    }

    private static String line(CpuProfile.Row row, CpuProfile profile) {
        double wall = Math.max(1, row.wallNanos());
        return String.format(
                Locale.ROOT,
                "%-28s %8d %10.2f %7.1f%% %10.1f %8.0f%%%n",
                row.name(),
                row.calls(),
                wall / MILLI,
                100 * wall / profile.totalNanos(),
                wall / MICRO / row.calls(),
                100 * row.busyNanos() / wall / profile.threads());
    }
}
