package dev.sluice.engine;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;

/// Decides which tokens are computed in the next step.
///
/// Decoding sequences go first, then the prompts that have begun, then new sequences in the order
/// of their arrival, all within the token budget of a step. While there are decoding sequences,
/// prompts take no more than the configured time of a step, as far as it can be told. A sequence
/// gets the blocks of all its tokens when it is admitted and one more whenever a block is full.
/// When none is free the youngest running sequence gives its blocks up and goes back to the front
/// of the queue, or ends if the configuration forbids computing it again: the oldest one can always
/// go on.
///
/// What is left of the budget and of the blocks then may go to guesses ([#grant]), never at the
/// cost of another sequence; a prefix that nobody holds may have to go for one.
///
/// A step yields at most `maxNumSeqs` rows of logits. A prompt whose tokens are scored takes one
/// for each of them, but leaves one for each other prompt and one for a newcomer. Guesses have rows
/// of their own.
///
/// `running` is in order of arrival, and everything in `waiting` arrived later than all of it. A
/// step of decoding sequences is chosen without allocating. Call only on the engine thread.
final class Scheduler {
    /// Tokens that a grammar forced and that are computed at once, however long it takes.
    private static final int MOST_FORCED = 32;

    private final EngineConfig config;
    private final SequenceBlocks blocks;
    private final PrefillPace pace;
    private final Consumer<Sequence> onPreempted;
    private final ArrayDeque<Sequence> waiting = new ArrayDeque<>();
    private final List<Sequence> running = new ArrayList<>();
    private final List<Sequence> runningView = Collections.unmodifiableList(running);
    private final List<Sequence> step = new ArrayList<>();
    private final List<Sequence> dropped = new ArrayList<>();
    private final int rowsForDrafts;
    private int tokensLeft;
    private int rowsLeft;
    private int draftRowsLeft;

    /// @param onPreempted told of each sequence that gave its blocks up
    Scheduler(EngineConfig config, BlockPool pool, Consumer<Sequence> onPreempted) {
        this(config, pool, 0, onPreempted);
    }

    /// @param rowsForDrafts rows of logits behind guesses that a step may yield
    /// @param onPreempted told of each sequence that gave its blocks up
    Scheduler(
            EngineConfig config,
            BlockPool pool,
            int rowsForDrafts,
            Consumer<Sequence> onPreempted) {
        this.rowsForDrafts = rowsForDrafts;
        this.config = config;
        this.blocks = new SequenceBlocks(pool, config.blockSize());
        this.pace = new PrefillPace(config.prefillTime());
        this.onPreempted = onPreempted;
    }

    /// Puts a new sequence at the end of the queue.
    void add(Sequence sequence) {
        waiting.addLast(sequence);
    }

    /// Takes a sequence out, wherever it is, and gives its blocks back.
    void remove(Sequence sequence) {
        if (!running.remove(sequence)) {
            waiting.remove(sequence);
        }
        blocks.giveBack(sequence);
    }

    /// Chooses the next step. Each sequence says in `numScheduled` how many tokens it takes part
    /// with.
    ///
    /// @return in order of arrival within decoding and prompt sequences; reused by the next call
    List<Sequence> schedule() {
        step.clear();
        dropped.clear();
        tokensLeft = config.maxNumBatchedTokens();
        rowsLeft = config.maxNumSeqs();
        draftRowsLeft = rowsForDrafts;
        boolean preempted = decode();
        pace.begin(step.size(), numPrompts());
        continuePrompts();
        while (!preempted && tokensLeft > 0 && rowsLeft > 0 && mayAdmit()) {
            Sequence sequence = waiting.removeFirst();
            blocks.reuse(sequence);
            blocks.take(sequence);
            running.add(sequence);
            takeChunk(sequence, 0);
            if (sequence.numScheduled() == 0) {
                // No time is left for it, nor for those behind it.
                break;
            }
        }
        return step;
    }

    /// Guesses that there may be room for in the step, those of all sequences together.
    int roomForGuesses() {
        return Math.min(tokensLeft, draftRowsLeft);
    }

    /// Makes room in the step for guesses of a sequence that is in it. One block a running sequence
    /// stays free.
    ///
    /// @return how many there is room for, at most `wanted`
    int grant(Sequence sequence, int wanted) {
        int granted = Math.min(wanted, roomForGuesses());
        int spare = Math.max(0, blocks.numFree() - running.size());
        long held = (long) (sequence.numBlocks() + spare) * config.blockSize();
        granted = (int) Math.max(0, Math.min(granted, held - sequence.length()));
        blocks.take(sequence, sequence.length() + granted);
        tokensLeft -= granted;
        draftRowsLeft -= granted;
        return granted;
    }

    /// Drops what is left of a sequence's guesses, with the blocks that only they needed.
    void dropDrafts(Sequence sequence) {
        sequence.keepDrafts(0);
        blocks.trim(sequence);
    }

    /// @return whether a sequence had to give its blocks up
    private boolean decode() {
        boolean preempted = false;
        for (int i = 0; i < running.size(); i++) {
            Sequence sequence = running.get(i);
            boolean decodes = sequence.numRemaining() == 1;
            // More than one remains of a prompt, which has its blocks, or of text that was forced.
            if (decodes || blocks.missing(sequence) > 0) {
                preempted |= makeRoom(sequence);
                if (decodes && i < running.size()) {
                    take(sequence, 1);
                }
            }
        }
        return preempted;
    }

    /// Prompts that have begun, and those for which there is a place.
    private int numPrompts() {
        return numBegun() + Math.min(waiting.size(), config.maxNumSeqs() - running.size());
    }

    private int numBegun() {
        int begun = 0;
        for (int i = 0; i < running.size(); i++) {
            begun += running.get(i).numRemaining() > 1 ? 1 : 0;
        }
        return begun;
    }

    private void continuePrompts() {
        int others = numBegun();
        for (int i = 0; i < running.size(); i++) {
            Sequence sequence = running.get(i);
            if (sequence.numRemaining() > 1 && tokensLeft > 0) {
                others--;
                // Another one may have computed the same since.
                blocks.reuse(sequence);
                takeChunk(sequence, others);
            }
        }
    }

    /// Takes as many tokens as fit, while one row of logits is left for each of the others.
    private void takeChunk(Sequence sequence, int others) {
        int kept = others + (waiting.isEmpty() ? 0 : 1);
        int most = sequence.mostTokens(Math.max(1, rowsLeft - kept));
        int wanted = Math.min(most, Math.min(tokensLeft, sequence.numRemaining()));
        // Text that a grammar forced is waited for as the next token is.
        boolean isForced = sequence.numGenerated() > 0 && wanted <= MOST_FORCED;
        int fitting = isForced ? wanted : pace.fitting(sequence.numComputed(), wanted);
        if (fitting > 0) {
            pace.take(sequence.numComputed(), fitting);
            take(sequence, fitting);
        }
    }

    private void take(Sequence sequence, int numTokens) {
        sequence.schedule(numTokens);
        step.add(sequence);
        tokensLeft -= numTokens;
        rowsLeft -= sequence.numLogitRows();
    }

    /// Finds a block for the next token of a decoding sequence, at the cost of the youngest, which
    /// may be this one.
    ///
    /// @return whether a sequence was preempted
    private boolean makeRoom(Sequence sequence) {
        boolean preempted = false;
        while (blocks.missing(sequence) > blocks.numFree()) {
            Sequence youngest = running.removeLast();
            blocks.giveBack(youngest);
            if (config.recompute()) {
                waiting.addFirst(youngest);
                onPreempted.accept(youngest);
            } else {
                dropped.add(youngest);
            }
            preempted = true;
            if (youngest == sequence) {
                return true;
            }
        }
        blocks.take(sequence);
        return preempted;
    }

    /// Whether the first of the queue can run. One block a running sequence stays free, so that the
    /// newcomer isn't thrown out again at once; alone it needs no such room.
    private boolean mayAdmit() {
        if (waiting.isEmpty() || running.size() == config.maxNumSeqs() || !pace.hasTime()) {
            return false;
        }
        return running.isEmpty() || blocks.suffice(waiting.getFirst(), running.size());
    }

    /// Learns how long the step took that was chosen last.
    void measured(long nanos) {
        pace.measured(nanos);
    }

    /// Lets later sequences find what a step computed of this one, once that is sure.
    void publish(Sequence sequence) {
        blocks.publish(sequence);
    }

    /// Sequences that the last step threw out for good. Reused by the next step.
    List<Sequence> dropped() {
        return dropped;
    }

    /// Sequences that hold blocks, in order of arrival. A view.
    List<Sequence> running() {
        return runningView;
    }

    /// Sequences that do not run, the next one first. A copy.
    List<Sequence> waiting() {
        return List.copyOf(waiting);
    }

    boolean isIdle() {
        return running.isEmpty() && waiting.isEmpty();
    }
}
