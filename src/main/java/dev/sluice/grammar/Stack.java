package dev.sluice.grammar;

import java.util.Arrays;

/// Where a rule that is being read will return to: a set of returns, for it may have been called
/// from several places at once. Interned by the [Machine]: equal stacks are the same object.
///
/// [#BASE] stands for whatever lies below the part of the stack that is looked at.
final class Stack {
    static final Stack BASE = new Stack(0, -1, 0, NoMemory.NONE, new int[0], new Stack[0]);

    /// A return that is followed at once by the end of the calling rule, which lies at the base.
    static final int END = -1;

    final int id;

    /// The repetition whose count this holds, or -1.
    final int repeat;

    /// Repetitions so far.
    final int count;

    /// What the rule keeps in mind.
    final Memory memory;

    /// The states to return to, and the stack below each.
    final int[] returns;

    final Stack[] below;

    /// Longest way down to the base.
    final int height;

    Stack(int id, int repeat, int count, Memory memory, int[] returns, Stack[] below) {
        this.id = id;
        this.repeat = repeat;
        this.count = count;
        this.memory = memory;
        this.returns = returns;
        this.below = below;
        int tallest = -1;
        for (Stack stack : below) {
            tallest = Math.max(tallest, stack.height);
        }
        this.height = tallest + 1;
    }

    /// Whether it must not lie below a base while its rule is read: what it holds changes.
    boolean holdsMore() {
        return repeat >= 0 || !memory.isNothing();
    }

    /// What makes two stacks one.
    static final class Content {
        private final int repeat;
        private final int count;
        private final Memory memory;
        private final int[] returns;
        private final Stack[] below;
        private final int hash;

        Content(int repeat, int count, Memory memory, int[] returns, Stack[] below) {
            this.repeat = repeat;
            this.count = count;
            this.memory = memory;
            this.returns = returns;
            this.below = below;
            int code = 31 * repeat + count;
            code = memory.isNothing() ? code : 31 * code + memory.hashCode();
            for (int i = 0; i < returns.length; i++) {
                code = 31 * (31 * code + returns[i]) + below[i].id;
            }
            this.hash = code;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Content content
                    && hash == content.hash
                    && repeat == content.repeat
                    && count == content.count
                    && Arrays.equals(returns, content.returns)
                    && Arrays.equals(below, content.below)
                    && memory.equals(content.memory);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }
}
