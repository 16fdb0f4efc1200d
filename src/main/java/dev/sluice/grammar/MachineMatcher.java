package dev.sluice.grammar;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A [GrammarMatcher] on a shared [Machine].
final class MachineMatcher implements GrammarMatcher {
    private static final int BYTES = 256;

    /// Steps of [MaskBudget] that the masks of a text may take for each of its tokens; more than
    /// those of any real schema do.
    static final long STEPS_PER_TOKEN = 200_000;

    /// The same for all that is ahead of its tokens: about a second.
    static final long STEPS_AHEAD = 10_000_000;

    private final CompiledGrammar grammar;
    private final ParseState[] history = new ParseState[ROLLBACK + 1];
    private final int[] endIds;
    private int length;
    private int readable = 1;
    private long stepsLeft = STEPS_AHEAD;
    private boolean terminated;

    MachineMatcher(CompiledGrammar grammar, int[] endIds) {
        this.grammar = grammar;
        this.endIds = endIds.clone();
        this.history[0] = grammar.machine().start();
    }

    private ParseState state() {
        return history[length % history.length];
    }

    private void push(ParseState state) {
        length++;
        history[length % history.length] = state;
        readable = Math.min(readable + 1, history.length);
    }

    @Override
    public void fillNextTokenBitmask(MemorySegment row) {
        if (terminated) {
            row.fill((byte) 0);
        } else {
            pay(grammar.fill(state(), row));
        }
        allowEnds(row);
    }

    /// One mask may take long; a text whose masks all do holds up the others again and again.
    private void pay(long steps) {
        stepsLeft -= steps;
        if (stepsLeft < 0) {
            throw new GrammarLimitException(
                    "the grammar is too ambiguous: what may come next takes more than %,d steps a"
                                    .formatted(STEPS_PER_TOKEN)
                            + " token");
        }
    }

    /// The same by a walk of the whole vocabulary: for tests.
    void fillSlowly(MemorySegment row) {
        grammar.fillSlowly(state(), row);
        allowEnds(row);
    }

    private void allowEnds(MemorySegment row) {
        if (terminated || state().accepts()) {
            for (int id : endIds) {
                if (id >> 5 < row.byteSize() / 4) {
                    TokenMask.allow(row, id);
                }
            }
        }
    }

    @Override
    public boolean accept(int token) {
        if (terminated) {
            return false;
        }
        ParseState next = state();
        if (Arrays.stream(endIds).anyMatch(id -> id == token) && next.accepts()) {
            terminated = true;
            push(next);
            return true;
        }
        next = grammar.step(next, token);
        if (next.isDead()) {
            return false;
        }
        push(next);
        stepsLeft = Math.min(STEPS_AHEAD, stepsLeft + STEPS_PER_TOKEN);
        return true;
    }

    @Override
    public void rollback(int count) {
        if (count < 0 || count >= readable) {
            throw new IllegalArgumentException(
                    "can't take back %d tokens, only %d".formatted(count, readable - 1));
        }
        if (count > 0) {
            terminated = false;
        }
        length -= count;
        readable -= count;
    }

    @Override
    public boolean isTerminated() {
        return terminated;
    }

    @Override
    public boolean mayEnd() {
        return terminated || state().accepts();
    }

    @Override
    public byte[] forcedBytes(int limit) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        ParseState at = state();
        while (!terminated && bytes.size() < limit && !at.accepts()) {
            int only = only(at);
            if (only < 0) {
                break;
            }
            bytes.write(only);
            at = grammar.machine().step(at, only);
        }
        return bytes.toByteArray();
    }

    /// The one byte that may come, or -1.
    private int only(ParseState at) {
        if (grammar.readsTokens(at)) {
            return -1;
        }
        int only = -1;
        for (int b = 0; b < BYTES; b++) {
            if (!grammar.machine().step(at, b).isDead()) {
                if (only >= 0) {
                    return -1;
                }
                only = b;
            }
        }
        return only;
    }
}
