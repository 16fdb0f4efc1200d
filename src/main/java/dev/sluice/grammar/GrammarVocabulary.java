package dev.sluice.grammar;

import dev.sluice.tokenizer.Vocabulary;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/// A vocabulary prepared for masks: the tree of all tokens, and for text that needs no escape in
/// JSON the trees of the tokens that are not such text.
///
/// Special tokens are in no tree: a grammar reaches them by id only. Building it takes some tenths
/// of a second for 100,000 tokens; it is done once a tokenizer and shared. Immutable.
public final class GrammarVocabulary {
    private static final int[] SLICE_LENGTHS = {10, 30, Integer.MAX_VALUE};

    private final Vocabulary vocabulary;
    private final byte[][] bytes;
    private final int size;
    private final TokenTrie trie;
    private final List<Slice> slices;
    private final List<Integer> lineEnds;

    /// The tokens that are plain text of at most so many characters, and the tree of all others.
    static final class Slice {
        private final int length;
        private final int[] plain;
        private final TokenTrie rest;

        Slice(int length, int[] plain, TokenTrie rest) {
            this.length = length;
            this.plain = plain;
            this.rest = rest;
        }

        int length() {
            return length;
        }

        /// Bit mask, 32 tokens a word.
        int[] plain() {
            return plain;
        }

        TokenTrie rest() {
            return rest;
        }
    }

    private GrammarVocabulary(
            Vocabulary vocabulary, byte[][] bytes, TokenTrie trie, List<Slice> slices) {
        this.vocabulary = vocabulary;
        this.bytes = bytes;
        this.size = bytes.length;
        this.trie = trie;
        this.slices = List.copyOf(slices);
        this.lineEnds =
                IntStream.range(0, size)
                        .filter(id -> bytes[id].length == 1 && bytes[id][0] == '\n')
                        .boxed()
                        .toList();
    }

    /// Prepares a vocabulary.
    public static GrammarVocabulary of(Vocabulary vocabulary) {
        int size = vocabulary.size();
        byte[][] bytes = new byte[size][];
        for (int id = 0; id < size; id++) {
            bytes[id] = vocabulary.isSpecial(id) ? new byte[0] : vocabulary.bytes(id);
        }
        TokenTrie trie = TokenTrie.of(bytes);
        int[] order = trie.inOrder();
        int[] lengths = Arrays.stream(bytes).mapToInt(GrammarVocabulary::plainLength).toArray();
        List<Slice> slices = new ArrayList<>();
        for (int limit : SLICE_LENGTHS) {
            int[] plain = new int[Math.ceilDiv(size, 32)];
            for (int id = 0; id < size; id++) {
                if (lengths[id] > 0 && lengths[id] <= limit) {
                    plain[id >> 5] |= 1 << id;
                }
            }
            int[] rest =
                    Arrays.stream(order)
                            .filter(id -> lengths[id] < 0 || lengths[id] > limit)
                            .toArray();
            slices.add(new Slice(limit, plain, trie.part(bytes, rest)));
        }
        return new GrammarVocabulary(vocabulary, bytes, trie, slices);
    }

    /// Characters of plain text, or -1 for anything else.
    private static int plainLength(byte[] token) {
        int count = 0;
        int partial = Partial.NONE;
        for (byte b : token) {
            int result = Partial.json(partial, b & 0xFF);
            if (result == Partial.INVALID || b == '\\') {
                return -1;
            }
            partial = Partial.isPartial(result) ? result : Partial.NONE;
            count += result >= 0 ? 1 : 0;
        }
        return partial == Partial.NONE && count > 0 ? count : -1;
    }

    /// Tokens.
    public int size() {
        return size;
    }

    byte[][] allBytes() {
        return bytes;
    }

    byte[] bytes(int id) {
        return id >= 0 && id < size ? bytes[id] : new byte[0];
    }

    TokenTrie trie() {
        return trie;
    }

    /// The slice for places where `length` characters of plain text may come; the whole vocabulary
    /// is none.
    Slice slice(int length) {
        Slice best = new Slice(0, new int[Math.ceilDiv(size, 32)], trie);
        for (Slice slice : slices) {
            if (slice.length() <= length) {
                best = slice;
            }
        }
        return best;
    }

    /// Those of some texts that are special tokens which end no sequence, with their ids.
    Map<String, Integer> special(Set<String> texts) {
        Map<String, Integer> special = new HashMap<>();
        for (String text : texts) {
            OptionalInt id = vocabulary.id(text);
            if (id.isPresent()
                    && vocabulary.isSpecial(id.getAsInt())
                    && !vocabulary.eosIds().contains(id.getAsInt())) {
                special.put(text, id.getAsInt());
            }
        }
        return special;
    }

    /// Tokens that are a line end and nothing else.
    List<Integer> lineEnds() {
        return lineEnds;
    }

    int longest() {
        return trie.longest;
    }
}
