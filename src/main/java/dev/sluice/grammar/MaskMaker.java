package dev.sluice.grammar;

import dev.sluice.grammar.Configurations.Step;
import dev.sluice.grammar.ParseState.Below;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// Finds the tokens that may come at a place of a grammar by walking the tree of the vocabulary.
///
/// The walk of a place is done once, without what lies below its base; tokens for which that
/// matters are walked again each time. Where any plain text may come, tokens of plain text are not
/// walked at all. Belongs to one machine, whose lock its callers hold.
final class MaskMaker {
    private static final int[] NONE = {};

    private final Machine machine;
    private final GrammarVocabulary vocabulary;
    private final PlainText plainText;
    private final Configurations[] tops = new Configurations[TokenTrie.MAX_TOKEN_BYTES + 1];
    private final Below[] belows = new Below[TokenTrie.MAX_TOKEN_BYTES + 1];
    private final boolean[] unsure = new boolean[TokenTrie.MAX_TOKEN_BYTES + 1];
    private int[] found = new int[64];
    private int numFound;

    MaskMaker(Machine machine, GrammarVocabulary vocabulary) {
        this.machine = machine;
        this.vocabulary = vocabulary;
        this.plainText = new PlainText(machine.rules());
    }

    /// Writes the tokens that may come; the end of the text is not among them.
    ///
    /// @param row int32, one bit a token
    void fill(ParseState state, MemorySegment row) {
        Configurations top = machine.current(state.top());
        TokenMask mask = mask(machine.forMask(top, vocabulary.longest()));
        mask.write(row, vocabulary.size());
        if (mask.unsure().size() > 0) {
            walk(mask.unsure(), top, state.below(), row);
        }
    }

    /// Finds a token's tokens with all bytes, without what is remembered: for tests.
    void fillSlowly(ParseState state, MemorySegment row) {
        row.fill((byte) 0);
        walk(vocabulary.trie(), machine.current(state.top()), state.below(), row);
        for (int id : tokens(state.top())) {
            TokenMask.allow(row, id);
        }
    }

    private TokenMask mask(Configurations top) {
        TokenMask mask = top.mask;
        if (mask == null) {
            mask = find(top);
            top.mask = mask;
            machine.grow(mask.bytes());
        }
        return mask;
    }

    /// The tokens that may come whatever lies below the base, and those for which it matters.
    private TokenMask find(Configurations top) {
        GrammarVocabulary.Slice slice = vocabulary.slice(plainText(top));
        int[] words = slice.plain().clone();
        numFound = 0;
        explore(slice.rest(), top, words);
        for (int id : tokens(top)) {
            words[id >> 5] |= 1 << id;
        }
        TokenTrie rest =
                vocabulary.trie().part(vocabulary.allBytes(), Arrays.copyOf(found, numFound));
        return TokenMask.of(words, vocabulary.size(), rest);
    }

    private void explore(TokenTrie trie, Configurations top, int[] words) {
        tops[0] = top;
        belows[0] = Below.UNKNOWN;
        unsure[0] = top.endsBase;
        int size = trie.size();
        for (int i = 0; i < size; ) {
            int depth = trie.depths[i];
            int b = trie.bytes[i] & 0xFF;
            Configurations target = next(depth, b);
            if (target.isDead()) {
                if (unsure[depth - 1]) {
                    collect(trie, i);
                }
                i = trie.skips[i];
                continue;
            }
            unsure[depth] =
                    unsure[depth - 1] || (target.endsBase && belows[depth] == Below.UNKNOWN);
            for (int id = trie.tokens[i]; id != TokenTrie.NO_TOKEN; id = trie.twins[id]) {
                words[id >> 5] |= 1 << id;
            }
            i++;
        }
    }

    /// Reads a byte behind what was read at the depth before.
    private Configurations next(int depth, int b) {
        Configurations before = tops[depth - 1];
        Configurations target = machine.target(before, b);
        Stack push = machine.pushed(before, b);
        if (target.endsBase || push != Stack.BASE) {
            ParseState state = machine.resolve(new Step(target, push), belows[depth - 1]);
            tops[depth] = state.top();
            belows[depth] = state.below();
        } else {
            tops[depth] = target;
            belows[depth] = belows[depth - 1];
        }
        return tops[depth];
    }

    /// Takes all tokens of a subtree.
    private void collect(TokenTrie trie, int node) {
        for (int i = node; i < trie.skips[node]; i++) {
            if (trie.tokens[i] == TokenTrie.NO_TOKEN) {
                continue;
            }
            if (numFound == found.length) {
                found = Arrays.copyOf(found, 2 * numFound);
            }
            found[numFound++] = trie.tokens[i];
        }
    }

    private void walk(TokenTrie trie, Configurations top, Below below, MemorySegment row) {
        tops[0] = top;
        belows[0] = below;
        int size = trie.size();
        for (int i = 0; i < size; ) {
            Configurations target = next(trie.depths[i], trie.bytes[i] & 0xFF);
            if (target.isDead()) {
                i = trie.skips[i];
                continue;
            }
            for (int id = trie.tokens[i]; id != TokenTrie.NO_TOKEN; id = trie.twins[id]) {
                TokenMask.allow(row, id);
            }
            i++;
        }
    }

    private int[] tokens(Configurations top) {
        int[] ids = NONE;
        Rules rules = machine.rules();
        for (int i = 0; i < top.size(); i++) {
            TokenEdge[] edges = rules.tokens()[top.states[i]];
            if (top.partials[i] == Partial.NONE) {
                for (TokenEdge edge : edges) {
                    int from = ids.length;
                    ids = Arrays.copyOf(ids, from + edge.ids().length);
                    System.arraycopy(edge.ids(), 0, ids, from, edge.ids().length);
                }
            }
        }
        return ids;
    }

    /// How many characters of plain text may come at least.
    private int plainText(Configurations top) {
        int most = 0;
        for (int i = 0; i < top.size() && most < Integer.MAX_VALUE; i++) {
            if (top.partials[i] == Partial.NONE) {
                most = Math.max(most, plainText.length(top.states[i], top.stacks[i].count));
            }
        }
        return most;
    }
}
