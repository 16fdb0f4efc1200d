package dev.sluice.engine;

import dev.sluice.compute.Device;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/// Gives the sequences of a step their guesses: to each as many as are likely to make the step
/// bring more tokens in less time, as far as there is room.
///
/// What is expected of a guess comes from how the sequence's last ones fared, what it costs from
/// how long steps of so many tokens took. A sequence whose guesses do not pay rests. Owns the
/// proposer. Call only on the engine thread.
///
/// @see "Leviathan et al. 2023, section 3.5 (how many guesses)"
final class Speculator implements AutoCloseable {
    /// What guesses must promise to bring, for their cost is known roughly only.
    private static final double WORTHWHILE = 1.03;

    private final Speculation how;
    private final EngineConfig config;
    private final Scheduler scheduler;
    private final Proposer proposer;
    private final EngineStats stats;
    private final LongSupplier nanoClock;
    private final StepCosts stepCosts = new StepCosts(1);
    private final StepCosts passCosts = new StepCosts(0.01);
    private final List<Sequence> guessing = new ArrayList<>();
    private int[] counts;
    private double expected;
    private int numTokens;
    private int numPasses;
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
        this.how = how;
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
    }

    /// Adds guesses to the sequences of a step.
    void guess(List<Sequence> step) {
        guessing.clear();
        expected = 0;
        numTokens = 0;
        numPasses = 0;
        decodesOnly = true;
        for (Sequence sequence : step) {
            numTokens += sequence.numScheduled();
            expected += sequence.draws() ? 1 : 0;
            decodesOnly &= sequence.draws() && sequence.numScheduled() == 1;
        }
        for (Sequence sequence : step) {
            if (sequence.draws() && sequence.numScheduled() == 1) {
                choose(sequence);
            }
        }
        // What a proposer reads of a text that it does not know yet is not the price of a pass.
        boolean level = guessing.stream().allMatch(proposer::isLevel);
        long start = nanoClock.getAsLong();
        proposer.propose(guessing, counts);
        began = nanoClock.getAsLong();
        if (numPasses > 0 && level) {
            passCosts.add(guessing.size(), (began - start) / numPasses);
        }
        guessing.forEach(Speculator::check);
        numTokens = 0;
        for (Sequence sequence : step) {
            numTokens += sequence.numScheduled() + sequence.numDrafts();
        }
    }

    /// Decides how many guesses a sequence gets.
    private void choose(Sequence sequence) {
        int most = Math.min(how.maxTokens(), sequence.mostDrafts(config.maxModelLen()));
        if (most < 1 || sequence.draftRecord().rests(sequence.length())) {
            return;
        }
        int strength = proposer.strength(sequence);
        if (strength < 0) {
            return;
        }
        double acceptance = sequence.draftRecord().acceptance(strength);
        int wanted = mostPaying(acceptance, most);
        if (wanted == 0) {
            sequence.draftRecord().rest(sequence.length());
            return;
        }
        int granted = scheduler.grant(sequence, wanted);
        if (granted > 0) {
            counts[guessing.size()] = granted;
            guessing.add(sequence);
            numTokens += granted;
            numPasses = Math.max(numPasses, proposer.passes(granted));
            expected += bring(acceptance, granted);
        }
    }

    /// The number of guesses with which the step brings most in its time.
    private int mostPaying(double acceptance, int most) {
        int best = 0;
        double bestRate = WORTHWHILE * expected / cost(0);
        double brought = 0;
        double chance = 1;
        for (int n = 1; n <= most; n++) {
            chance *= acceptance;
            brought += chance;
            double rate = (expected + brought) / cost(n);
            if (rate > bestRate) {
                best = n;
                bestRate = rate;
            }
        }
        return best;
    }

    private double cost(int guesses) {
        int passes = Math.max(numPasses, proposer.passes(guesses));
        return stepCosts.of(numTokens + guesses)
                + passes * (passes == 0 ? 0 : passCosts.of(guessing.size() + 1));
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
        stepCosts.stepped();
        passCosts.stepped();
        if (decodesOnly) {
            stepCosts.add(numTokens, nanoClock.getAsLong() - began);
        }
        step.forEach(scheduler::dropDrafts);
        for (Sequence sequence : guessing) {
            DraftRecord record = sequence.draftRecord();
            // Behind the first wrong guess the proposer's cache is wrong, too.
            record.computed(Math.min(record.numComputed(), sequence.numComputed()));
            if (record.stepDrafted() > 0) {
                record.end();
                stats.speculated(record);
            }
        }
    }

    @Override
    public void close() {
        proposer.close();
    }
}
