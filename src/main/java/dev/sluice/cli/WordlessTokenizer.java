package dev.sluice.cli;

import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

import java.util.OptionalInt;
import java.util.Set;

/// A tokenizer for weights without words: no id has a text.
///
/// @param size of the vocabulary
record WordlessTokenizer(int size) implements Tokenizer, Vocabulary {
    private static final byte[] NOTHING = {};

    @Override
    public TokenIds encode(String text, boolean addSpecial) {
        return TokenIds.EMPTY;
    }

    @Override
    public String decode(TokenIds ids, boolean skipSpecial) {
        return "";
    }

    @Override
    public Vocabulary vocabulary() {
        return this;
    }

    @Override
    public byte[] bytes(int id) {
        return NOTHING;
    }

    @Override
    public boolean isSpecial(int id) {
        return false;
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
        return Set.of();
    }
}
