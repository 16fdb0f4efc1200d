package dev.sluice.engine;

/// How probable it is that a guess is right, of all sequences: what is expected of the next one.
/// Belongs to the engine thread.
final class UsualAcceptance {
    /// What is expected of each kind before anything is known.
    static final double[] EXPECTED = {0.5, 0.65, 0.8, 0.9};

    /// Weight of the newest guess.
    private static final double NEWEST = 0.02;

    /// How fast what is known goes back to what is expected, at each step.
    private static final double FORGETTING = 0.0005;

    private final double[] seen = EXPECTED.clone();

    /// @param kind how much speaks for a guess, below [DraftRecord#STRENGTHS]
    double of(int kind) {
        return seen[kind];
    }

    /// Notes that a step was made.
    void stepped() {
        for (int i = 0; i < seen.length; i++) {
            seen[i] += FORGETTING * (EXPECTED[i] - seen[i]);
        }
    }

    /// Notes how the guesses of a sequence fared in the last step.
    void learn(DraftRecord record) {
        for (int i = 0; i < record.stepVerified(); i++) {
            int right = i < record.stepAccepted() ? 1 : 0;
            seen[record.strength()] += NEWEST * (right - seen[record.strength()]);
        }
    }
}
