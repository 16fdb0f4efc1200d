package dev.sluice.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.BitSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;

/// The vocabulary of a tokenizer. A token's bytes are made when they are first asked for.
final class TokenTable implements Vocabulary {
    private static final byte[] NO_BYTES = {};

    private final TokenIndex index;
    private final Function<String, byte[]> toBytes;
    private final AtomicReferenceArray<byte[]> bytes;
    private final BitSet special;
    private final Ends ends;
    private final boolean stripsLeadingSpace;

    /// The ids that begin and end a sequence.
    record Ends(OptionalInt bos, Set<Integer> eos) {}

    TokenTable(
            TokenIndex index,
            Function<String, byte[]> toBytes,
            BitSet special,
            Ends ends,
            boolean stripsLeadingSpace) {
        this.index = index;
        this.toBytes = toBytes;
        this.bytes = new AtomicReferenceArray<>(index.size());
        this.special = special;
        this.ends = ends;
        this.stripsLeadingSpace = stripsLeadingSpace;
    }

    /// Bytes of a SentencePiece token: a byte for `<0x0A>`, a space for U+2581.
    static byte[] sentencePieceBytes(String token) {
        int value = ByteTokens.parse(token);
        return value != TokenIndex.NONE
                ? new byte[] {(byte) value}
                : token.replace('\u2581', ' ').getBytes(StandardCharsets.UTF_8);
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
            known = toBytes.apply(index.text(id));
            bytes.set(id, known);
        }
        return known;
    }

    @Override
    public boolean isSpecial(int id) {
        return id >= 0 && special.get(id);
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
    public boolean stripsLeadingSpace() {
        return stripsLeadingSpace;
    }

    /// Text of an id as the vocabulary writes it.
    String text(int id) {
        return index.text(id);
    }
}
