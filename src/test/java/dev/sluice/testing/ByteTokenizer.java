package dev.sluice.testing;

import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;
import dev.sluice.tokenizer.Vocabulary;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.Set;

/// Every byte of UTF-8 is a token; 256 begins a text and 257 ends it.
public final class ByteTokenizer implements Tokenizer {
    /// Id that begins a text.
    public static final int BOS = 256;

    /// Id that ends a text.
    public static final int EOS = 257;

    /// Number of ids.
    public static final int SIZE = 258;

    @Override
    public TokenIds encode(String text, boolean addSpecial) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int first = addSpecial ? 1 : 0;
        int[] ids = new int[bytes.length + first];
        for (int i = 0; i < bytes.length; i++) {
            ids[first + i] = bytes[i] & 0xff;
        }
        if (addSpecial) {
            ids[0] = BOS;
        }
        return TokenIds.of(ids);
    }

    @Override
    public Vocabulary vocabulary() {
        return BytesAndMarks.INSTANCE;
    }

    @Override
    public String decode(TokenIds ids, boolean skipSpecial) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < ids.size(); i++) {
            if (!skipSpecial || ids.get(i) < BOS) {
                out.writeBytes(vocabulary().bytes(ids.get(i)));
            }
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private enum BytesAndMarks implements Vocabulary {
        INSTANCE;

        @Override
        public int size() {
            return SIZE;
        }

        @Override
        public byte[] bytes(int id) {
            return switch (id) {
                case BOS -> "<bos>".getBytes(StandardCharsets.UTF_8);
                case EOS -> "<eos>".getBytes(StandardCharsets.UTF_8);
                default -> id < SIZE ? new byte[] {(byte) id} : new byte[0];
            };
        }

        @Override
        public boolean isSpecial(int id) {
            return id == BOS || id == EOS;
        }

        @Override
        public OptionalInt id(String token) {
            return switch (token) {
                case "<bos>" -> OptionalInt.of(BOS);
                case "<eos>" -> OptionalInt.of(EOS);
                default ->
                        token.length() == 1 && token.charAt(0) < 128
                                ? OptionalInt.of(token.charAt(0))
                                : OptionalInt.empty();
            };
        }

        @Override
        public OptionalInt bosId() {
            return OptionalInt.of(BOS);
        }

        @Override
        public Set<Integer> eosIds() {
            return Set.of(EOS);
        }
    }
}
