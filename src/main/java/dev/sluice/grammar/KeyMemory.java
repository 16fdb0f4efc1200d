package dev.sluice.grammar;

import dev.sluice.grammar.Closure.Returns;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.IntStream;

/// Keeps the keys of an object apart: the stack of a rule whose keys must differ holds those that
/// were read ([KeySet]), that of a rule that reads one holds what was read of it ([KeyText]). A key
/// that comes again ends no reading, nor does what can only become one go on.
///
/// Where a mask is found for many objects at once, what they hold is not known; a reading whose end
/// depends on it is left out, and the [Closure] is told that there may be more. Belongs to one
/// machine.
final class KeyMemory {
    private final Rules rules;
    private final Stacks stacks;

    KeyMemory(Rules rules, Stacks stacks) {
        this.rules = rules;
        this.stacks = stacks;
    }

    private enum Answer {
        YES,
        NO,
        UNKNOWN
    }

    /// A text that may be the key of an object, or become it.
    private record Candidate(int state, String text) {}

    /// Takes a character of a key.
    ///
    /// @param target the state behind it
    void read(Closure closure, int target, Stack key, KeyText text, int character) {
        KeyText longer = text.then(character);
        if (longer.isPassing() && !mayBeEarlier(longer, key.below)) {
            closure.add(target, forgetting(key));
            return;
        }
        if (rules.keysLeft(target) == KeysLeft.MANY) {
            closure.add(target, stacks.remembering(key, longer));
            return;
        }
        Returns returns = new Returns();
        for (int i = 0; i < key.returns.length; i++) {
            if (isYes(closure, mayBecomeNew(target, longer, key.below[i]))) {
                returns.add(key.returns[i], key.below[i]);
            }
        }
        if (!returns.isEmpty()) {
            closure.add(target, stacks.of(key.repeat, key.count, longer, returns));
        }
    }

    /// Whether an earlier key of some object begins with a text, as far as is known.
    private static boolean mayBeEarlier(KeyText text, Stack[] objects) {
        for (Stack object : objects) {
            if (object.memory instanceof KeySet earlier
                    && (!earlier.isKnown() || begins(text, earlier))) {
                return true;
            }
        }
        return false;
    }

    private static boolean begins(KeyText text, KeySet earlier) {
        return text.length() <= earlier.longest() && earlier.hasPrefix(text.text());
    }

    /// A new key, whatever the others are.
    private Stack forgetting(Stack key) {
        Returns returns = new Returns();
        for (int i = 0; i < key.returns.length; i++) {
            Stack object = key.below[i];
            returns.add(
                    key.returns[i],
                    object.memory instanceof KeySet
                            ? stacks.remembering(object, KeySet.UNKNOWN)
                            : object);
        }
        return stacks.of(key.repeat, key.count, KeyText.NEW, returns);
    }

    /// Takes the beginning of a character of a key.
    ///
    /// @param partial what it has become by that
    void begin(Closure closure, int state, int partial, Stack key, KeyText text) {
        if (!leadsToFew(state)) {
            closure.rest(state, partial, key);
            return;
        }
        Returns returns = new Returns();
        for (int i = 0; i < key.returns.length; i++) {
            if (isYes(closure, mayBecomeNew(state, partial, text, key.below[i]))) {
                returns.add(key.returns[i], key.below[i]);
            }
        }
        if (!returns.isEmpty()) {
            closure.rest(state, partial, stacks.of(key.repeat, key.count, text, returns));
        }
    }

    private boolean leadsToFew(int state) {
        for (CharEdge edge : rules.chars()[state]) {
            if (rules.keysLeft(edge.target()) != KeysLeft.MANY) {
                return true;
            }
        }
        return false;
    }

    /// Ends a key.
    void end(Closure closure, Stack key, KeyText text) {
        for (int i = 0; i < key.returns.length; i++) {
            Stack object = key.below[i];
            if (!(object.memory instanceof KeySet earlier)) {
                closure.returnTo(key.returns[i], object);
            } else if (isYes(closure, isNew(text, earlier))) {
                boolean isKnown = text.isKnown() && !text.isPassing() && earlier.isKnown();
                KeySet all = isKnown ? earlier.with(text.text()) : KeySet.UNKNOWN;
                closure.returnTo(key.returns[i], stacks.remembering(object, all));
            }
        }
    }

    /// Whether a rule may be called: a key that is left, if it reads one.
    boolean mayCall(Closure closure, int rule, Stack caller) {
        int start = rules.starts()[rule];
        return rules.keysLeft(start) == KeysLeft.MANY
                || isYes(closure, mayBecomeNew(start, KeyText.EMPTY, caller));
    }

    private static boolean isYes(Closure closure, Answer answer) {
        if (answer == Answer.UNKNOWN) {
            closure.unsure();
        }
        return answer == Answer.YES;
    }

    private static Answer isNew(KeyText text, KeySet earlier) {
        if (text.isNew()) {
            return Answer.YES;
        }
        if (!text.isKnown() || !earlier.isKnown()) {
            return Answer.UNKNOWN;
        }
        return text.length() > earlier.longest() || !earlier.contains(text.text())
                ? Answer.YES
                : Answer.NO;
    }

    private Answer mayBecomeNew(int state, KeyText text, Stack object) {
        if (!(object.memory instanceof KeySet earlier) || text.becomesNew(rules.keysLeft(state))) {
            return Answer.YES;
        }
        if (!text.isKnown() || !earlier.isKnown()) {
            return Answer.UNKNOWN;
        }
        return text.length() > earlier.longest() || hasNew(state, text.text(), earlier)
                ? Answer.YES
                : Answer.NO;
    }

    private Answer mayBecomeNew(int state, int partial, KeyText text, Stack object) {
        if (!(object.memory instanceof KeySet earlier)) {
            return Answer.YES;
        }
        boolean isKnown = text.isKnown() && earlier.isKnown();
        for (CharEdge edge : rules.chars()[state]) {
            boolean isOpen = !isKnown && text.becomesNew(rules.keysLeft(edge.target()));
            if (edge.json() && (isKnown || isOpen)) {
                CodePoints set = isKnown ? newBehind(text, edge, earlier) : edge.set();
                if (Partial.mayBecome(partial, set)) {
                    return Answer.YES;
                }
            }
        }
        return isKnown ? Answer.NO : Answer.UNKNOWN;
    }

    /// The characters of an edge with which a key can go on that did not come yet.
    private CodePoints newBehind(KeyText text, CharEdge edge, KeySet earlier) {
        if (text.length() > earlier.longest() || rules.keysLeft(edge.target()) == KeysLeft.MANY) {
            return edge.set();
        }
        String begun = text.text();
        int[] usedUp =
                earlier.behind(begun).stream()
                        .filter(c -> edge.set().contains(c))
                        .filter(c -> !hasNew(edge.target(), begun + Character.toString(c), earlier))
                        .flatMapToInt(c -> IntStream.of(c, c))
                        .toArray();
        return edge.set().minus(CodePoints.ofRanges(usedUp));
    }

    /// Whether a key may follow that did not come yet. What is looked at begins earlier keys.
    private boolean hasNew(int from, String begun, KeySet earlier) {
        if (rules.keysLeft(from) > earlier.size(begun)) {
            return true;
        }
        Deque<Candidate> work = new ArrayDeque<>();
        work.add(new Candidate(from, begun));
        while (!work.isEmpty()) {
            Candidate at = work.removeLast();
            int state = at.state();
            boolean isNew = rules.ends()[state] && !earlier.contains(at.text());
            if (isNew || !earlier.hasPrefix(at.text())) {
                return true;
            }
            for (int target : rules.epsilons()[state]) {
                work.add(new Candidate(target, at.text()));
            }
            for (CallEdge call : rules.calls()[state]) {
                work.add(new Candidate(call.target(), at.text()));
            }
            for (CharEdge edge : rules.chars()[state]) {
                if (!edge.json()) {
                    work.add(new Candidate(edge.target(), at.text()));
                } else if (leadsToNew(edge, at.text(), earlier, work)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean leadsToNew(
            CharEdge edge, String text, KeySet earlier, Deque<Candidate> work) {
        int[] ranges = edge.set().ranges();
        for (int i = 0; i < ranges.length; i += 2) {
            for (int c = ranges[i]; c <= ranges[i + 1]; c++) {
                String longer = text + Character.toString(c);
                if (!earlier.hasPrefix(longer)) {
                    return true;
                }
                work.add(new Candidate(edge.target(), longer));
            }
        }
        return false;
    }

    /// What matters of a stack's memory to the tokens that may come next.
    static Memory forMask(Stack stack) {
        return switch (stack.memory) {
            case KeySet _ -> KeySet.UNKNOWN;
            case KeyText text when text.isKnown() -> forMask(text, stack.below);
            default -> stack.memory;
        };
    }

    private static KeyText forMask(KeyText text, Stack[] objects) {
        boolean isBegun = false;
        boolean isThere = false;
        for (Stack object : objects) {
            if (!(object.memory instanceof KeySet earlier)) {
                continue;
            }
            if (!earlier.isKnown()) {
                return KeyText.UNKNOWN_OF_MANY;
            }
            if (begins(text, earlier)) {
                if (earlier.size() > KeyText.FEW) {
                    return KeyText.UNKNOWN_OF_MANY;
                }
                isBegun = true;
                isThere |= earlier.contains(text.text());
            }
        }
        return isThere ? KeyText.UNKNOWN : isBegun ? KeyText.BEGUN : KeyText.NEW;
    }
}
