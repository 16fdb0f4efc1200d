package dev.sluice.grammar;

import java.util.HashMap;
import java.util.Map;
import java.util.function.ToLongFunction;

/// The memory that the grammars of accepted sequences take: nobody can forget those. Any thread.
public final class GrammarMemory {
    private final long most;
    private final Map<CompiledGrammar, Integer> users = new HashMap<>();

    /// @param most bytes that the rules of all may take together, where one alone may be larger,
    ///   and as many that they may remember about texts
    GrammarMemory(long most) {
        this.most = most;
    }

    /// Notes that one more sequence follows a grammar.
    ///
    /// @return whether there is room for it; if not, nothing is noted
    public synchronized boolean take(CompiledGrammar grammar) {
        boolean fits =
                users.isEmpty()
                        || users.containsKey(grammar)
                        || grammar.rulesBytes() + bytes(CompiledGrammar::rulesBytes) <= most;
        if (fits) {
            users.merge(grammar, 1, Integer::sum);
        }
        return fits;
    }

    /// Notes that one sequence less follows it.
    public synchronized void giveBack(CompiledGrammar grammar) {
        users.computeIfPresent(grammar, (_, count) -> count == 1 ? null : count - 1);
    }

    /// Bytes that one of them may remember about texts: once all remember too much, no more than
    /// its part.
    ///
    /// @param largest bytes that none may exceed
    synchronized long limit(long largest) {
        return bytes(CompiledGrammar::rememberedBytes) <= most
                ? largest
                : Math.min(largest, most / users.size());
    }

    private long bytes(ToLongFunction<CompiledGrammar> of) {
        return users.keySet().stream().mapToLong(of).sum();
    }
}
