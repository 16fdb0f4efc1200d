package dev.sluice.engine;

import dev.sluice.grammar.CompiledGrammar;
import dev.sluice.grammar.GrammarMatcher;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Vocabulary;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/// Keeps one sequence to its grammar: from its first token on, or from the end of the thinking.
/// While the model thinks, it may write anything but an end. An end that the request ignores may
/// come only where nothing else may.
///
/// Where tokens are guessed ahead, there is a mask for each place of the run: it walks over the
/// guesses, then back, and [#accept] goes from mask to mask.
///
/// Belongs to the engine thread, but for [#fill], which another one may call while that waits for
/// it.
final class GuidedText {
    /// Line ends between the thinking and the text; more would be a model that can't stop.
    private static final int MAX_LINE_ENDS = 3;

    private final CompiledGrammar grammar;
    private final GrammarMatcher matcher;
    private final Optional<TokenIds> marker;
    private final OptionalInt opener;
    private final Set<Integer> endIds;
    private final Set<Integer> ignoredIds;
    private final List<Integer> lineEndIds;
    private final Vocabulary vocabulary;
    private State state;
    private int lineEnds;
    private List<MemorySegment> rows = List.of();
    private int place;
    private int numFilled;
    private Optional<RuntimeException> failure = Optional.empty();

    private enum State {
        /// Nothing has come: thinking may be opened.
        UNDECIDED,
        THINKING,
        /// Only line ends have come since the thinking.
        BETWEEN,
        TEXT
    }

    /// @param endIds tokens that end a sequence
    /// @param stop says whether they are ignored
    GuidedText(
            CompiledGrammar grammar,
            Guidance guidance,
            Set<Integer> endIds,
            StopConditions stop,
            Vocabulary vocabulary) {
        this.grammar = grammar;
        this.matcher = grammar.matcher(endIds);
        this.marker = guidance.afterThinking();
        this.opener = guidance.thinkingId();
        this.endIds = endIds;
        this.ignoredIds = ignored(endIds, stop);
        this.lineEndIds = grammar.lineEnds();
        this.vocabulary = vocabulary;
        this.state = first();
    }

    CompiledGrammar grammar() {
        return grammar;
    }

    private static Set<Integer> ignored(Set<Integer> endIds, StopConditions stop) {
        return stop.ignoreEos()
                ? endIds.stream()
                        .filter(id -> !stop.stopTokenIds().contains(id))
                        .collect(Collectors.toUnmodifiableSet())
                : Set.of();
    }

    private State first() {
        if (marker.isEmpty()) {
            return State.TEXT;
        }
        return opener.isPresent() ? State.UNDECIDED : State.THINKING;
    }

    /// A place to come back to.
    private record Place(State state, int lineEnds) {}

    /// How many of some guesses the grammar lets come, one after the other.
    ///
    /// @param tokens the guesses are `[from, to)`
    int numAllowed(int[] tokens, int from, int to) {
        Place start = new Place(state, lineEnds);
        int allowed = 0;
        int read = 0;
        try {
            for (int length = from + 1; length <= to; length++) {
                Step step = follow(tokens, length);
                read += step == Step.READ ? 1 : 0;
                if (step == Step.REFUSED || matcher.isTerminated()) {
                    return allowed + (step == Step.REFUSED ? 0 : 1);
                }
                allowed++;
            }
            return allowed;
        } catch (RuntimeException _) {
            // It is met again when the mask is filled, and ends this text alone.
            return allowed;
        } finally {
            goBack(start, read);
        }
    }

    /// Writes which ids may come behind guesses.
    ///
    /// @param tokens the guesses, which the grammar lets come, are `[from, to)`
    /// @param into int32, one bit an id
    /// @return whether that could be found
    boolean fillBehind(int[] tokens, int from, int to, MemorySegment into) {
        Place start = new Place(state, lineEnds);
        int read = 0;
        try {
            for (int length = from + 1; length <= to; length++) {
                read += follow(tokens, length) == Step.READ ? 1 : 0;
            }
            fill(into);
            return true;
        } catch (RuntimeException _) {
            // It is met again when the mask is filled, and ends this text alone.
            return false;
        } finally {
            goBack(start, read);
        }
    }

    private void goBack(Place start, int read) {
        matcher.rollback(read);
        state = start.state;
        lineEnds = start.lineEnds;
    }

    /// Writes which ids may come next, and after each guess which may come then; a failure is kept
    /// for [#mask].
    ///
    /// @param tokens the guesses, which the grammar lets come, are `[length, length + n)`
    /// @param into `n + 1` rows of int32, one bit an id; live until the next step
    void fill(int[] tokens, int length, List<MemorySegment> into) {
        rows = into;
        place = 0;
        numFilled = 0;
        failure = Optional.empty();
        Place start = new Place(state, lineEnds);
        int read = 0;
        try {
            fill(into.getFirst());
            for (numFilled = 1; numFilled < into.size(); numFilled++) {
                read += follow(tokens, length + numFilled) == Step.READ ? 1 : 0;
                fill(into.get(numFilled));
            }
        } catch (RuntimeException e) {
            failure = Optional.of(e);
        } finally {
            goBack(start, read);
        }
    }

    private void fill(MemorySegment into) {
        if (state == State.THINKING) {
            into.fill((byte) -1);
            endIds.forEach(id -> set(into, id, false));
        } else {
            matcher.fillNextTokenBitmask(into);
        }
        if (state == State.UNDECIDED) {
            opener.ifPresent(id -> set(into, id, true));
        } else if (state == State.BETWEEN && lineEnds < MAX_LINE_ENDS) {
            lineEndIds.forEach(id -> set(into, id, true));
        }
        if (!ignoredIds.isEmpty()) {
            withholdIgnored(into);
        }
    }

    /// Takes out the ends that are ignored, unless they are all there is.
    private void withholdIgnored(MemorySegment into) {
        List<Integer> taken = ignoredIds.stream().filter(id -> isSet(into, id)).toList();
        taken.forEach(id -> set(into, id, false));
        if (isEmpty(into)) {
            taken.forEach(id -> set(into, id, true));
        }
    }

    private static boolean isEmpty(MemorySegment row) {
        long words = row.byteSize() / Integer.BYTES;
        for (long i = 0; i < words; i++) {
            if (row.getAtIndex(ValueLayout.JAVA_INT, i) != 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isSet(MemorySegment row, int id) {
        int index = id >> 5;
        return index < row.byteSize() / Integer.BYTES
                && (row.getAtIndex(ValueLayout.JAVA_INT, index) >>> id & 1) == 1;
    }

    private static void set(MemorySegment row, int id, boolean value) {
        int index = id >> 5;
        if (index < row.byteSize() / Integer.BYTES) {
            int word = row.getAtIndex(ValueLayout.JAVA_INT, index);
            row.setAtIndex(ValueLayout.JAVA_INT, index, value ? word | 1 << id : word & ~(1 << id));
        }
    }

    /// What [#fill] met where the text is now: no token can follow.
    Optional<RuntimeException> failure() {
        return place >= numFilled ? failure : Optional.empty();
    }

    /// Which ids may come next, int32, one bit an id.
    ///
    /// @throws RuntimeException what [#fill] met there
    MemorySegment mask() {
        if (failure().isPresent()) {
            throw failure().get();
        }
        return rows.get(place);
    }

    /// Whether an id may come next.
    boolean allows(int id) {
        return (mask().getAtIndex(ValueLayout.JAVA_INT, id >> 5) >>> id & 1) == 1;
    }

    /// Takes ids that may not come out of a row of logits.
    void apply(float[] logits) {
        MemorySegment words = mask();
        for (int first = 0; first < logits.length; first += 32) {
            int word = words.getAtIndex(ValueLayout.JAVA_INT, first >> 5);
            int end = Math.min(logits.length, first + 32);
            for (int id = first; word != -1 && id < end; id++) {
                if ((word >>> id & 1) == 0) {
                    logits[id] = Float.NEGATIVE_INFINITY;
                }
            }
        }
    }

    /// The bytes that must come next, whatever is drawn; empty where there is a choice.
    ///
    /// @param limit most bytes
    byte[] forcedBytes(int limit) {
        return state == State.TEXT ? matcher.forcedBytes(limit) : new byte[0];
    }

    /// Whether the grammar has read the last token, or would have read it had it not ended.
    boolean isText() {
        return state == State.TEXT;
    }

    /// Whether an end has come that the grammar allows.
    boolean hasEnded() {
        return matcher.isTerminated();
    }

    /// Notes the last token of a sequence.
    ///
    /// @throws IllegalStateException if it may not come: the mask was not kept to
    void accept(int[] tokens, int length) {
        place++;
        if (follow(tokens, length) == Step.REFUSED) {
            throw new IllegalStateException(
                    "token " + tokens[length - 1] + " does not follow the grammar");
        }
    }

    /// What became of a token.
    private enum Step {
        /// The grammar does not hear of it.
        PASSED,
        /// The matcher read it.
        READ,
        /// It may not come.
        REFUSED
    }

    private Step follow(int[] tokens, int length) {
        int token = tokens[length - 1];
        return switch (state) {
            case UNDECIDED -> {
                if (opener.isPresent() && opener.getAsInt() == token) {
                    state = State.THINKING;
                    yield Step.PASSED;
                }
                yield read(token);
            }
            case THINKING -> {
                if (endsWithMarker(tokens, length)) {
                    state = State.BETWEEN;
                }
                yield Step.PASSED;
            }
            case BETWEEN -> {
                // What ends the thinking by force may bring several at once.
                int ends = lineEnds < MAX_LINE_ENDS ? lineEndsOf(token) : 0;
                lineEnds += ends;
                yield ends == 0 ? read(token) : Step.PASSED;
            }
            case TEXT -> read(token);
        };
    }

    private Step read(int token) {
        state = State.TEXT;
        if (matcher.isTerminated()) {
            return Step.PASSED;
        }
        return matcher.accept(token) ? Step.READ : Step.REFUSED;
    }

    /// Line ends that a token consists of; 0 if there is anything else in it.
    private int lineEndsOf(int token) {
        byte[] bytes = vocabulary.bytes(token);
        for (byte b : bytes) {
            if (b != '\n') {
                return 0;
            }
        }
        return bytes.length;
    }

    private boolean endsWithMarker(int[] tokens, int length) {
        TokenIds ids = marker.orElseThrow();
        if (ids.size() > length) {
            return false;
        }
        for (int i = 0; i < ids.size(); i++) {
            if (tokens[length - ids.size() + i] != ids.get(i)) {
                return false;
            }
        }
        return true;
    }
}
