package dev.sluice.grammar;

import dev.sluice.grammar.Closure.Returns;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/// Moves the base of stacks up and down.
final class Rebase {
    private static final Comparator<Stack> TALLEST_FIRST =
            Comparator.<Stack>comparingInt(stack -> -stack.height)
                    .thenComparingInt(stack -> stack.id);

    private final Stacks stacks;
    private final Map<Stack, Stack> moved = new HashMap<>();
    private final Stack from;
    private final Stack to;

    private Rebase(Stacks stacks, Stack from, Stack to) {
        this.stacks = stacks;
        this.from = from;
        this.to = to;
    }

    /// The lowest base that can be given up: the tallest stack on which all others stand. What
    /// holds more than its returns must stay visible, so a repetition is none.
    static Stack common(Stack[] all) {
        TreeSet<Stack> rest = new TreeSet<>(TALLEST_FIRST);
        for (Stack stack : all) {
            if (stack == Stack.BASE) {
                return Stack.BASE;
            }
            rest.add(stack);
        }
        while (!rest.isEmpty()) {
            Stack tallest = rest.getFirst();
            if (rest.size() == 1 && !tallest.holdsMore()) {
                return tallest;
            }
            rest.removeFirst();
            for (Stack below : tallest.below) {
                if (below == Stack.BASE) {
                    return Stack.BASE;
                }
                rest.add(below);
            }
        }
        return Stack.BASE;
    }

    /// Stacks with `base` as their base.
    ///
    /// @param all all stand on `base`
    static Stack[] raise(Stacks stacks, Stack[] all, Stack base) {
        return new Rebase(stacks, base, Stack.BASE).move(all);
    }

    /// Stacks whose base is no longer `base` but what that stands on.
    static Stack[] lower(Stacks stacks, Stack[] all, Stack base) {
        return new Rebase(stacks, Stack.BASE, base).move(all);
    }

    private Stack[] move(Stack[] all) {
        Stack[] result = new Stack[all.length];
        for (int i = 0; i < all.length; i++) {
            result[i] = move(all[i]);
        }
        return result;
    }

    private Stack move(Stack stack) {
        if (stack == from) {
            return to;
        }
        Stack known = moved.get(stack);
        if (known != null) {
            return known;
        }
        Returns returns = new Returns();
        for (int i = 0; i < stack.returns.length; i++) {
            if (stack.returns[i] != Stack.END) {
                returns.add(stack.returns[i], move(stack.below[i]));
            } else {
                // What ends the base returns to where the base does.
                for (int k = 0; k < to.returns.length; k++) {
                    returns.add(to.returns[k], to.below[k]);
                }
            }
        }
        Stack result = stacks.of(stack.repeat, stack.count, stack.memory, returns);
        moved.put(stack, result);
        return result;
    }
}
