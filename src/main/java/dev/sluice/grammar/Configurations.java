package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// All readings of a text that are still open, seen from the lowest point that their stacks have in
/// common. Interned by the [Machine], which remembers here what it found out: where bytes lead, and
/// which tokens may come.
///
/// Immutable but for what is remembered, which the machine's lock guards.
final class Configurations {
    /// No reading is open.
    static final Configurations DEAD =
            new Configurations(new int[0], new int[0], new Stack[0], false, false, 0);

    final int[] states;

    /// What has been read of the next character, for each state.
    final int[] partials;

    final Stack[] stacks;

    /// Whether the rule at the base may end here.
    final boolean endsBase;

    /// Whether there may be more readings, which depend on what is not known of some [Memory].
    final boolean unsure;

    /// When this was interned; see [Machine].
    final int epoch;

    private final int hash;

    /// Where each byte leads; empty where that is not known yet.
    @Nullable Configurations @Nullable [] next;

    /// What each byte puts below the base, if any does.
    @Nullable Stack @Nullable [] pushed;

    /// What comes when the base ends, by what lies there.
    @Nullable Map<Stack, Step> returns;

    @Nullable TokenMask mask;

    /// Complete masks for what has lain below the base.
    @Nullable Completed @Nullable [] completed;

    /// How much text of each [TextClass] may come, or -1 where that is not known yet.
    int @Nullable [] runs;

    /// The configurations with the same mask, once known.
    @Nullable Configurations forMask;

    /// Where a walk of tokens begins whose [#forMask] does not tell enough, once known.
    @Nullable Configurations forWalk;

    /// Whether this is [#forMask] of configurations that remember more.
    boolean forgets;

    /// Why there is no mask: finding it took too much.
    @Nullable String refused;

    /// Whether the next character is looked into by itself ([Machine#readsSingly]), once known.
    @Nullable Boolean readsSingly;

    /// Where something leads.
    ///
    /// @param push what comes to lie below the base, or [Stack#BASE] for nothing
    record Step(Configurations target, Stack push) {}

    /// A mask that holds for one stack below the base.
    ///
    /// @param exact the configurations, if others have the same place ([#forgets])
    record Completed(Configurations exact, ParseState.Below below, TokenMask mask) {}

    Configurations(
            int[] states,
            int[] partials,
            Stack[] stacks,
            boolean endsBase,
            boolean unsure,
            int epoch) {
        this.states = states;
        this.partials = partials;
        this.stacks = stacks;
        this.endsBase = endsBase;
        this.unsure = unsure;
        this.epoch = epoch;
        int code = Boolean.hashCode(endsBase);
        for (int i = 0; i < states.length; i++) {
            code = 31 * (31 * (31 * code + states[i]) + partials[i]) + stacks[i].id;
        }
        this.hash = code;
    }

    int size() {
        return states.length;
    }

    boolean isDead() {
        return states.length == 0 && !endsBase;
    }

    /// Lets go of all that is remembered here.
    void forget() {
        next = null;
        pushed = null;
        returns = null;
        mask = null;
        completed = null;
        runs = null;
        forMask = null;
        forWalk = null;
        refused = null;
        readsSingly = null;
    }

    Map<Stack, Step> returns() {
        if (returns == null) {
            returns = new HashMap<>();
        }
        return returns;
    }

    @Override
    public boolean equals(Object other) {
        return this == other
                || (other instanceof Configurations c
                        && c.hash == hash
                        && c.endsBase == endsBase
                        && c.unsure == unsure
                        && Arrays.equals(states, c.states)
                        && Arrays.equals(partials, c.partials)
                        && Arrays.equals(stacks, c.stacks));
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
