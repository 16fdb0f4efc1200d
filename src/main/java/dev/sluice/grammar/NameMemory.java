package dev.sluice.grammar;

import java.util.Optional;

/// Keeps host names valid while they are read ([NameText]), or not valid where that is asked.
///
/// Where a mask is found for many names at once, the label is not known; a reading that depends on
/// it is left out, and the [Closure] is told that there may be more. Belongs to one machine.
final class NameMemory {
    private final Rules rules;
    private final Stacks stacks;
    private Optional<NameSearch> search = Optional.empty();

    NameMemory(Rules rules, Stacks stacks) {
        this.rules = rules;
        this.stacks = stacks;
    }

    private NameSearch search() {
        if (search.isEmpty()) {
            search = Optional.of(new NameSearch(NameAutomaton.of(rules)));
        }
        return search.get();
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
            return Optional.empty();
        }
        return character == '.' && !text.mayEndLabel()
                ? Optional.of(false)
                : search().mayEnd(target, text.then(character));
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

    /// What matters of a name to the next tokens.
    ///
    /// @param length most bytes of a token
    NameText forMask(NameText text, int length) {
        int enough = length + search().enough();
        return text.with(
                Math.min(text.left(), enough), text.isEncoded() ? NameText.HIDDEN : text.label());
    }
}
