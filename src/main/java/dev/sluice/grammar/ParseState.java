package dev.sluice.grammar;

/// Where the reading of a text stands. Immutable.
///
/// @param top the open readings
/// @param below what lies below their base
/// @param accepts whether the text may end here
record ParseState(Configurations top, Below below, boolean accepts) {
    static final ParseState DEAD = new ParseState(Configurations.DEAD, Below.BOTTOM, false);

    /// The stack below the base.
    static final class Below {
        /// The end of the stack: what ends here ends the text.
        static final Below BOTTOM = new Below(Stack.BASE, null);

        /// The end of what is known.
        static final Below UNKNOWN = new Below(Stack.BASE, null);

        final Stack stack;
        private final @org.jspecify.annotations.Nullable Below rest;

        Below(Stack stack, @org.jspecify.annotations.Nullable Below rest) {
            this.stack = stack;
            this.rest = rest;
        }

        Below rest() {
            return rest == null ? this : rest;
        }

        /// Whether the same stacks lie here and there.
        boolean isSame(Below other) {
            Below a = this;
            Below b = other;
            while (a != b) {
                if (a.stack != b.stack || a.rest == null || b.rest == null) {
                    return false;
                }
                a = a.rest;
                b = b.rest;
            }
            return true;
        }
    }

    boolean isDead() {
        return top.isDead();
    }
}
