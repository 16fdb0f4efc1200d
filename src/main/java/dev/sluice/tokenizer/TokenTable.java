package dev.sluice.tokenizer;

import java.util.BitSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// The vocabulary of a tokenizer. A token's bytes are made when they are first asked for.
final class TokenTable implements Vocabulary {
    private static final byte[] NO_BYTES = {};

    private final TokenIndex index;
    private final Map<Integer, String> decoded;
    private final TokenDecoder decoder;
    private final AtomicReferenceArray<byte[]> bytes;
    private final BitSet special;
    private final Ends ends;

    /// The ids that begin and end a sequence.
    record Ends(OptionalInt bos, Set<Integer> eos) {}

    /// @param decoded texts by id of tokens that become another text than that they are named by
    TokenTable(
            TokenIndex index,
            Map<Integer, String> decoded,
            TokenDecoder decoder,
            BitSet special,
            Ends ends) {
        this.index = index;
        this.decoded = Map.copyOf(decoded);
        this.decoder = decoder;
        this.bytes = new AtomicReferenceArray<>(index.size());
        this.special = special;
        this.ends = ends;
    }

    @Override
    public int size() {
        return index.size();
    }

    @Override
    public byte[] bytes(int id) {
        if (id < 0 || id >= index.size()) {
            return NO_BYTES;
        }
        byte[] known = bytes.get(id);
        if (known == null) {
            known = decoder.bytes(text(id));
            bytes.set(id, known);
        }
        return known;
    }

    private String text(int id) {
        String text = decoded.get(id);
        return text == null ? index.text(id) : text;
    }

    @Override
    public byte[] firstBytes(int id) {
        return id < 0 || id >= index.size() ? NO_BYTES : decoder.firstBytes(text(id));
    }

    @Override
    public boolean isSpecial(int id) {
        return id >= 0 && special.get(id);
    }

    @Override
    public boolean isByte(int id) {
        return id >= 0 && id < index.size() && decoder.isByte(text(id));
    }

    @Override
    public OptionalInt id(String token) {
        int id = index.find(token);
        return id == TokenIndex.NONE ? OptionalInt.empty() : OptionalInt.of(id);
    }

    @Override
    public OptionalInt bosId() {
        return ends.bos;
    }

    @Override
    public Set<Integer> eosIds() {
        return ends.eos;
    }

    @Override
    public LeadingSpace leadingSpace() {
        return decoder.leadingSpace();
    }
}
