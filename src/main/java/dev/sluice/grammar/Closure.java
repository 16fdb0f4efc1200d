package dev.sluice.grammar;

import java.util.ArrayList;
import java.util.Arrays;
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
    private final KeyMemory keys;
    private final NameMemory names;
    private final int limit;
    private final MaskBudget budget;
    private final Set<Long> seen = new HashSet<>();
    private final List<Item> open = new ArrayList<>();
    private final List<Item> work = new ArrayList<>();
    private final TreeMap<Integer, Returns> calls = new TreeMap<>();
    private boolean endsBase;
    private boolean unsure;

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
        final List<Integer> states = new ArrayList<>(2);
        final List<Stack> below = new ArrayList<>(2);

        void add(int state, Stack stack) {
            for (int i = 0; i < states.size(); i++) {
                if (states.get(i) == state && below.get(i) == stack) {
                    return;
                }
            }
            states.add(state);
            below.add(stack);
        }

        boolean isEmpty() {
            return states.isEmpty();
        }
    }

    Closure(Rules rules, Stacks stacks, NameMemory names, int limit, MaskBudget budget) {
        this.rules = rules;
        this.stacks = stacks;
        this.keys = new KeyMemory(rules, stacks);
        this.names = names;
        this.limit = limit;
        this.budget = budget;
    }

    /// Takes over a reading in the middle of a character, or one whose closure is known.
    void rest(int state, int partial, Stack stack) {
        open.add(new Item(state, partial, stack));
    }

    /// A reading in the middle of a character of some edge of its state.
    void begin(int state, int partial, Stack stack) {
        switch (stack.memory) {
            case KeyText text -> keys.begin(this, state, partial, stack, text);
            case NameText text -> names.begin(this, state, partial, stack, text);
            case TextLength length -> {
                if (mayEndInTime(state, partial, length)) {
                    rest(state, partial, stack);
                }
            }
            default -> rest(state, partial, stack);
        }
    }

    void endBase() {
        endsBase = true;
    }

    /// There may be more readings than are added.
    void unsure() {
        unsure = true;
    }

    /// A reading that takes a character.
    void read(CharEdge edge, int character, Stack stack) {
        switch (stack.memory) {
            case KeyText text when edge.json() ->
                    keys.read(this, edge.target(), stack, text, character);
            case NameText text -> names.read(this, edge.target(), stack, text, character);
            case TextLength length -> {
                if (length.allows(rules.charsLeft(edge.target()))) {
                    add(edge.target(), stacks.remembering(stack, length.less()));
                }
            }
            default -> add(edge.target(), stack);
        }
    }

    private boolean mayEndInTime(int state, int partial, TextLength length) {
        for (CharEdge edge : rules.chars()[state]) {
            if (length.allows(rules.charsLeft(edge.target()))
                    && Partial.mayBecome(partial, edge.set())) {
                return true;
            }
        }
        return false;
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
        unsure = false;
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
            add(start, stacks.of(repeat, 0, rules.memories()[call.getKey()], to));
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
            budget.spend(1);
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
        budget.spend(rules.epsilons()[state].length + rules.calls()[state].length);
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
        if (stack.memory instanceof KeyText text) {
            keys.end(this, stack, text);
            return;
        }
        if (stack.memory instanceof NameText text && !names.mayEnd(this, text)) {
            return;
        }
        for (int i = 0; i < stack.returns.length; i++) {
            returnTo(stack.returns[i], stack.below[i]);
        }
    }

    /// A rule has ended.
    ///
    /// @param state or [Stack#END]
    void returnTo(int state, Stack stack) {
        if (state == Stack.END) {
            endsBase = true;
        } else {
            add(state, stack);
        }
    }

    /// A call behind which its caller only ends returns to where the caller would: lists that are
    /// written with recursion at their end don't grow the stack.
    private void call(int rule, int target, Stack stack) {
        if (!keys.mayCall(this, rule, stack)) {
            return;
        }
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
        budget.spend(open.size());
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
        return new Configurations(states, partials, of, endsBase, unsure, epoch);
    }
}
