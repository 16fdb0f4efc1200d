package dev.sluice.grammar;

import java.util.Optional;

/// Keeps host names valid while they are read ([NameText]), or not valid where that is asked: a
/// name goes on only to what can be completed in time.
///
/// Where a mask is found for many names at once, the label is not known; a reading that depends on
/// it is left out, and the [Closure] is told that there may be more. Belongs to one machine.
final class NameMemory {
    private static final Optional<Boolean> UNKNOWN = Optional.empty();

    private final Rules rules;
    private final Stacks stacks;
    private final NamePlaces places;
    private final LabelSearch search = new LabelSearch();

    NameMemory(Rules rules, Stacks stacks) {
        this.rules = rules;
        this.stacks = stacks;
        this.places = new NamePlaces(NameAutomaton.of(rules));
    }

    /// Takes a character.
    ///
    /// @param target the state behind it
    void read(Closure closure, int target, Stack stack, NameText text, int character) {
        Optional<Boolean> allowed = allows(target, text, character);
        if (allowed.isEmpty()) {
            closure.unsure();
        } else if (allowed.get()) {
            closure.add(target, stacks.remembering(stack, text.then(character)));
        }
    }

    private Optional<Boolean> allows(int target, NameText text, int character) {
        if (text.left() == 0) {
            return Optional.of(false);
        }
        if (character == '.' && text.isHidden()) {
            return UNKNOWN;
        }
        return character == '.' && !text.mayEndLabel()
                ? Optional.of(false)
                : mayEnd(target, text.then(character));
    }

    /// Takes the beginning of a character.
    ///
    /// @param partial what it has become by that
    void begin(Closure closure, int state, int partial, Stack stack, NameText text) {
        boolean isUnsure = false;
        for (CharEdge edge : rules.chars()[state]) {
            int[] ranges = edge.set().ranges();
            for (int i = 0; i < ranges.length; i += 2) {
                for (int c = ranges[i]; c <= ranges[i + 1]; c++) {
                    if (!Partial.mayBecome(partial, CodePoints.of(c))) {
                        continue;
                    }
                    Optional<Boolean> allowed = allows(edge.target(), text, c);
                    if (allowed.orElse(false)) {
                        closure.rest(state, partial, stack);
                        return;
                    }
                    isUnsure |= allowed.isEmpty();
                }
            }
        }
        if (isUnsure) {
            closure.unsure();
        }
    }

    /// Whether a name may end.
    boolean mayEnd(Closure closure, NameText text) {
        if (text.isHidden()) {
            closure.unsure();
            return false;
        }
        return text.mayEnd();
    }

    /// Whether a name can be completed in a state.
    private Optional<Boolean> mayEnd(int state, NameText text) {
        if (text.isEncoded()) {
            return text.valid() ? mayBecomeValid(state, text) : mayBecomeInvalid(state, text);
        }
        int need =
                text.isSettled()
                        ? places.any(state)
                        : text.valid()
                                ? places.valid(state, text.label())
                                : places.invalid(state, text.label());
        return Optional.of(NamePlaces.fits(need, text.left()));
    }

    private Optional<Boolean> mayBecomeValid(int state, NameText text) {
        int[] needs = places.validNeeds(state);
        int most = text.left();
        if (NamePlaces.fits(needs[LabelSearch.MANY], most)
                || NamePlaces.fits(needs[LabelSearch.MANY + 1], most)) {
            return Optional.of(true);
        }
        for (int more = LabelSearch.MANY - 1; more >= 0; more--) {
            if (!NamePlaces.fits(needs[more], most)) {
                continue;
            }
            if (text.isHidden()) {
                return UNKNOWN;
            }
            boolean canEnd =
                    more == 0 ? ALabels.isValid(text.label()) : search.canEnd(text.label(), more);
            if (canEnd) {
                return Optional.of(true);
            }
        }
        return Optional.of(false);
    }

    private Optional<Boolean> mayBecomeInvalid(int state, NameText text) {
        NamePlaces.InvalidNeeds needs = places.invalidNeeds(state);
        int most = text.left();
        if (NamePlaces.fits(needs.longer(), most)) {
            return Optional.of(true);
        }
        if (!NamePlaces.fits(needs.ifInvalid(), most)) {
            return Optional.of(false);
        }
        if (text.isHidden()) {
            return UNKNOWN;
        }
        return Optional.of(
                !ALabels.isValid(text.label()) || NamePlaces.fits(needs.ifValid(), most));
    }

    /// Whether it takes a search to tell whether a character may follow: where a label that must be
    /// valid has few left.
    boolean searches(int state, NameText text) {
        return text.valid()
                && text.isEncoded()
                && !NamePlaces.fits(places.validNeeds(state)[LabelSearch.MANY + 1], text.left());
    }

    /// What matters of a name to the next tokens.
    ///
    /// @param length most bytes of a token
    NameText forMask(NameText text, int length) {
        return text.with(
                Math.min(text.left(), length + places.most()),
                text.isEncoded() ? NameText.HIDDEN : text.label());
    }
}
