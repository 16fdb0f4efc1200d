package dev.sluice.grammar;

import dev.sluice.grammar.Closure.Returns;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Makes stacks, each only once.
final class Stacks {
    private static final int BYTES_PER_STACK = 200;
    private static final int BYTES_PER_RETURN = 8;

    /// Readings that differ over so many open rules are too many: what looks at stacks goes down
    /// all of them. Rules that all readings share don't count, for they lie below the base.
    private static final int MAX_HEIGHT = 1_000;

    private final MaskBudget budget;
    private final Map<Stack.Content, Stack> known = new HashMap<>();
    private int nextId = 1;
    private long bytes;

    Stacks(MaskBudget budget) {
        this.budget = budget;
    }

    void clear() {
        known.clear();
        bytes = 0;
    }

    /// What they take, about.
    long bytes() {
        return bytes;
    }

    int size() {
        return known.size();
    }

    Stack of(int repeat, int count, Memory memory, Returns to) {
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
        return of(repeat, count, memory, states, stacks);
    }

    /// @param returns ascending
    Stack of(int repeat, int count, Memory memory, int[] returns, Stack[] below) {
        boolean holdsMore = repeat >= 0 || !memory.isNothing();
        if (!holdsMore && returns.length == 1 && returns[0] == Stack.END) {
            return Stack.BASE;
        }
        budget.spend(1 + returns.length);
        return known.computeIfAbsent(
                new Stack.Content(repeat, count, memory, returns, below),
                _ -> {
                    Stack made = new Stack(nextId++, repeat, count, memory, returns, below);
                    if (made.height > MAX_HEIGHT) {
                        throw new GrammarLimitException(
                                "the grammar is too ambiguous: its readings differ over more than"
                                        + " %,d open rules".formatted(MAX_HEIGHT));
                    }
                    grow(BYTES_PER_STACK + BYTES_PER_RETURN * (long) returns.length);
                    grow(memory.isNothing() ? 0 : memory.bytes());
                    return made;
                });
    }

    private void grow(long more) {
        bytes += more;
        budget.remember(more);
    }

    Stack counted(Stack stack, int count) {
        return of(stack.repeat, count, stack.memory, stack.returns, stack.below);
    }

    Stack remembering(Stack stack, Memory memory) {
        return of(stack.repeat, stack.count, memory, stack.returns, stack.below);
    }
}
