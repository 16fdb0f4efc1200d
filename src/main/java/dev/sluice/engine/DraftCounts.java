package dev.sluice.engine;

import java.util.ArrayList;
import java.util.List;

/// How the tokens that were guessed for a sequence fared. Immutable.
///
/// @param steps forward passes that computed guesses
/// @param emitted tokens that came of those passes
/// @param drafted guesses at each distance, the next token first
/// @param accepted how many of them were the tokens drawn
public record DraftCounts(long steps, long emitted, List<Long> drafted, List<Long> accepted) {
    /// Nothing guessed.
    public static final DraftCounts NONE = new DraftCounts(0, 0, List.of(), List.of());

    public DraftCounts {
        drafted = List.copyOf(drafted);
        accepted = List.copyOf(accepted);
    }

    /// Counts without the distances at which nothing was guessed.
    static DraftCounts of(long steps, long emitted, int[] drafted, int[] accepted) {
        List<Long> all = new ArrayList<>();
        List<Long> right = new ArrayList<>();
        for (int i = 0; i < drafted.length && drafted[i] > 0; i++) {
            all.add((long) drafted[i]);
            right.add((long) accepted[i]);
        }
        return new DraftCounts(steps, emitted, all, right);
    }

    /// All guesses.
    public long numDrafted() {
        return drafted.stream().mapToLong(Long::longValue).sum();
    }

    /// The guesses that were right.
    public long numAccepted() {
        return accepted.stream().mapToLong(Long::longValue).sum();
    }
}
