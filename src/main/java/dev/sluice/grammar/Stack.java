package dev.sluice.grammar;

import java.util.Arrays;

/// Where a rule that is being read will return to: a set of returns, for it may have been called
/// from several places at once. Interned by the [Machine]: equal stacks are the same object.
///
/// [#BASE] stands for whatever lies below the part of the stack that is looked at.
final class Stack {
    static final Stack BASE = new Stack(0, -1, 0, new int[0], new Stack[0]);

    /// A return that is followed at once by the end of the calling rule, which lies at the base.
    static final int END = -1;

    final int id;

    /// The repetition whose count this holds, or -1.
    final int repeat;

    /// Repetitions so far.
    final int count;

    /// The states to return to, and the stack below each.
    final int[] returns;

    final Stack[] below;

    /// Longest way down to the base.
    final int height;

    private final int hash;

    Stack(int id, int repeat, int count, int[] returns, Stack[] below) {
        this.id = id;
        this.repeat = repeat;
        this.count = count;
        this.returns = returns;
        this.below = below;
        int tallest = -1;
        int code = 31 * repeat + count;
        for (int i = 0; i < returns.length; i++) {
            tallest = Math.max(tallest, below[i].height);
            code = 31 * (31 * code + returns[i]) + below[i].id;
        }
        this.height = tallest + 1;
        this.hash = code;
    }

    boolean isSame(int otherRepeat, int otherCount, int[] otherReturns, Stack[] otherBelow) {
        return repeat == otherRepeat
                && count == otherCount
                && Arrays.equals(returns, otherReturns)
                && Arrays.equals(below, otherBelow);
    }

    /// Equal content is what interning asks for; the ids of two equal stacks that were interned at
    /// different times may differ.
    @Override
    public boolean equals(Object other) {
        return this == other
                || (other instanceof Stack stack
                        && stack.hash == hash
                        && isSame(stack.repeat, stack.count, stack.returns, stack.below));
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
