package dev.sluice.grammar;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/// A grammar that is ready for a vocabulary. Shared by all sequences that follow it; safe on any
/// thread.
public final class CompiledGrammar {
    private final Machine machine;
    private final long rulesBytes;
    private final GrammarVocabulary vocabulary;
    private final MaskMaker masks;
    private final List<String> remarks;

    CompiledGrammar(Rules rules, GrammarVocabulary vocabulary, GrammarLimits limits) {
        this(rules, vocabulary, limits, limits::maxBytes, List.of());
    }

    /// @param mostBytes of what may be remembered about texts, at the moment; any thread
    CompiledGrammar(
            Rules rules,
            GrammarVocabulary vocabulary,
            GrammarLimits limits,
            LongSupplier mostBytes,
            List<String> remarks) {
        this.machine = new Machine(rules, limits, mostBytes);
        this.rulesBytes = rules.bytes();
        this.vocabulary = vocabulary;
        this.masks = new MaskMaker(machine, vocabulary);
        this.remarks = List.copyOf(remarks);
    }

    /// What the spec says that is not enforced, and why: unknown formats, and keywords that a
    /// relaxed request has left out. For the answer's header.
    public List<String> remarks() {
        return remarks;
    }

    /// Bytes of the heap, about; never waits.
    long bytes() {
        return rulesBytes + rememberedBytes();
    }

    /// Those of its rules, which stay.
    long rulesBytes() {
        return rulesBytes;
    }

    /// Those of what it remembers about texts: they grow while texts are followed.
    long rememberedBytes() {
        return machine.bytesAtLook();
    }

    /// Follows a new sequence from its beginning.
    ///
    /// @param endIds tokens that end a sequence
    public GrammarMatcher matcher(Set<Integer> endIds) {
        return new MachineMatcher(
                this, endIds.stream().mapToInt(Integer::intValue).sorted().toArray());
    }

    /// Tokens of the vocabulary that are a line end and nothing else.
    public List<Integer> lineEnds() {
        return vocabulary.lineEnds();
    }

    Machine machine() {
        return machine;
    }

    /// As [MaskMaker#fill].
    long fill(ParseState state, MemorySegment row) {
        synchronized (machine) {
            return masks.fill(state, row);
        }
    }

    void fillSlowly(ParseState state, MemorySegment row) {
        synchronized (machine) {
            masks.fillSlowly(state, row);
        }
    }

    boolean readsTokens(ParseState state) {
        for (int i = 0; i < state.top().size(); i++) {
            if (machine.rules().tokens()[state.top().states[i]].length > 0) {
                return true;
            }
        }
        return false;
    }

    /// Reads a token: by its bytes, or else by its id.
    ParseState step(ParseState state, int token) {
        synchronized (machine) {
            ParseState at = readsTokens(state) ? machine.stepToken(state, token) : ParseState.DEAD;
            byte[] bytes = vocabulary.bytes(token);
            if (!at.isDead() || bytes.length == 0) {
                return at;
            }
            at = state;
            for (int i = 0; i < bytes.length && !at.isDead(); i++) {
                at = machine.step(at, bytes[i] & 0xFF);
            }
            return at;
        }
    }
}
