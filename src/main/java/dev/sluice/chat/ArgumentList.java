package dev.sluice.chat;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Collects the arguments of a call and keeps to their order: by position, by name, `*`, `**`.
final class ArgumentList {
    private final int line;
    private final List<Expr> positional = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final Set<String> seen = new HashSet<>();
    private final List<Expr> named = new ArrayList<>();
    private Optional<Expr> starred = Optional.empty();
    private Optional<Expr> doubleStarred = Optional.empty();

    /// @param line of the opening parenthesis
    ArgumentList(int line) {
        this.line = line;
    }

    void positional(Expr value) {
        ensure(starred.isEmpty() && doubleStarred.isEmpty() && names.isEmpty());
        positional.add(value);
    }

    void named(String name, Expr value) {
        ensure(doubleStarred.isEmpty() && seen.add(name));
        names.add(name);
        named.add(value);
    }

    void star(Expr value) {
        ensure(starred.isEmpty() && doubleStarred.isEmpty());
        starred = Optional.of(value);
    }

    void doubleStar(Expr value) {
        ensure(doubleStarred.isEmpty());
        doubleStarred = Optional.of(value);
    }

    Expr.CallArguments finished() {
        return new Expr.CallArguments(positional, names, named, starred, doubleStarred);
    }

    private void ensure(boolean allowed) {
        if (!allowed) {
            throw Errors.syntax("invalid syntax for function call expression", line);
        }
    }
}
