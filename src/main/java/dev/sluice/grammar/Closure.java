package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Finds everything that is open at one place of a text: returns first, then calls, each rule once
/// for all of its callers, so that ambiguous grammars share their stacks.
///
/// @see "Scott and Johnstone 2010, GLL parsing (graph-structured stacks)"
final class Closure {
    private final Rules rules;
    private final Stacks stacks;
    private final int limit;
    private final Set<Long> seen = new HashSet<>();
    private final List<Item> open = new ArrayList<>();
    private final List<Item> work = new ArrayList<>();
    private final TreeMap<Integer, Returns> calls = new TreeMap<>();
    private boolean endsBase;

    /// One reading.
    record Item(int state, int partial, Stack stack) implements Comparable<Item> {
        @Override
        public int compareTo(Item other) {
            int byState = Integer.compare(state, other.state);
            if (byState != 0) {
                return byState;
            }
            int byPartial = Integer.compare(partial, other.partial);
            return byPartial != 0 ? byPartial : Integer.compare(stack.id, other.stack.id);
        }
    }

    /// The places to which a rule will return.
    static final class Returns {
        private final List<Integer> states = new ArrayList<>(2);
        private final List<Stack> below = new ArrayList<>(2);

        void add(int state, Stack stack) {
            for (int i = 0; i < states.size(); i++) {
                if (states.get(i) == state && below.get(i) == stack) {
                    return;
                }
            }
            states.add(state);
            below.add(stack);
        }
    }

    Closure(Rules rules, Stacks stacks, int limit) {
        this.rules = rules;
        this.stacks = stacks;
        this.limit = limit;
    }

    /// Takes over a reading in the middle of a character, or one whose closure is known.
    void rest(int state, int partial, Stack stack) {
        open.add(new Item(state, partial, stack));
    }

    void endBase() {
        endsBase = true;
    }

    /// A reading that has come to a state.
    void add(int state, Stack stack) {
        if (seen.add((long) state << 32 | stack.id)) {
            work.add(new Item(state, Partial.NONE, stack));
        }
    }

    /// Forgets everything, to be used again.
    Closure clear() {
        seen.clear();
        open.clear();
        work.clear();
        calls.clear();
        endsBase = false;
        return this;
    }

    /// Follows everything that needs no byte.
    ///
    /// @param epoch of the result
    /// @return not interned, and not moved to its base
    Configurations finish(int epoch) {
        drain();
        while (!calls.isEmpty()) {
            Map.Entry<Integer, Returns> call = calls.pollFirstEntry();
            int start = rules.starts()[call.getKey()];
            Returns to = call.getValue();
            int repeat = rules.repeats()[start].isPresent() ? call.getKey() : -1;
            add(start, stacks.of(repeat, 0, to));
            drain();
        }
        return configurations(epoch);
    }

    private void drain() {
        while (!work.isEmpty()) {
            if (seen.size() > limit) {
                throw new GrammarLimitException(
                        "the grammar is too ambiguous: more than %,d readings of one text"
                                .formatted(limit));
            }
            Item item = work.removeLast();
            if (rules.repeats()[item.state()].isPresent()) {
                visit(rules.repeats()[item.state()].get(), item);
            } else {
                visit(item);
            }
        }
    }

    private void visit(Item item) {
        int state = item.state();
        if (rules.ends()[state]) {
            returnFrom(item.stack());
        }
        for (int target : rules.epsilons()[state]) {
            add(target, item.stack());
        }
        for (CallEdge call : rules.calls()[state]) {
            call(call.rule(), call.target(), item.stack());
        }
        if (rules.chars()[state].length > 0 || rules.tokens()[state].length > 0) {
            open.add(item);
        }
    }

    private void visit(Repeat repeat, Item item) {
        int count = item.stack().count;
        if (repeat.mayEnd(count)) {
            returnFrom(item.stack());
        }
        if (!repeat.mayGoOn(count)) {
            return;
        }
        if (repeat.body().isPresent()) {
            call(
                    repeat.body().getAsInt(),
                    item.state(),
                    stacks.counted(item.stack(), repeat.next(count)));
        } else {
            open.add(item);
        }
    }

    private void returnFrom(Stack stack) {
        if (stack == Stack.BASE) {
            endsBase = true;
            return;
        }
        for (int i = 0; i < stack.returns.length; i++) {
            if (stack.returns[i] == Stack.END) {
                endsBase = true;
            } else {
                add(stack.returns[i], stack.below[i]);
            }
        }
    }

    /// A call behind which its caller only ends returns to where the caller would: lists that are
    /// written with recursion at their end don't grow the stack.
    private void call(int rule, int target, Stack stack) {
        Returns to = calls.computeIfAbsent(rule, _ -> new Returns());
        if (!rules.onlyEnds()[target]) {
            to.add(target, stack);
        } else if (stack == Stack.BASE) {
            to.add(Stack.END, Stack.BASE);
        } else {
            for (int i = 0; i < stack.returns.length; i++) {
                to.add(stack.returns[i], stack.below[i]);
            }
        }
    }

    private Configurations configurations(int epoch) {
        Item[] items = open.toArray(Item[]::new);
        Arrays.sort(items);
        int size = 0;
        for (Item item : items) {
            if (size == 0 || !item.equals(items[size - 1])) {
                items[size++] = item;
            }
        }
        int[] states = new int[size];
        int[] partials = new int[size];
        Stack[] of = new Stack[size];
        for (int i = 0; i < size; i++) {
            states[i] = items[i].state();
            partials[i] = items[i].partial();
            of[i] = items[i].stack();
        }
        return new Configurations(states, partials, of, endsBase, epoch);
    }

    /// Makes stacks, each only once.
    static final class Stacks {
        private final Map<Stack.Content, Stack> known = new HashMap<>();
        private int nextId = 1;

        void clear() {
            known.clear();
        }

        int size() {
            return known.size();
        }

        Stack of(int repeat, int count, Returns to) {
            List<Integer> returns = to.states;
            List<Stack> below = to.below;
            Integer[] order = new Integer[returns.size()];
            Arrays.setAll(order, i -> i);
            Arrays.sort(
                    order,
                    (a, b) -> {
                        int byState = Integer.compare(returns.get(a), returns.get(b));
                        return byState != 0
                                ? byState
                                : Integer.compare(below.get(a).id, below.get(b).id);
                    });
            int[] states = new int[order.length];
            Stack[] stacks = new Stack[order.length];
            for (int i = 0; i < order.length; i++) {
                states[i] = returns.get(order[i]);
                stacks[i] = below.get(order[i]);
            }
            return of(repeat, count, states, stacks);
        }

        /// @param returns ascending
        Stack of(int repeat, int count, int[] returns, Stack[] below) {
            if (repeat < 0 && returns.length == 1 && returns[0] == Stack.END) {
                return Stack.BASE;
            }
            return known.computeIfAbsent(
                    new Stack.Content(repeat, count, returns, below),
                    _ -> new Stack(nextId++, repeat, count, returns, below));
        }

        Stack counted(Stack stack, int count) {
            return of(stack.repeat, count, stack.returns, stack.below);
        }
    }
}
