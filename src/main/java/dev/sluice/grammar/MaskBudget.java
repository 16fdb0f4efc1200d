package dev.sluice.grammar;

/// What finding one mask may cost, so that no grammar holds up the texts of others or fills the
/// memory: counted in steps, of which each looks at one reading, one edge or one stack, and in
/// bytes that are remembered. Neither depends on the machine's speed or load. What is remembered
/// already, from other texts of the same grammar too, costs nothing: near the limit a mask may be
/// found that would not have been found first.
///
/// Belongs to one [Machine], whose lock its callers hold. Outside of a mask it allows anything: one
/// byte costs no more than the readings of one place.
final class MaskBudget {
    /// Some 100 to 300 ms. The masks of real schemas take up to a tenth of it.
    static final long STEPS = 2_000_000;

    /// Real schemas take up to a tenth of it.
    static final long BYTES = 24L << 20;

    private long steps = Long.MAX_VALUE;
    private long bytes = Long.MAX_VALUE;

    void begin() {
        steps = STEPS;
        bytes = BYTES;
    }

    /// Steps since the mask was begun.
    long spent() {
        return STEPS - steps;
    }

    /// What comes next belongs to no mask.
    void end() {
        steps = Long.MAX_VALUE;
        bytes = Long.MAX_VALUE;
    }

    /// @throws GrammarLimitException if that is more than is left
    void spend(int more) {
        steps -= more;
        if (steps < 0) {
            throw new GrammarLimitException(
                    "the grammar is too ambiguous: what may come next takes more than %,d steps"
                            .formatted(STEPS));
        }
    }

    /// @throws GrammarLimitException if that is more than is left
    void remember(long more) {
        bytes -= more;
        if (bytes < 0) {
            throw new GrammarLimitException(
                    "the grammar is too ambiguous: what may come next takes more than %,d MB"
                            .formatted(BYTES >> 20));
        }
    }
}
