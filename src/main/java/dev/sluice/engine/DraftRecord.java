package dev.sluice.engine;

import java.util.Optional;

/// What is guessed for one sequence, and how the guesses fared. Belongs to the engine thread.
final class DraftRecord {
    /// Kinds of guesses, by how much speaks for them.
    static final int STRENGTHS = 4;

    /// Weight of the newest guess in the acceptance that is expected of the next one.
    private static final double FORGETTING = 0.12;

    /// How fast what is expected before anything is known comes back while nothing is guessed.
    private static final double HOPE = 0.1;

    private static final int LONGEST_REST = 64;

    private final int[] drafted = new int[Speculation.MOST_TOKENS];
    private final int[] accepted = new int[Speculation.MOST_TOKENS];
    private Optional<NgramIndex> index = Optional.empty();
    private final double[] acceptance = UsualAcceptance.EXPECTED.clone();
    private int strength;
    private int numSteps;
    private int numEmitted;
    private int numComputed;
    private int stepDrafted;
    private int stepVerified;
    private boolean expects;
    private int head;
    private int stepEmitted;
    private boolean open;
    private int restUntil;
    private int rest = 1;

    /// Notes that a step computes guesses.
    void begin(int numDrafts) {
        head = 0;
        stepVerified = 0;
        stepDrafted = numDrafts;
        stepEmitted = 0;
        open = numDrafts > 0;
        numSteps += numDrafts > 0 ? 1 : 0;
        for (int i = 0; i < numDrafts; i++) {
            drafted[i]++;
        }
    }

    /// Notes how the next guess of the step fared.
    void verified(boolean asDrawn) {
        stepVerified++;
        acceptance[strength] += FORGETTING * ((asDrawn ? 1 : 0) - acceptance[strength]);
        if (asDrawn) {
            accepted[head++]++;
            rest = 1;
        }
    }

    /// Notes that a token was appended.
    void appended() {
        stepEmitted++;
    }

    /// Notes that a step with guesses is over.
    void end() {
        numEmitted += stepEmitted;
        open = false;
    }

    /// Guesses of the last step that had any.
    int stepDrafted() {
        return stepDrafted;
    }

    /// How many of them were compared with what was drawn.
    int stepVerified() {
        return stepVerified;
    }

    /// How many of them were right.
    int stepAccepted() {
        return head;
    }

    /// Tokens that came of that step.
    int stepEmitted() {
        return stepEmitted;
    }

    /// Lets no guess be made for some tokens, each time for longer until one is right.
    void rest(int length) {
        restUntil = length + rest;
        rest = Math.min(LONGEST_REST, 2 * rest);
        for (int i = 0; i < STRENGTHS; i++) {
            acceptance[i] += HOPE * (UsualAcceptance.EXPECTED[i] - acceptance[i]);
        }
    }

    boolean rests(int length) {
        return length < restUntil;
    }

    /// Expects of the first guesses half of what others fared, half of what is usual anywhere.
    void expect(UsualAcceptance usual) {
        if (!expects) {
            expects = true;
            for (int i = 0; i < STRENGTHS; i++) {
                acceptance[i] = (UsualAcceptance.EXPECTED[i] + usual.of(i)) / 2;
            }
        }
    }

    /// How much spoke for the last guesses.
    int strength() {
        return strength;
    }

    /// How probable it is that a guess is right, as far as is known; that of the guesses to come.
    ///
    /// @param kind how much speaks for them, below [#STRENGTHS]
    double acceptance(int kind) {
        strength = kind;
        return acceptance[kind];
    }

    /// The text so far by its n-grams; made when it is first asked for.
    NgramIndex index() {
        if (index.isEmpty()) {
            index = Optional.of(new NgramIndex());
        }
        return index.get();
    }

    /// Tokens whose keys and values the cache of the draft model holds.
    int numComputed() {
        return numComputed;
    }

    void computed(int tokens) {
        numComputed = tokens;
    }

    /// What is told of it, the step under way included.
    DraftCounts counts() {
        return numSteps == 0
                ? DraftCounts.NONE
                : DraftCounts.of(
                        numSteps, numEmitted + (open ? stepEmitted : 0), drafted, accepted);
    }
}
