package dev.sluice.grammar;

import dev.sluice.grammar.Configurations.Step;
import dev.sluice.grammar.ParseState.Below;

/// Follows a walk of a tree of tokens through a grammar: what is open at each depth of the way to
/// the node that is looked at. Belongs to one machine, whose lock its callers hold.
final class TokenWalk {
    private final Machine machine;
    private final byte[] way = new byte[TokenTrie.MAX_TOKEN_BYTES + 1];
    private final Configurations[] tops = new Configurations[TokenTrie.MAX_TOKEN_BYTES + 1];
    private final Below[] belows = new Below[TokenTrie.MAX_TOKEN_BYTES + 1];
    private final boolean[] unsure = new boolean[TokenTrie.MAX_TOKEN_BYTES + 1];

    TokenWalk(Machine machine) {
        this.machine = machine;
    }

    /// Begins at a place.
    ///
    /// @param below or [Below#UNKNOWN]
    void start(Configurations top, Below below) {
        tops[0] = top;
        belows[0] = below;
        unsure[0] = top.endsBase && below == Below.UNKNOWN;
    }

    /// Reads a byte behind what was read at the depth before.
    Configurations next(int depth, byte b) {
        Configurations before = tops[depth - 1];
        if (depth > 1 && machine.readsSingly(before)) {
            unsure[depth] = false;
            return Configurations.DEAD;
        }
        Configurations target = machine.target(before, b & 0xFF);
        Stack push = machine.pushed(before, b & 0xFF);
        Below below = belows[depth - 1];
        if (target.endsBase || push != Stack.BASE) {
            ParseState state = machine.resolve(new Step(target, push), below);
            target = state.top();
            below = state.below();
        }
        way[depth] = b;
        tops[depth] = target;
        belows[depth] = below;
        unsure[depth] =
                unsure[depth - 1] || target.unsure || (target.endsBase && below == Below.UNKNOWN);
        return target;
    }

    /// Whether there may be more readings at a depth than those that are followed.
    boolean isUnsure(int depth) {
        return unsure[depth];
    }

    /// Goes the way of another walk.
    ///
    /// @return whether that may come
    boolean follow(TokenWalk other, int depth) {
        for (int i = 1; i <= depth; i++) {
            if (next(i, other.way[i]).isDead()) {
                return false;
            }
        }
        return true;
    }
}
