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

/// Keeps one sequence to its grammar: from its first token on, or from the end of the thinking.
/// While the model thinks, it may write anything but an end.
///
/// Belongs to the engine thread, but for [#fill], which another one may call while that waits for
/// it.
final class GuidedText {
    /// Line ends between the thinking and the text; more would be a model that can't stop.
    private static final int MAX_LINE_ENDS = 3;

    private final GrammarMatcher matcher;
    private final Optional<TokenIds> marker;
    private final OptionalInt opener;
    private final Set<Integer> endIds;
    private final List<Integer> lineEndIds;
    private final Vocabulary vocabulary;
    private State state;
    private int lineEnds;
    private Optional<MemorySegment> row = Optional.empty();
    private Optional<RuntimeException> failure = Optional.empty();

    private enum State {
        /// Nothing has come: thinking may be opened.
        UNDECIDED,
        THINKING,
        /// Only line ends have come since the thinking.
        BETWEEN,
        TEXT
    }

    GuidedText(
            CompiledGrammar grammar,
            Guidance guidance,
            Set<Integer> endIds,
            Vocabulary vocabulary) {
        this.matcher = grammar.matcher(endIds);
        this.marker = guidance.afterThinking();
        this.opener = guidance.thinkingId();
        this.endIds = endIds;
        this.lineEndIds = grammar.lineEnds();
        this.vocabulary = vocabulary;
        this.state = first();
    }

    private State first() {
        if (marker.isEmpty()) {
            return State.TEXT;
        }
        return opener.isPresent() ? State.UNDECIDED : State.THINKING;
    }

    /// Writes which ids may come next; a failure is kept for [#mask].
    ///
    /// @param into int32, one bit an id; lives until the next step
    void fill(MemorySegment into) {
        try {
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
            row = Optional.of(into);
            failure = Optional.empty();
        } catch (RuntimeException e) {
            failure = Optional.of(e);
        }
    }

    private static void set(MemorySegment row, int id, boolean value) {
        int index = id >> 5;
        if (index < row.byteSize() / Integer.BYTES) {
            int word = row.getAtIndex(ValueLayout.JAVA_INT, index);
            row.setAtIndex(ValueLayout.JAVA_INT, index, value ? word | 1 << id : word & ~(1 << id));
        }
    }

    /// Which ids may come next, int32, one bit an id.
    ///
    /// @throws RuntimeException what [#fill] met
    MemorySegment mask() {
        if (failure.isPresent()) {
            throw failure.get();
        }
        return row.orElseThrow();
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

    /// Notes the last token of a sequence.
    ///
    /// @throws IllegalStateException if it may not come: the mask was not kept to
    void accept(int[] tokens, int length) {
        int token = tokens[length - 1];
        switch (state) {
            case UNDECIDED -> {
                if (opener.isPresent() && opener.getAsInt() == token) {
                    state = State.THINKING;
                } else {
                    acceptText(token);
                }
            }
            case THINKING -> {
                if (endsWithMarker(tokens, length)) {
                    state = State.BETWEEN;
                }
            }
            case BETWEEN -> {
                // What ends the thinking by force may bring several at once.
                int ends = lineEnds < MAX_LINE_ENDS ? lineEndsOf(token) : 0;
                lineEnds += ends;
                if (ends == 0) {
                    acceptText(token);
                }
            }
            case TEXT -> acceptText(token);
        }
    }

    private void acceptText(int token) {
        state = State.TEXT;
        if (!matcher.isTerminated() && !matcher.accept(token)) {
            throw new IllegalStateException("token " + token + " does not follow the grammar");
        }
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
