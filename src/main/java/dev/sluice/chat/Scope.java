package dev.sluice.chat;

import java.util.Map;
import java.util.Optional;

/// Where a piece of a template is compiled.
///
/// @param symbols its names
/// @param conditional inside an `if`: unknown filters are an error only when reached
/// @param inLoop whether `break` has a loop to end
record Scope(Symbols symbols, boolean conditional, boolean inLoop) {
    static Scope root() {
        return new Scope(Symbols.root(), false, false);
    }

    /// A scope inside, in the same function.
    Scope inner() {
        return new Scope(symbols.inner(), false, inLoop);
    }

    /// A scope inside that is a function of its own.
    Scope innerFunction() {
        return new Scope(symbols.innerFunction(), false, false);
    }

    Scope asConditional() {
        return new Scope(symbols, true, inLoop);
    }

    Scope asLoop(boolean loop) {
        return new Scope(symbols, conditional, loop);
    }

    /// What sets this scope's variables when it is entered.
    Action entry() {
        Action[] steps =
                symbols.loads().entrySet().stream()
                        .map(this::entryStep)
                        .flatMap(Optional::stream)
                        .toArray(Action[]::new);
        int work = steps.length >> 3;
        return (frame, out) -> {
            frame.render().steps(work);
            for (Action step : steps) {
                step.run(frame, out);
            }
            return Action.Flow.NEXT;
        };
    }

    private Optional<Action> entryStep(Map.Entry<Symbols.Slot, Symbols.Load> entry) {
        int index = entry.getKey().index();
        return switch (entry.getValue()) {
            case Symbols.Load.Parameter _ -> Optional.empty();
            case Symbols.Load.Resolve(String name) ->
                    Optional.of((frame, _) -> {
                        frame.set(index, frame.render().resolve(name));
                        return Action.Flow.NEXT;
                    });
            case Symbols.Load.Alias(Symbols.Slot outer) -> {
                int distance = symbols.distance(outer);
                yield Optional.of((frame, _) -> {
                    frame.set(index, frame.outer(distance).get(outer.index()));
                    return Action.Flow.NEXT;
                });
            }
            case Symbols.Load.Unset _ ->
                    Optional.of((frame, _) -> {
                        frame.set(index, Missing.MISSING);
                        return Action.Flow.NEXT;
                    });
        };
    }
}
