package dev.sluice.grammar;

import dev.sluice.tokenizer.Vocabulary;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/// A vocabulary prepared for masks: the tree of all tokens, and for some kinds of text the trees of
/// the tokens that are not such text.
///
/// Special tokens are in no tree: a grammar reaches them by id only. Building it takes some tenths
/// of a second for 100,000 tokens; it is done once a tokenizer and shared. Immutable.
public final class GrammarVocabulary {
    private static final int[] LENGTHS = {4, 8, 12, 16, 24, FreeRuns.LONG, Integer.MAX_VALUE};

    private final Vocabulary vocabulary;
    private final byte[][] bytes;
    private final int size;
    private final TokenTrie trie;
    private final List<Slice> slices;
    private final List<List<Slice>> limited;
    private final List<Integer> lineEnds;

    /// The tokens that are text of some kind and of at most so many characters, and the tree of all
    /// others.
    static final class Slice {
        private final TextClass kind;
        private final int length;
        private final int[] words;
        private final TokenTrie rest;

        Slice(TextClass kind, int length, int[] words, TokenTrie rest) {
            this.kind = kind;
            this.length = length;
            this.words = words;
            this.rest = rest;
        }

        TextClass kind() {
            return kind;
        }

        int length() {
            return length;
        }

        /// Bit mask, 32 tokens a word.
        int[] words() {
            return words;
        }

        TokenTrie rest() {
            return rest;
        }
    }

    private GrammarVocabulary(
            Vocabulary vocabulary,
            byte[][] bytes,
            TokenTrie trie,
            List<Slice> slices,
            List<List<Slice>> limited) {
        this.vocabulary = vocabulary;
        this.bytes = bytes;
        this.size = bytes.length;
        this.trie = trie;
        this.slices = List.copyOf(slices);
        this.limited = List.copyOf(limited);
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
        Function<int[], TokenTrie> parts = trie.parts(bytes);
        List<Slice> slices = new ArrayList<>();
        List<List<Slice>> limited = new ArrayList<>();
        for (TextClass kind : TextClass.ALL) {
            int[] lengths = Arrays.stream(bytes).mapToInt(kind::length).toArray();
            for (int limit : LENGTHS) {
                TokenTrie rest = parts.apply(longer(order, lengths, limit));
                slices.add(new Slice(kind, limit, words(bytes, lengths, limit), rest));
            }
            TokenTrie others = slices.getLast().rest();
            limited.add(
                    IntStream.rangeClosed(0, FreeRuns.LONG)
                            .mapToObj(most ->
                                    new Slice(kind, most, words(bytes, lengths, most), others))
                            .toList());
        }
        slices.add(new Slice(TextClass.PLAIN, 0, new int[Math.ceilDiv(size, 32)], trie));
        slices.sort(Comparator.comparingInt(slice -> slice.rest().size()));
        return new GrammarVocabulary(vocabulary, bytes, trie, slices, limited);
    }

    /// The ids, in their order, that are of another kind or longer than a limit.
    private static int[] longer(int[] order, int[] lengths, int limit) {
        int[] longer = new int[order.length];
        int count = 0;
        for (int id : order) {
            if (lengths[id] < 0 || lengths[id] > limit) {
                longer[count++] = id;
            }
        }
        return Arrays.copyOf(longer, count);
    }

    private static int[] words(byte[][] bytes, int[] lengths, int most) {
        int[] words = new int[Math.ceilDiv(bytes.length, 32)];
        for (int id = 0; id < bytes.length; id++) {
            if (lengths[id] > 0 && lengths[id] <= most && isInTree(bytes[id])) {
                words[id >> 5] |= 1 << id;
            }
        }
        return words;
    }

    private static boolean isInTree(byte[] token) {
        return token.length > 0 && token.length <= TokenTrie.MAX_TOKEN_BYTES;
    }

    /// Tokens.
    public int size() {
        return size;
    }

    byte[] bytes(int id) {
        return id >= 0 && id < size ? bytes[id] : new byte[0];
    }

    TokenTrie trie() {
        return trie;
    }

    /// Ways to cut the vocabulary, those that leave least to walk first; the last one leaves all.
    List<Slice> slices() {
        return slices;
    }

    /// The cut for places where so many characters of a kind may come and no more: longer tokens of
    /// the kind need no walk either.
    ///
    /// @param most up to [FreeRuns#LONG]
    Slice limited(TextClass kind, int most) {
        return limited.get(kind.index()).get(most);
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
