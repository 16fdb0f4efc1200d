package dev.sluice.engine;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Decides how many guesses each sequence of a step gets, so that the step brings most tokens in
/// its time, and for which ones the proposer reads text that it does not know yet.
///
/// Passes of a proposer serve all sequences: for each number of passes it is found which sequences
/// had better use them, and the best of these plans is taken, if it is worthwhile. Reading is an
/// investment: it must be won back within what is likely to come of the texts. Not for use by
/// several threads.
///
/// @see "Leviathan et al. 2023, section 3.5 (how many guesses)"
final class GuessPlan {
    /// What guesses must promise to bring, for their cost is known roughly only.
    private static final double WORTHWHILE = 1.03;

    /// Tokens that are thought to come of a text that has just begun; later as many as came.
    private static final int LIKELY_TOKENS = 64;

    private final DraftCosts costs;
    private final Proposer proposer;
    private final int maxGuesses;
    private final List<Candidate> candidates = new ArrayList<>();
    private final List<Candidate> level = new ArrayList<>();
    private final List<Sequence> readers = new ArrayList<>();
    private int numDecoding;
    private int room;

    /// A sequence that may get guesses.
    ///
    /// @param acceptance how probable it is that a guess is right
    /// @param most guesses that make sense
    /// @param missing tokens that the proposer has yet to read
    record Candidate(Sequence sequence, double acceptance, int most, int missing) {}

    /// A sequence with the number of its guesses.
    record Share(Candidate candidate, int guesses) {}

    /// What could be done.
    ///
    /// @param tokens that are expected to come of the step
    private record Plan(List<Share> shares, double tokens, double nanos) {
        double rate() {
            return tokens / nanos;
        }
    }

    /// @param maxGuesses most guesses of a sequence
    GuessPlan(DraftCosts costs, Proposer proposer, int maxGuesses) {
        this.costs = costs;
        this.proposer = proposer;
        this.maxGuesses = maxGuesses;
    }

    /// Begins a step.
    ///
    /// @param decoding sequences that get a token anyway
    /// @param guesses there is room for
    void begin(int decoding, int guesses) {
        candidates.clear();
        level.clear();
        readers.clear();
        numDecoding = decoding;
        room = guesses;
    }

    /// Guesses that there is room for.
    int room() {
        return room;
    }

    void add(Candidate candidate) {
        candidates.add(candidate);
    }

    /// The sequences that get guesses, those first whose guesses are likelier to be right.
    List<Share> choose() {
        candidates.sort(Comparator.comparingDouble(Candidate::acceptance).reversed());
        candidates.stream().filter(candidate -> candidate.missing() == 0).forEach(level::add);
        Plan now = best(level);
        if (level.size() < candidates.size()) {
            invest(now, best(candidates));
        }
        return now.shares();
    }

    /// Sequences for which the proposer reads on in this step; valid after [#choose].
    List<Sequence> readers() {
        return readers;
    }

    /// Has text read if the guesses behind it will win back what that costs.
    private void invest(Plan now, Plan then) {
        List<Share> behind =
                then.shares().stream().filter(share -> share.candidate().missing() > 0).toList();
        double cost = 0;
        double steps = 0;
        for (Share share : behind) {
            Candidate candidate = share.candidate();
            cost += costs.reading(candidate.missing());
            steps +=
                    likelyTokens(candidate)
                            / (1 + bring(candidate.acceptance(), share.guesses()))
                            / behind.size();
        }
        double saved = steps * (then.tokens() / now.rate() - then.nanos());
        if (saved > cost) {
            // Of a cost that nobody knows a little is risked.
            long most = costs.knowsReading() ? behind.size() : 1;
            behind.stream().limit(most).map(s -> s.candidate().sequence()).forEach(readers::add);
        }
    }

    private static int likelyTokens(Candidate candidate) {
        int generated = candidate.sequence().numGenerated();
        return Math.min(candidate.most() + 1, Math.max(LIKELY_TOKENS, generated));
    }

    private Plan best(List<Candidate> among) {
        Plan plain = new Plan(List.of(), numDecoding, costs.step(numDecoding));
        if (among.isEmpty()) {
            return plain;
        }
        if (proposer.passes(1) == 0) {
            return share(among, maxGuesses, 0, WORTHWHILE);
        }
        Plan best = plain;
        double least = WORTHWHILE * plain.rate();
        for (int passes = 1; passes <= maxGuesses; passes++) {
            double fixed = proposer.passes(passes) * costs.pass(among.size());
            Plan plan = share(among, passes, fixed, 1);
            if (plan.rate() > Math.max(least, best.rate())) {
                best = plan;
            }
        }
        return best;
    }

    /// Gives each sequence the number of guesses that makes the step bring most in its time.
    ///
    /// @param fixed what the step costs beside its tokens
    /// @param least times which the rate must be to add a sequence
    private Plan share(List<Candidate> among, int most, double fixed, double least) {
        List<Share> shares = new ArrayList<>();
        double expected = numDecoding;
        int tokens = numDecoding;
        int left = room;
        for (Candidate candidate : among) {
            int guesses = Math.min(Math.min(most, candidate.most()), left);
            int best = 0;
            double bestRate = least * expected / (costs.step(tokens) + fixed);
            double brought = 0;
            double chance = 1;
            for (int n = 1; n <= guesses; n++) {
                chance *= candidate.acceptance();
                brought += chance;
                double rate = (expected + brought) / (costs.step(tokens + n) + fixed);
                if (rate > bestRate) {
                    best = n;
                    bestRate = rate;
                }
            }
            if (best > 0) {
                shares.add(new Share(candidate, best));
                expected += bring(candidate.acceptance(), best);
                tokens += best;
                left -= best;
            }
        }
        return new Plan(shares, expected, costs.step(tokens) + fixed);
    }

    private static double bring(double acceptance, int guesses) {
        double brought = 0;
        double chance = 1;
        for (int i = 0; i < guesses; i++) {
            chance *= acceptance;
            brought += chance;
        }
        return brought;
    }
}
