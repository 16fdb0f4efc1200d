package dev.sluice.grammar;

import dev.sluice.tokenizer.Vocabulary;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/// Runs texts through grammars.
final class GrammarTexts {
    private GrammarTexts() {}

    /// Whether a text follows the rules, byte by byte.
    static boolean accepts(Machine machine, String text) {
        ParseState state = machine.start();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            state = machine.step(state, b & 0xFF);
            if (state.isDead()) {
                return false;
            }
        }
        return state.accepts();
    }

    static boolean accepts(Rules rules, String text) {
        return accepts(new Machine(rules, GrammarLimits.DEFAULT), text);
    }

    /// The tokens that a mask allows, ascending.
    static List<Integer> ids(MemorySegment row) {
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < row.byteSize() / 4; i++) {
            for (int bits = row.getAtIndex(ValueLayout.JAVA_INT, i); bits != 0; bits &= bits - 1) {
                ids.add(32 * i + Integer.numberOfTrailingZeros(bits));
            }
        }
        return ids;
    }

    /// The tokens that a matcher accepts, each tried and taken back.
    ///
    /// @param size of the vocabulary
    static List<Integer> accepted(GrammarMatcher matcher, int size) {
        List<Integer> accepted = new ArrayList<>();
        for (int id = 0; id < size; id++) {
            if (matcher.accept(id)) {
                accepted.add(id);
                matcher.rollback(1);
            }
        }
        return accepted;
    }

    /// A vocabulary of given tokens; the last id is special and ends a text.
    static Vocabulary vocabulary(List<byte[]> tokens) {
        List<byte[]> all = new ArrayList<>(tokens);
        all.add("<end>".getBytes(StandardCharsets.UTF_8));
        return new Vocabulary() {
            @Override
            public int size() {
                return all.size();
            }

            @Override
            public byte[] bytes(int id) {
                return id < all.size() ? all.get(id) : new byte[0];
            }

            @Override
            public boolean isSpecial(int id) {
                return id == all.size() - 1;
            }

            @Override
            public OptionalInt id(String token) {
                return OptionalInt.empty();
            }

            @Override
            public OptionalInt bosId() {
                return OptionalInt.empty();
            }

            @Override
            public Set<Integer> eosIds() {
                return Set.of(all.size() - 1);
            }
        };
    }
}
