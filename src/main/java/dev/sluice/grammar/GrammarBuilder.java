package dev.sluice.grammar;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// Collects the rules of a grammar. Every rule is an automaton over characters with one start and
/// one end, whose edges may call rules.
///
/// States are numbered by the builder and belong to the rule that reaches them. Any rule may be
/// empty, recursive or left-recursive: [#build] brings them into a normal form. Not for use by
/// several threads.
final class GrammarBuilder {
    private static final long MIN_LOOK_NANOS = 1_000_000;

    private final GrammarLimits limits;
    private final long startNanos = System.nanoTime();
    private final long startCpuNanos = cpuNanos();

    /// When the processor's time, which is slow to read, may have passed the limit.
    private long lookNanos;

    private Map<String, Integer> spelt = Map.of();
    final List<RawState> states = new ArrayList<>();
    final List<RawRule> rules = new ArrayList<>();
    final Map<Integer, Memory> memories = new HashMap<>();
    private final Map<Object, Integer> written = new HashMap<>();
    private final Map<Integer, String> places = new HashMap<>();

    /// What leaves a state.
    static final class RawState {
        List<CharEdge> chars = new ArrayList<>(2);
        List<TokenEdge> tokens = new ArrayList<>(0);
        List<CallEdge> calls = new ArrayList<>(0);
        List<Integer> epsilons = new ArrayList<>(1);

        /// Visits the states that follow without a call.
        void visitTargets(Visits visits) {
            for (CharEdge edge : chars) {
                visits.visit(edge.target());
            }
            for (TokenEdge edge : tokens) {
                visits.visit(edge.target());
            }
            for (int target : epsilons) {
                visits.visit(target);
            }
        }
    }

    /// A rule: an automaton from start to end, or a repetition.
    record RawRule(
            int start, int end, OptionalInt body, CodePoints set, boolean json, int min, int max) {
        static RawRule automaton(int start, int end) {
            return new RawRule(start, end, OptionalInt.empty(), CodePoints.NONE, false, 0, 0);
        }

        boolean isRepeat() {
            return max > 0;
        }
    }

    GrammarBuilder(GrammarLimits limits) {
        this.limits = limits;
        this.lookNanos = startNanos + limits.compileTime().toNanos();
    }

    GrammarLimits limits() {
        return limits;
    }

    /// From now on, these parts of literals are tokens instead of characters.
    ///
    /// @param tokens ids by the texts that they stand for
    void spell(Map<String, Integer> tokens) {
        spelt = Map.copyOf(tokens);
    }

    /// A new state.
    ///
    /// @throws GrammarException if there are too many, or compilation takes too long
    int state() throws GrammarException {
        if (states.size() >= limits.maxStates()) {
            throw GrammarException.tooLarge(
                    "the grammar is too large: it needs more than %,d states"
                            .formatted(limits.maxStates()));
        }
        if ((states.size() & 0xFFF) == 0xFFF) {
            checkTime();
        }
        states.add(new RawState());
        return states.size() - 1;
    }

    /// To be called now and then by whatever may take long, on the thread that made the builder.
    /// What counts is the processor's time: a grammar is not refused because the machine is busy.
    void checkTime() throws GrammarException {
        long now = System.nanoTime();
        if (now - lookNanos <= 0) {
            return;
        }
        long left = limits.compileTime().toNanos() - (cpuNanos() - startCpuNanos);
        if (left < 0) {
            throw GrammarException.tooLarge(
                    "compiling the grammar takes longer than %s s"
                            .formatted(limits.compileTime().toMillis() / 1000.0));
        }
        lookNanos = now + Math.max(left, MIN_LOOK_NANOS);
    }

    private static long cpuNanos() {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        return threads.isCurrentThreadCpuTimeSupported()
                ? threads.getCurrentThreadCpuTime()
                : System.nanoTime();
    }

    /// Nothing leads from one state to another.
    void epsilon(int from, int to) {
        states.get(from).epsilons.add(to);
    }

    /// A character of the set, as it is in the text, leads from one state to another.
    void text(int from, CodePoints set, int to) {
        chars(from, set, false, to);
    }

    /// A character of the set leads from one state to another.
    ///
    /// @param json whether it is written as in a JSON string: raw or with any of its escapes
    void chars(int from, CodePoints set, boolean json, int to) {
        if (!set.isEmpty()) {
            states.get(from).chars.add(new CharEdge(set, json, to));
        }
    }

    /// The characters of a string, as they are in the text.
    ///
    /// @return the state behind the last one; `from` if there is none
    int literal(int from, String text) throws GrammarException {
        return literal(from, text, false);
    }

    /// The characters of a string.
    ///
    /// @param json as in [#chars]
    /// @return the state behind the last one; `from` if there is none
    int literal(int from, String text, boolean json) throws GrammarException {
        int at = from;
        for (int i = 0; i < text.length(); ) {
            Optional<String> token = json ? Optional.empty() : token(text, i);
            if (token.isPresent()) {
                int behind = state();
                tokens(at, new int[] {spelt.getOrDefault(token.get(), -1)}, behind);
                at = behind;
                i += token.get().length();
                continue;
            }
            int c = text.codePointAt(i);
            int next = state();
            chars(at, CodePoints.of(c), json, next);
            at = next;
            i += Character.charCount(c);
        }
        return at;
    }

    /// The longest text at a place that is written as a token.
    private Optional<String> token(String text, int at) {
        return spelt.keySet().stream()
                .filter(token -> text.startsWith(token, at))
                .max(Comparator.comparingInt(String::length));
    }

    /// One of some tokens leads from one state to another.
    void tokens(int from, int[] ids, int to) {
        int[] sorted = ids.clone();
        Arrays.sort(sorted);
        states.get(from).tokens.add(new TokenEdge(sorted, to));
    }

    /// A text of a rule leads from one state to another.
    void call(int from, int rule, int to) {
        states.get(from).calls.add(new CallEdge(rule, to));
    }

    /// A text of a rule.
    ///
    /// @return the state behind it
    int call(int from, int rule) throws GrammarException {
        int next = state();
        call(from, rule, next);
        return next;
    }

    /// A rule that is an automaton. Its states may get their edges later.
    ///
    /// @return the number by which it is called
    int rule(int start, int end) throws GrammarException {
        return add(RawRule.automaton(start, end));
    }

    /// A new rule with a start and an end of its own, to be filled.
    int rule() throws GrammarException {
        return rule(state(), state());
    }

    /// Notes where the values of a rule stand in a schema, for messages.
    void locate(int rule, String place) {
        places.put(rule, place);
    }

    /// Where the values of a rule stand in a schema, if that was noted.
    Optional<String> place(int rule) {
        return Optional.ofNullable(places.get(rule));
    }

    /// Lets the keys of a rule differ: of the texts of rules that read a key ([#key]) and are
    /// called by its own states, each comes at most once. It must begin with a character.
    void distinct(int rule) {
        memories.put(rule, KeySet.EMPTY);
    }

    /// Whether keys of a rule differ.
    boolean isDistinct(int rule) {
        return memories.get(rule) instanceof KeySet;
    }

    /// Lets another rule come wherever a rule is called.
    ///
    /// @param by not called itself
    void replace(int rule, int by) {
        rules.set(rule, rules.get(by));
        memories.remove(rule);
        if (isDistinct(by)) {
            distinct(rule);
        }
    }

    /// Lets a rule read a key: the characters of its own edges that are written as in a JSON string
    /// are what is compared. It must be deterministic in them and begin with a character, and its
    /// callers must go on behind it.
    void key(int rule) {
        memories.put(rule, KeyText.EMPTY);
    }

    /// Lets the texts of a rule have no more than a number of characters. It must be an automaton
    /// of characters alone, without calls, and have a text that is no longer.
    ///
    /// @param max less than [Repeat#UNBOUNDED]
    void counted(int rule, int max) {
        memories.put(rule, new TextLength(max));
    }

    /// Lets the texts of a rule be host names whose labels that begin with `xn--` are valid, or not
    /// all of them. It must be a deterministic automaton of the characters of names alone, without
    /// calls, and have such a text.
    ///
    /// @param max most characters, or [Repeat#UNBOUNDED]
    void named(int rule, boolean valid, int max) {
        memories.put(rule, NameText.of(valid, max));
    }

    /// Writes a rule that is found by what it is written from.
    interface RuleSource {
        /// Adds the rule.
        ///
        /// @return its number
        int write() throws GrammarException;
    }

    /// A rule that is written when it is first asked for.
    ///
    /// @param key what it is written from
    int once(Object key, RuleSource source) throws GrammarException {
        Integer known = written.get(key);
        if (known == null) {
            known = source.write();
            written.put(key, known);
        }
        return known;
    }

    int start(int rule) {
        return rules.get(rule).start();
    }

    int end(int rule) {
        return rules.get(rule).end();
    }

    /// Texts of a rule, one after another.
    ///
    /// @param max at least 1 and `min`, or [Repeat#UNBOUNDED]
    int repeat(int body, int min, int max) throws GrammarException {
        return add(new RawRule(-1, -1, OptionalInt.of(body), CodePoints.NONE, false, min, max));
    }

    /// Characters of a set, one after another.
    ///
    /// @param json as in [#chars]
    /// @param max at least 1 and `min`, or [Repeat#UNBOUNDED]
    int repeat(CodePoints set, boolean json, int min, int max) throws GrammarException {
        return add(new RawRule(-1, -1, OptionalInt.empty(), set, json, min, max));
    }

    private int add(RawRule rule) throws GrammarException {
        if (rules.size() >= limits.maxRules()) {
            throw GrammarException.tooLarge(
                    "the grammar is too large: it needs more than %,d rules"
                            .formatted(limits.maxRules()));
        }
        rules.add(rule);
        return rules.size() - 1;
    }

    /// Brings the rules into their normal form. The builder can't be used afterwards.
    ///
    /// @param root the rule that a whole text follows
    /// @throws GrammarException if no text follows it, or a limit is passed
    Rules build(int root) throws GrammarException {
        return new Normalizer(this).normalize(root);
    }
}
