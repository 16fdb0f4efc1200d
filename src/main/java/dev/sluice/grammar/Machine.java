package dev.sluice.grammar;

import dev.sluice.grammar.Configurations.Step;
import dev.sluice.grammar.ParseState.Below;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/// Follows a grammar byte by byte: a pushdown automaton that is made deterministic as it is used.
///
/// What is open at a place is seen relative to the lowest stack that all readings share, so that
/// the inside of a string, say, is one set of configurations however deep it is nested; where bytes
/// lead from it is found once. What is remembered is forgotten when it has grown past a limit: a
/// new epoch begins, and old configurations are brought over as they are met.
///
/// Locks itself: sequences of several threads may share it.
final class Machine {
    private static final int BYTES_PER_CONFIGURATIONS = 160;
    private static final int BYTES_PER_ROW = 256 * 4 + 16;
    private static final int BYTES_PER_RETURN = 100;

    /// Growth between two looks at how much may be remembered.
    private static final long BYTES_A_LOOK = 1 << 20;

    private static final Step DEAD = new Step(Configurations.DEAD, Stack.BASE);

    private final Rules rules;
    private final LongSupplier mostBytes;
    private final FirstBytes firstBytes;
    private final NameMemory names;
    private final Closure closure;
    private final MaskBudget budget = new MaskBudget();
    private final Stacks stacks = new Stacks(budget);
    private final Map<Configurations, Configurations> known = new HashMap<>();
    private int epoch = 1;
    private long bytes;
    private long nextLook;
    private volatile long bytesAtLook;

    Machine(Rules rules, GrammarLimits limits) {
        this(rules, limits, limits::maxBytes);
    }

    /// @param mostBytes of what is remembered, at the moment; asked on the thread that follows a
    ///   text
    Machine(Rules rules, GrammarLimits limits, LongSupplier mostBytes) {
        this.rules = rules;
        this.mostBytes = mostBytes;
        this.firstBytes = new FirstBytes(rules);
        this.names = new NameMemory(rules, stacks);
        this.closure = new Closure(rules, stacks, names, limits.maxConfigurations(), budget);
    }

    Rules rules() {
        return rules;
    }

    Stacks stacks() {
        return stacks;
    }

    NameMemory names() {
        return names;
    }

    MaskBudget budget() {
        return budget;
    }

    /// Before the first byte.
    synchronized ParseState start() {
        Closure next = closure();
        int start = rules.starts()[rules.root()];
        // What holds more may not lie at the base: the root is called from a state that only ends.
        int repeat = rules.repeats()[start].isPresent() ? rules.root() : -1;
        Memory memory = rules.memories()[rules.root()];
        next.add(
                start,
                stacks.of(repeat, 0, memory, new int[] {Stack.END}, new Stack[] {Stack.BASE}));
        ParseState state = resolve(rebased(next.finish(epoch)), Below.BOTTOM);
        return new ParseState(state.top(), state.below(), rules.acceptsEmpty());
    }

    /// One is in use at a time.
    private Closure closure() {
        return closure.clear();
    }

    /// Reads a byte.
    ///
    /// @return [ParseState#DEAD] if it can't come here
    /// @throws GrammarLimitException if there are too many readings
    synchronized ParseState step(ParseState state, int b) {
        Configurations top = current(state.top());
        Configurations target = target(top, b);
        if (target.isDead()) {
            return ParseState.DEAD;
        }
        return resolve(new Step(target, pushed(top, b)), state.below());
    }

    /// Reads a token that is known by its id alone.
    ///
    /// @return [ParseState#DEAD] if it can't come here
    synchronized ParseState stepToken(ParseState state, int token) {
        Closure next = closure();
        Configurations top = state.top();
        boolean any = false;
        for (int i = 0; i < top.size(); i++) {
            if (top.partials[i] != Partial.NONE) {
                continue;
            }
            for (TokenEdge edge : rules.tokens()[top.states[i]]) {
                if (Arrays.binarySearch(edge.ids(), token) >= 0) {
                    next.add(edge.target(), top.stacks[i]);
                    any = true;
                }
            }
        }
        return any ? resolve(rebased(next.finish(epoch)), state.below()) : ParseState.DEAD;
    }

    /// Where a byte leads, whatever lies below the base.
    Configurations target(Configurations top, int b) {
        Configurations[] row = top.next;
        if (row == null) {
            row = new Configurations[256];
            top.next = row;
            grow(BYTES_PER_ROW);
        }
        Configurations target = row[b];
        if (target == null) {
            Step step = read(top, b);
            target = step.target();
            row[b] = target;
            if (step.push() != Stack.BASE) {
                if (top.pushed == null) {
                    top.pushed = new Stack[256];
                    grow(BYTES_PER_ROW);
                }
                top.pushed[b] = step.push();
            }
        }
        return target;
    }

    /// Whether tokens end here if they have begun before: in the last characters of some labels of
    /// host names, where every character takes a search. Other tokens spell the same texts.
    boolean readsSingly(Configurations top) {
        Boolean known = top.readsSingly;
        if (known == null) {
            known = false;
            for (int i = 0; i < top.size() && !known; i++) {
                known =
                        top.stacks[i].memory instanceof NameText text
                                && names.searches(top.states[i], text);
            }
            top.readsSingly = known;
        }
        return known;
    }

    /// What a byte puts below the base; call [#target] first.
    Stack pushed(Configurations top, int b) {
        Stack push = top.pushed == null ? null : top.pushed[b];
        return push == null ? Stack.BASE : push;
    }

    private Step read(Configurations top, int b) {
        if (!firstBytes.mayCome(top, b)) {
            return DEAD;
        }
        Closure next = closure();
        boolean any = false;
        budget.spend(top.size());
        for (int i = 0; i < top.size(); i++) {
            any |= read(next, top.states[i], top.partials[i], top.stacks[i], b);
        }
        return any ? rebased(next.finish(epoch)) : DEAD;
    }

    /// Where a whole character leads, whatever lies below the base; readings that are in the middle
    /// of one are left out.
    ///
    /// @param escaped whether it is written as an escape of a JSON string
    Configurations character(Configurations top, int c, boolean escaped) {
        Closure next = closure();
        boolean any = false;
        for (int i = 0; i < top.size(); i++) {
            int state = top.states[i];
            if (top.partials[i] != Partial.NONE) {
                continue;
            }
            if (rules.repeats()[state].isPresent()) {
                Repeat repeat = rules.repeats()[state].get();
                if (repeat.set().contains(c) && (repeat.json() || !escaped)) {
                    Stack stack = top.stacks[i];
                    next.add(state, stacks.counted(stack, repeat.next(stack.count)));
                    any = true;
                }
            }
            for (CharEdge edge : rules.chars()[state]) {
                if (edge.set().contains(c) && (edge.json() || !escaped)) {
                    next.read(edge, c, top.stacks[i]);
                    any = true;
                }
            }
        }
        return any ? rebased(next.finish(epoch)).target() : Configurations.DEAD;
    }

    /// What is open behind the rule that returns to a stack, as far as that stack is known.
    Configurations behind(Stack stack) {
        Closure next = closure();
        for (int i = 0; i < stack.returns.length; i++) {
            next.returnTo(stack.returns[i], stack.below[i]);
        }
        return next.finish(epoch);
    }

    private boolean read(Closure closure, int state, int partial, Stack stack, int b) {
        int text = Partial.text(partial, b);
        int json = Partial.json(partial, b);
        boolean any = false;
        boolean rests = false;
        if (rules.repeats()[state].isPresent()) {
            Repeat repeat = rules.repeats()[state].get();
            int result = repeat.json() ? json : text;
            if (result >= 0 && repeat.set().contains(result)) {
                closure.add(state, stacks.counted(stack, repeat.next(stack.count)));
                return true;
            }
            if (Partial.isPartial(result) && Partial.mayBecome(result, repeat.set())) {
                closure.rest(state, result, stack);
                return true;
            }
            return false;
        }
        budget.spend(rules.chars()[state].length);
        for (CharEdge edge : rules.chars()[state]) {
            int result = edge.json() ? json : text;
            if (result >= 0) {
                if (edge.set().contains(result)) {
                    closure.read(edge, result, stack);
                    any = true;
                }
            } else if (!rests
                    && Partial.isPartial(result)
                    && Partial.mayBecome(result, edge.set())) {
                closure.begin(state, result, stack);
                rests = true;
            }
        }
        return any || rests;
    }

    /// Ends what lies at the base as long as it may end, as far as that is known.
    ParseState resolve(Step step, Below below) {
        Configurations top = step.target();
        Below rest = step.push() == Stack.BASE ? below : new Below(step.push(), below);
        while (top.endsBase && rest != Below.BOTTOM && rest != Below.UNKNOWN) {
            Step returned = ended(top, rest.stack);
            rest = rest.rest();
            if (returned.push() != Stack.BASE) {
                rest = new Below(returned.push(), rest);
            }
            top = returned.target();
        }
        return new ParseState(top, rest, top.endsBase);
    }

    /// What is open once the rule at the base may have ended.
    private Step ended(Configurations top, Stack base) {
        Step known = top.returns().get(base);
        if (known == null) {
            Closure next = closure();
            Stack[] lowered = Rebase.lower(stacks, top.stacks, base);
            for (int i = 0; i < top.size(); i++) {
                next.rest(top.states[i], top.partials[i], lowered[i]);
            }
            for (int i = 0; i < base.returns.length; i++) {
                next.returnTo(base.returns[i], base.below[i]);
            }
            if (top.unsure) {
                next.unsure();
            }
            known = rebased(next.finish(epoch));
            top.returns().put(base, known);
            grow(BYTES_PER_RETURN);
        }
        return known;
    }

    /// Interns configurations with their base as high as it can be.
    private Step rebased(Configurations found) {
        if (found.endsBase) {
            return new Step(interned(found), Stack.BASE);
        }
        Stack base = Rebase.common(found.stacks);
        if (base == Stack.BASE) {
            return new Step(interned(found), Stack.BASE);
        }
        Stack[] raised = Rebase.raise(stacks, found.stacks, base);
        return new Step(interned(sorted(found, raised)), base);
    }

    private Configurations sorted(Configurations found, Stack[] moved) {
        Closure next = closure();
        for (int i = 0; i < found.size(); i++) {
            next.rest(found.states[i], found.partials[i], moved[i]);
        }
        if (found.endsBase) {
            next.endBase();
        }
        if (found.unsure) {
            next.unsure();
        }
        return next.finish(epoch);
    }

    private Configurations interned(Configurations found) {
        Configurations old = known.putIfAbsent(found, found);
        if (old != null) {
            return old;
        }
        grow(BYTES_PER_CONFIGURATIONS + 24L * found.size());
        return found;
    }

    /// Sees to it that no more is remembered than may be.
    synchronized void look() {
        if (bytes() <= nextLook) {
            return;
        }
        bytesAtLook = bytes();
        long most = mostBytes.getAsLong();
        if (bytesAtLook > most) {
            forget();
        }
        nextLook = Math.min(most, bytesAtLook + BYTES_A_LOOK);
    }

    /// Forgets everything, also what hangs on the places of texts.
    synchronized void forget() {
        known.keySet().forEach(Configurations::forget);
        known.clear();
        stacks.clear();
        bytes = 0;
        epoch++;
        bytesAtLook = 0;
        nextLook = 0;
    }

    /// The same configurations in this epoch.
    synchronized Configurations current(Configurations top) {
        look();
        if (top.epoch == epoch || top.isDead()) {
            return top;
        }
        return interned(
                new Configurations(
                        top.states, top.partials, top.stacks, top.endsBase, top.unsure, epoch));
    }

    /// Configurations with other stacks.
    Configurations with(Configurations top, Stack[] stacks) {
        return interned(sorted(top, stacks));
    }

    /// Bytes of what is remembered, about.
    synchronized long bytes() {
        return bytes + stacks.bytes();
    }

    /// [#bytes] as they were not long ago. Any thread; never waits.
    long bytesAtLook() {
        return bytesAtLook;
    }

    /// Accounts for memory that hangs on configurations.
    void grow(long more) {
        bytes += more;
        budget.remember(more);
    }
}
