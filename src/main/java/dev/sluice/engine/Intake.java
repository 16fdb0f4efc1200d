package dev.sluice.engine;

import dev.sluice.grammar.GrammarMemory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// The door of the engine: takes, refuses and counts requests on any thread, and hands commands to
/// the engine thread through one bounded queue.
final class Intake {
    private static final int RETRY_AFTER_SECONDS = 1;

    /// What the engine thread is asked to do.
    sealed interface Command {
        /// Runs a new sequence.
        record Submit(Sequence sequence) implements Command {}

        /// Ends a sequence whose client no longer wants it.
        record Cancel(Sequence sequence) implements Command {}
    }

    private enum State {
        OPEN,
        DRAINING,
        CLOSED
    }

    private final RequestRules rules;
    private final int maxInFlight;
    private final Map<String, Sequence> inFlight = new ConcurrentHashMap<>();
    private final AtomicInteger numInFlight = new AtomicInteger();
    private final Optional<GrammarMemory> grammars;
    private final BlockingQueue<Command> commands;

    /// Written on the engine thread, read by submitting threads.
    private volatile State state = State.OPEN;

    /// @param grammars where those of guided sequences are counted; empty where there are none
    Intake(RequestRules rules, Optional<GrammarMemory> grammars) {
        this.grammars = grammars;
        this.rules = rules;
        this.maxInFlight = rules.config().maxNumSeqs() + rules.config().maxWaiting();
        // Between two looks into the queue every place can be given up and taken anew once, and
        // both its holders can be cancelled.
        this.commands = new ArrayBlockingQueue<>(4 * maxInFlight);
    }

    /// Looks at a request that wants to come in. Any thread; does not block.
    ///
    /// @throws ApiException if it is refused
    void check(GenerationRequest request) {
        refuseUnlessOpen();
        rules.check(request);
    }

    /// Takes a request that has been looked at. Any thread; does not block.
    ///
    /// @throws ApiException if it is refused; nothing is kept of it then
    void submit(Sequence sequence) {
        refuseUnlessOpen();
        takePlace(sequence);
        if (inFlight.putIfAbsent(sequence.id(), sequence) != null) {
            givePlaceBack(sequence);
            throw new ApiException.InvalidRequest(
                    "duplicated request_id: another request of that id is in flight.",
                    "request_id",
                    "duplicate_request_id");
        }
        commands.add(new Command.Submit(sequence));
        if (state == State.CLOSED && release(sequence)) {
            refuseUnlessOpen();
        }
    }

    private void refuseUnlessOpen() {
        if (state != State.OPEN) {
            throw closing();
        }
    }

    /// Why nothing is taken any more.
    static ApiException closing() {
        return new ApiException.Draining("The server is shutting down.");
    }

    private void takePlace(Sequence sequence) {
        int before = numInFlight.getAndUpdate(n -> n < maxInFlight ? n + 1 : n);
        if (before >= maxInFlight) {
            throw new ApiException.Overloaded(
                    "Too many requests: %d are in flight already.".formatted(before),
                    RETRY_AFTER_SECONDS);
        }
        if (!takeGrammar(sequence)) {
            numInFlight.decrementAndGet();
            throw new ApiException.Overloaded(
                    "The grammars of other requests take all the memory that is kept for them. Try"
                            + " again later, or with a smaller one.",
                    RETRY_AFTER_SECONDS);
        }
    }

    private boolean takeGrammar(Sequence sequence) {
        return sequence.guidedText()
                .flatMap(text -> grammars.map(memory -> memory.take(text.grammar())))
                .orElse(true);
    }

    private void givePlaceBack(Sequence sequence) {
        numInFlight.decrementAndGet();
        sequence.guidedText()
                .ifPresent(text -> grammars.ifPresent(memory -> memory.giveBack(text.grammar())));
    }

    /// Asks for the end of a request. Any thread; does not block; an unknown id is ignored.
    void cancel(String requestId) {
        Optional.ofNullable(inFlight.get(requestId))
                .filter(Sequence::requestCancel)
                .ifPresent(sequence -> commands.add(new Command.Cancel(sequence)));
    }

    /// Refuses new requests from now on. Engine thread.
    void drain() {
        if (state == State.OPEN) {
            state = State.DRAINING;
        }
    }

    /// The next command. Engine thread.
    Optional<Command> poll() {
        return Optional.ofNullable(commands.poll());
    }

    /// Whether a sequence was accepted and has not ended.
    boolean holds(Sequence sequence) {
        return inFlight.get(sequence.id()) == sequence;
    }

    /// Gives the place of a sequence back, before its last event goes out.
    ///
    /// @return whether it was still held: whoever gets true owes the client the end
    boolean release(Sequence sequence) {
        boolean held = inFlight.remove(sequence.id(), sequence);
        if (held) {
            givePlaceBack(sequence);
        }
        return held;
    }

    /// Sequences that were accepted and have not ended. Any thread.
    int numInFlight() {
        return numInFlight.get();
    }

    /// All accepted sequences that have not ended. Engine thread.
    List<Sequence> held() {
        return new ArrayList<>(inFlight.values());
    }

    /// Refuses everything from now on and drops the commands. Engine thread.
    void close() {
        state = State.CLOSED;
        commands.clear();
    }
}
