package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A rule that is written once for all grammars: an automaton over characters, too large to be
/// copied into each. Its states have negative numbers, which are the same everywhere. Kept until
/// the process ends. Immutable.
final class SharedRule {
    private static final int MAX_RULES = 1 << 10;
    private static final int STATE_BITS = 20;
    private static final int MAX_STATES = 1 << STATE_BITS;

    /// Guards the list of rules, which is copied when it grows.
    private static final Object LOCK = new Object();

    /// Volatile, so that who sees a rule sees all of it.
    private static volatile SharedRule[] all = {};

    private final int start;
    private final CharEdge[][] chars;
    private final long[][] firstBytes;
    private final boolean[] ends;

    private SharedRule(int start, CharEdge[][] chars, long[][] firstBytes, boolean[] ends) {
        this.start = start;
        this.chars = chars;
        this.firstBytes = firstBytes;
        this.ends = ends;
    }

    /// Writes the strings of JSON texts that belong to a language.
    ///
    /// @param language without the empty text
    static SharedRule write(TextLanguage language) throws GrammarException {
        if (language.accepts(0) || language.isEmpty()) {
            throw new IllegalArgumentException("a shared rule has texts, and no empty one");
        }
        synchronized (LOCK) {
            int count = language.numStates();
            if (count > MAX_STATES || all.length == MAX_RULES) {
                throw TextLanguage.tooLarge();
            }
            int start = Integer.MIN_VALUE + (all.length << STATE_BITS);
            Edges edges = new Edges(start, language.isFinite());
            CharEdge[][] chars = new CharEdge[count][];
            long[][] firstBytes = new long[count][];
            boolean[] ends = new boolean[count];
            for (int i = 0; i < count; i++) {
                language.forEachEdge(i, edges);
                chars[i] = edges.take();
                firstBytes[i] = edges.firstBytes(chars[i]);
                ends[i] = language.accepts(i);
            }
            SharedRule rule = new SharedRule(start, chars, firstBytes, ends);
            SharedRule[] more = Arrays.copyOf(all, all.length + 1);
            more[all.length] = rule;
            all = more;
            return rule;
        }
    }

    /// The edges of one state after another, written as [StringWriter] does. Equal sets become one.
    private static final class Edges implements TextLanguage.EdgeVisitor {
        private final int start;
        private final boolean plain;
        private final Map<CodePoints, CodePoints> sets = new HashMap<>();
        private final Map<CodePoints, long[]> rawBytes = new HashMap<>();
        private final Map<CodePoints, long[]> jsonBytes = new HashMap<>();
        private final List<CharEdge> edges = new ArrayList<>();

        Edges(int start, boolean plain) {
            this.start = start;
            this.plain = plain;
        }

        @Override
        public void visit(CodePoints set, int target) {
            if (plain) {
                add(set.intersect(StringWriter.PLAIN), false, target);
            }
            add(plain ? set.minus(StringWriter.PLAIN) : set, true, target);
        }

        private void add(CodePoints characters, boolean isJson, int target) {
            if (!characters.isEmpty()) {
                CodePoints set = sets.computeIfAbsent(characters, same -> same);
                edges.add(new CharEdge(set, isJson, start + target));
            }
        }

        CharEdge[] take() {
            CharEdge[] taken = edges.toArray(CharEdge[]::new);
            edges.clear();
            return taken;
        }

        /// The bytes that some edge may begin with, as [FirstBytes] has them.
        long[] firstBytes(CharEdge[] of) {
            long[] all = new long[0];
            for (CharEdge edge : of) {
                long[] one =
                        (edge.json() ? jsonBytes : rawBytes)
                                .computeIfAbsent(
                                        edge.set(), set -> FirstBytes.of(set, edge.json()));
                all = all.length == 0 ? one : union(all, one);
            }
            return all.length == 0 ? FirstBytes.of(CodePoints.NONE, false) : all;
        }

        private static long[] union(long[] a, long[] b) {
            long[] union = a.clone();
            for (int i = 0; i < union.length; i++) {
                union[i] |= b[i];
            }
            return union;
        }
    }

    /// The rule to which a state belongs.
    static SharedRule of(int state) {
        return all[(state & Integer.MAX_VALUE) >>> STATE_BITS];
    }

    int start() {
        return start;
    }

    CharEdge[] chars(int state) {
        return chars[state - start];
    }

    /// The bytes that may come in a state, one bit each.
    long[] firstBytes(int state) {
        return firstBytes[state - start];
    }

    boolean ends(int state) {
        return ends[state - start];
    }
}
