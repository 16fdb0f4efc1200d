package dev.sluice.engine;

import java.util.List;

/// Guesses that what followed the last tokens before follows them again. Costs no forward pass.
final class NgramProposer implements Proposer {
    private final int[] guesses = new int[Speculation.MOST_TOKENS];

    @Override
    public int strength(Sequence sequence) {
        NgramIndex index = sequence.draftRecord().index();
        if (!index.find(sequence.tokens(), sequence.length())) {
            return -1;
        }
        int matched = index.matched();
        if (matched >= 8) {
            return matched >= 16 ? 3 : 2;
        }
        return matched >= 4 ? 1 : 0;
    }

    @Override
    public int propose(List<Sequence> sequences, int[] counts, List<Sequence> behind) {
        for (int i = 0; i < sequences.size(); i++) {
            Sequence sequence = sequences.get(i);
            sequence.draftRecord()
                    .index()
                    .copy(sequence.tokens(), sequence.length(), guesses, counts[i]);
            for (int k = 0; k < counts[i]; k++) {
                sequence.addDraft(guesses[k]);
            }
        }
        return 0;
    }

    @Override
    public int missing(Sequence sequence) {
        return 0;
    }

    @Override
    public int passes(int guesses) {
        return 0;
    }

    @Override
    public void close() {}
}
