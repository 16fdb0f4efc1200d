package dev.sluice.grammar;

/// Which bytes can begin a character that a state reads: most can't, and are told here without a
/// closer look. Not for use by several threads at once.
final class FirstBytes {
    private static final int BYTES = 256;
    private static final long[] UNKNOWN = {};

    private final Rules rules;
    private final long[][] masks;

    FirstBytes(Rules rules) {
        this.rules = rules;
        this.masks = new long[rules.ends().length][];
        java.util.Arrays.fill(masks, UNKNOWN);
    }

    /// Whether some reading may go on with a byte.
    boolean mayCome(Configurations top, int b) {
        for (int i = 0; i < top.size(); i++) {
            if (top.partials[i] != Partial.NONE || (mask(top.states[i])[b >> 6] >>> b & 1) != 0) {
                return true;
            }
        }
        return false;
    }

    private long[] mask(int state) {
        if (masks[state].length == 0) {
            long[] mask = new long[BYTES / Long.SIZE];
            if (rules.repeats()[state].isPresent()) {
                Repeat repeat = rules.repeats()[state].get();
                add(mask, repeat.set(), repeat.json());
            }
            for (CharEdge edge : rules.chars()[state]) {
                add(mask, edge.set(), edge.json());
            }
            masks[state] = mask;
        }
        return masks[state];
    }

    private static void add(long[] mask, CodePoints set, boolean json) {
        for (int b = 0; b < BYTES; b++) {
            int result = json ? Partial.json(Partial.NONE, b) : Partial.text(Partial.NONE, b);
            boolean comes =
                    result >= 0
                            ? set.contains(result)
                            : Partial.isPartial(result) && Partial.mayBecome(result, set);
            if (comes) {
                mask[b >> 6] |= 1L << b;
            }
        }
    }
}
