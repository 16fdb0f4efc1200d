package dev.sluice.grammar;

import dev.sluice.grammar.Configurations.Completed;
import dev.sluice.grammar.ParseState.Below;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/// Finds the tokens that may come at a place of a grammar by walking the tree of the vocabulary.
///
/// The walk of a place is done once, without what lies below its base; tokens for which that
/// matters are walked again for each stack that has lain there. Where any text of some kind may
/// come, tokens of such text are not walked at all. Belongs to one machine, whose lock its callers
/// hold.
final class MaskMaker {
    private static final int[] NONE = {};
    private static final List<TextClass> WIDEST_FIRST = TextClass.ALL.reversed();

    /// How many stacks below a place are remembered with their masks.
    private static final int COMPLETED = 8;

    /// Below so many nodes a walk costs less than remembering what it found.
    private static final int WORTH_KEEPING = 16;

    private final Machine machine;
    private final GrammarVocabulary vocabulary;
    private final FreeRuns runs;
    private final TokenWalk walk;
    private final TokenWalk exactWalk;
    private final UnsureTokens.Collector collector = new UnsureTokens.Collector();
    private final UnsureTokens nothing;
    private int nextKept;

    MaskMaker(Machine machine, GrammarVocabulary vocabulary) {
        this.machine = machine;
        this.vocabulary = vocabulary;
        this.runs = new FreeRuns(machine);
        this.walk = new TokenWalk(machine);
        this.exactWalk = new TokenWalk(machine);
        this.nothing = collector.of(vocabulary.trie());
    }

    /// Writes the tokens that may come; the end of the text is not among them.
    ///
    /// @param row int32, one bit a token
    /// @return the steps that it took, as [MaskBudget] counts them
    /// @throws GrammarLimitException if there are too many readings, or finding the tokens takes
    ///   more than [MaskBudget] allows
    long fill(ParseState state, MemorySegment row) {
        Configurations top = machine.current(state.top());
        machine.budget().begin();
        try {
            fill(state, top, row);
            return machine.budget().spent();
        } catch (GrammarLimitException e) {
            machine.budget().end();
            giveUp(top, e);
            throw e;
        } finally {
            machine.budget().end();
            machine.look();
        }
    }

    /// Gives back the memory of a walk that took too much, but keeps in mind that it did: others
    /// may be at the same place.
    private void giveUp(Configurations top, GrammarLimitException failure) {
        boolean everywhere = top.forMask != null && top.forMask.mask == null;
        machine.forget();
        if (everywhere) {
            forMask(machine.current(top)).refused = failure.getMessage();
        }
    }

    private void fill(ParseState state, Configurations top, MemorySegment row) {
        Configurations place = forMask(top);
        TokenMask mask = mask(place);
        if (mask.unsure().size() == 0) {
            mask.write(row, vocabulary.size());
            return;
        }
        Configurations exact = place.forgets ? top : place;
        Completed[] kept = place.completed;
        for (int i = 0; kept != null && i < kept.length; i++) {
            if (kept[i] != null
                    && kept[i].exact().equals(exact)
                    && kept[i].below().isSame(state.below())) {
                kept[i].mask().write(row, vocabulary.size());
                return;
            }
        }
        mask.write(row, vocabulary.size());
        walk.start(place.forgets ? forWalk(top) : top, state.below());
        exactWalk.start(top, state.below());
        walk(mask.unsure(), row);
        if (mask.unsure().size() >= WORTH_KEEPING) {
            keep(place, exact, state.below(), row);
        }
    }

    /// Configurations after which the same tokens may come, as far as what their stacks hold does
    /// not matter ([MaskStacks]).
    private Configurations forMask(Configurations top) {
        Configurations same = top.forMask;
        if (same == null) {
            MaskStacks masked =
                    new MaskStacks(
                            machine.rules(),
                            machine.stacks(),
                            machine.names(),
                            vocabulary.longest());
            Stack[] all = new Stack[top.size()];
            boolean changed = false;
            for (int i = 0; i < all.length; i++) {
                all[i] = masked.of(top.stacks[i]);
                changed |= all[i] != top.stacks[i];
            }
            same = changed ? machine.with(top, all) : top;
            same.forgets |= masked.forgets();
            top.forMask = same;
        }
        return same;
    }

    /// Configurations with the same tokens but for those that hold several keys of one object; keys
    /// that are no earlier ones are forgotten on the way ([KeyText#passing]).
    private Configurations forWalk(Configurations top) {
        Configurations same = top.forWalk;
        if (same == null) {
            Stack[] all = top.stacks.clone();
            for (int i = 0; i < all.length; i++) {
                if (all[i].memory instanceof KeyText text) {
                    all[i] = machine.stacks().remembering(all[i], text.passing());
                }
            }
            same = machine.with(top, all);
            top.forWalk = same;
        }
        return same;
    }

    private void keep(Configurations place, Configurations exact, Below below, MemorySegment row) {
        int[] words = new int[Math.ceilDiv(vocabulary.size(), 32)];
        MemorySegment.copy(row, ValueLayout.JAVA_INT, 0, words, 0, words.length);
        TokenMask mask = TokenMask.of(words, vocabulary.size(), nothing);
        if (place.completed == null) {
            place.completed = new Completed[COMPLETED];
        }
        place.completed[nextKept++ & COMPLETED - 1] = new Completed(exact, below, mask);
        machine.grow(mask.bytes());
    }

    /// Finds a place's tokens with all bytes, without what is remembered: for tests.
    void fillSlowly(ParseState state, MemorySegment row) {
        row.fill((byte) 0);
        exactWalk.start(machine.current(state.top()), state.below());
        walkExactly(vocabulary.trie(), 0, vocabulary.trie().size(), row);
        for (int id : tokens(state.top())) {
            TokenMask.allow(row, id);
        }
    }

    private TokenMask mask(Configurations top) {
        TokenMask mask = top.mask;
        if (mask == null) {
            if (top.refused != null) {
                throw new GrammarLimitException(top.refused);
            }
            mask = find(top);
            top.mask = mask;
            machine.grow(mask.bytes());
        }
        return mask;
    }

    /// The tokens that may come whatever lies below the base, and those for which it matters.
    private TokenMask find(Configurations top) {
        GrammarVocabulary.Slice slice = slice(top);
        int[] words = slice.words().clone();
        collector.clear();
        explore(slice.rest(), top, words);
        for (int id : tokens(top)) {
            words[id >> 5] |= 1 << id;
        }
        return TokenMask.of(words, vocabulary.size(), collector.of(slice.rest()));
    }

    /// The cut that leaves least to walk.
    private GrammarVocabulary.Slice slice(Configurations top) {
        for (TextClass kind : WIDEST_FIRST) {
            int most = runs.limit(top, kind);
            if (most > 0 && most <= FreeRuns.LONG) {
                return vocabulary.limited(kind, most);
            }
        }
        for (GrammarVocabulary.Slice slice : vocabulary.slices()) {
            if (slice.length() <= runs.length(top, slice.kind())) {
                return slice;
            }
        }
        return vocabulary.slices().getLast();
    }

    private void explore(TokenTrie trie, Configurations top, int[] words) {
        walk.start(top, Below.UNKNOWN);
        int size = trie.size();
        for (int i = 0; i < size; ) {
            int depth = trie.depths[i];
            if (walk.next(depth, trie.bytes[i]).isDead()) {
                if (walk.isUnsure(depth)) {
                    collector.take(depth, i);
                }
                i = trie.skips[i];
                continue;
            }
            collector.enter(depth, i);
            for (int id = trie.tokens[i]; id != TokenTrie.NO_TOKEN; id = trie.twins[id]) {
                words[id >> 5] |= 1 << id;
            }
            i++;
        }
    }

    private void walk(UnsureTokens tokens, MemorySegment row) {
        TokenTrie trie = tokens.trie();
        int alive = 0;
        for (int i = 0; i < tokens.size(); i++) {
            int node = tokens.node(i);
            int depth = trie.depths[node];
            if (depth > alive + 1) {
                continue;
            }
            if (tokens.isWhole(i)) {
                alive = depth - 1;
                walk(trie, node, trie.skips[node], row);
            } else if (walk.next(depth, trie.bytes[node]).isDead()) {
                alive = depth - 1;
                walkIfUnsure(trie, node, row);
            } else {
                alive = depth;
            }
        }
    }

    /// Walks some nodes, the way to which has been walked.
    private void walk(TokenTrie trie, int from, int to, MemorySegment row) {
        for (int i = from; i < to; ) {
            if (walk.next(trie.depths[i], trie.bytes[i]).isDead()) {
                walkIfUnsure(trie, i, row);
                i = trie.skips[i];
                continue;
            }
            allow(trie, i, row);
            i++;
        }
    }

    /// Walks a node once more with all that is known, where it matters.
    private void walkIfUnsure(TokenTrie trie, int node, MemorySegment row) {
        int depth = trie.depths[node];
        if (walk.isUnsure(depth) && exactWalk.follow(walk, depth - 1)) {
            walkExactly(trie, node, trie.skips[node], row);
        }
    }

    private void walkExactly(TokenTrie trie, int from, int to, MemorySegment row) {
        for (int i = from; i < to; ) {
            if (exactWalk.next(trie.depths[i], trie.bytes[i]).isDead()) {
                i = trie.skips[i];
                continue;
            }
            allow(trie, i, row);
            i++;
        }
    }

    private static void allow(TokenTrie trie, int node, MemorySegment row) {
        for (int id = trie.tokens[node]; id != TokenTrie.NO_TOKEN; id = trie.twins[id]) {
            TokenMask.allow(row, id);
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
}
