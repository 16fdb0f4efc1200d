package dev.sluice.engine;

import dev.sluice.compute.Device;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/// Gives the sequences of a step their guesses: to each as many as are likely to make the step
/// bring more tokens in less time, as far as there is room.
///
/// What is expected of a guess comes from how the sequence's last ones fared, and those of others
/// before, what it costs from how long steps of so many tokens took. A sequence whose guesses do
/// not pay rests. Owns the proposer. Call only on the engine thread.
final class Speculator implements AutoCloseable {
    private final EngineConfig config;
    private final Scheduler scheduler;
    private final Proposer proposer;
    private final EngineStats stats;
    private final LongSupplier nanoClock;
    private final DraftCosts costs = new DraftCosts();
    private final UsualAcceptance usual = new UsualAcceptance();
    private final GuessPlan plan;
    private final List<Sequence> considered = new ArrayList<>();
    private final List<Sequence> guessing = new ArrayList<>();
    private final int[] counts;
    private int numTokens;
    private boolean decodesOnly;
    private long began;

    /// @param numIds ids that can be drawn
    /// @throws dev.sluice.compute.DeviceException if the memory can't be had
    Speculator(
            Speculation how,
            EngineConfig config,
            Scheduler scheduler,
            int numIds,
            Device device,
            EngineStats stats,
            LongSupplier nanoClock) {
        this.config = config;
        this.scheduler = scheduler;
        this.stats = stats;
        this.nanoClock = nanoClock;
        this.counts = new int[config.maxNumSeqs()];
        this.proposer =
                how.draftModel()
                        .<Proposer>map(
                                draft -> new DraftModelProposer(config, draft, numIds, device))
                        .orElseGet(NgramProposer::new);
        this.plan = new GuessPlan(costs, proposer, how.maxTokens());
    }

    /// Adds guesses to the sequences of a step.
    void guess(List<Sequence> step) {
        considered.clear();
        int room = scheduler.roomForGuesses();
        int numDecoding = (int) step.stream().filter(Speculator::decodes).count();
        decodesOnly = numDecoding == step.size();
        numTokens = numDecoding;
        // Prompts are worth their time whatever is guessed beside them.
        plan.begin(numDecoding, room);
        for (Sequence sequence : step) {
            if (room > 0 && decodes(sequence)) {
                consider(sequence);
            }
        }
        List<GuessPlan.Share> shares = plan.choose();
        int numPasses = grant(shares);
        rest(shares);
        long start = nanoClock.getAsLong();
        int read = proposer.propose(guessing, counts, plan.readers());
        began = nanoClock.getAsLong();
        costs.proposed(numPasses, guessing.size(), read, began - start);
        guessing.forEach(Speculator::check);
        guessing.forEach(sequence -> numTokens += sequence.numDrafts());
    }

    private static boolean decodes(Sequence sequence) {
        return sequence.draws() && sequence.numScheduled() == 1;
    }

    /// Lets a sequence have its share of the guesses, if it can have any.
    private void consider(Sequence sequence) {
        DraftRecord record = sequence.draftRecord();
        int most = sequence.mostDrafts(config.maxModelLen());
        if (most < 1 || record.rests(sequence.length())) {
            return;
        }
        int strength = proposer.strength(sequence);
        if (strength >= 0) {
            record.expect(usual);
            considered.add(sequence);
            plan.add(
                    new GuessPlan.Candidate(
                            sequence,
                            record.acceptance(strength),
                            most,
                            proposer.missing(sequence)));
        }
    }

    /// @return passes that the proposer needs
    private int grant(List<GuessPlan.Share> shares) {
        guessing.clear();
        int numPasses = 0;
        for (GuessPlan.Share share : shares) {
            Sequence sequence = share.candidate().sequence();
            int granted = scheduler.grant(sequence, share.guesses());
            if (granted > 0) {
                counts[guessing.size()] = granted;
                guessing.add(sequence);
                numPasses = Math.max(numPasses, proposer.passes(granted));
            }
        }
        return numPasses;
    }

    /// Lets those rest whose guesses do not pay; not those for whom there was no room only. While
    /// text is read, more may pay soon.
    private void rest(List<GuessPlan.Share> shares) {
        int wanted = shares.stream().mapToInt(GuessPlan.Share::guesses).sum();
        if (wanted >= plan.room() || !plan.readers().isEmpty()) {
            return;
        }
        for (Sequence sequence : considered) {
            if (shares.stream().noneMatch(share -> share.candidate().sequence() == sequence)) {
                sequence.draftRecord().rest(sequence.length());
            }
        }
    }

    /// Keeps the guesses that the grammar lets come.
    private static void check(Sequence sequence) {
        int end = sequence.length() + sequence.numDrafts();
        sequence.guidedText()
                .ifPresent(text ->
                        sequence.keepDrafts(
                                text.numAllowed(sequence.tokens(), sequence.length(), end)));
        sequence.draftRecord().begin(sequence.numDrafts());
    }

    /// Drops what is left of the guesses after a step, and learns from it.
    void settle(List<Sequence> step) {
        costs.stepped();
        usual.stepped();
        if (decodesOnly) {
            costs.computed(numTokens, nanoClock.getAsLong() - began);
        }
        step.forEach(scheduler::dropDrafts);
        for (Sequence sequence : guessing) {
            DraftRecord record = sequence.draftRecord();
            // Behind the first wrong guess the proposer's cache is wrong, too.
            record.computed(Math.min(record.numComputed(), sequence.numComputed()));
            if (record.stepDrafted() > 0) {
                record.end();
                usual.learn(record);
                stats.speculated(record);
            }
        }
    }

    @Override
    public void close() {
        proposer.close();
    }
}
