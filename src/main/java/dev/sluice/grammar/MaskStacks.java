package dev.sluice.grammar;

import dev.sluice.grammar.Closure.Returns;

import java.util.HashMap;
import java.util.Map;

/// Stacks that hold no more than matters to a mask: counts that no token reaches the end of are
/// made equal, and so are lengths; the keys of an object are forgotten ([KeyMemory#forMask]), as
/// are labels of host names ([NameMemory#forMask]).
final class MaskStacks {
    private final Rules rules;
    private final Stacks stacks;
    private final NameMemory names;
    private final int length;
    private final Map<Stack, Stack> done = new HashMap<>();
    private boolean forgets;

    /// @param length most bytes of a token
    MaskStacks(Rules rules, Stacks stacks, NameMemory names, int length) {
        this.rules = rules;
        this.stacks = stacks;
        this.names = names;
        this.length = length;
    }

    /// Whether keys or labels were forgotten.
    boolean forgets() {
        return forgets;
    }

    Stack of(Stack stack) {
        if (stack == Stack.BASE) {
            return stack;
        }
        Stack known = done.get(stack);
        if (known != null) {
            return known;
        }
        Returns returns = new Returns();
        for (int i = 0; i < stack.returns.length; i++) {
            returns.add(stack.returns[i], of(stack.below[i]));
        }
        int count =
                stack.repeat < 0
                        ? 0
                        : rules.repeats()[rules.starts()[stack.repeat]]
                                .orElseThrow()
                                .clamped(stack.count, length);
        Memory memory = forMask(stack);
        Stack result = stacks.of(stack.repeat, count, memory, returns);
        done.put(stack, result);
        return result;
    }

    private Memory forMask(Stack stack) {
        return switch (stack.memory) {
            case TextLength text -> clamped(text);
            case NameText text -> {
                forgets |= text.isEncoded() && !text.isHidden();
                yield names.forMask(text, length);
            }
            default -> {
                Memory memory = KeyMemory.forMask(stack);
                forgets |= !memory.equals(stack.memory);
                yield memory;
            }
        };
    }

    /// A length that allows the same next characters.
    private TextLength clamped(TextLength text) {
        int enough = length + rules.mostCharsLeft();
        return text.left() > enough ? new TextLength(enough) : text;
    }
}
