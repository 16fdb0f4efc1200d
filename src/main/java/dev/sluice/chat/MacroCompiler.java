package dev.sluice.chat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A compiled macro, or the body of a `call` block: everything but the frame that it is defined in.
///
/// @param name empty for the body of a `call` block
/// @param parameters names of the parameters
/// @param catchesNamed reads `kwargs`
/// @param catchesPositional reads `varargs`
/// @param readsCaller reads `caller`
/// @param function storage of its variables
/// @param slots of the parameters, then of `caller`, `kwargs`, `varargs` as far as read
/// @param nesting of its statements and expressions
/// @param body sets variables and defaults, and prints
record MacroCompiler(
        Optional<String> name,
        List<String> parameters,
        boolean catchesNamed,
        boolean catchesPositional,
        boolean readsCaller,
        Symbols.Function function,
        List<Integer> slots,
        int nesting,
        Action body) {

    static MacroCompiler compile(
            Optional<String> name,
            Stmt.Parameters parameters,
            List<Stmt> statements,
            Scope outer,
            int line) {
        Scope scope = outer.innerFunction();
        Symbols symbols = scope.symbols();
        List<Integer> slots = new ArrayList<>();
        for (String parameter : parameters.names()) {
            slots.add(symbols.declareParameter(parameter).index());
        }
        symbols.analyse(parameters.defaults());
        symbols.analyse(statements);
        Set<String> special = SpecialNames.readIn(statements, "caller", "kwargs", "varargs");
        boolean readsCaller = special.contains("caller");
        int explicit = parameters.names().indexOf("caller");
        if (readsCaller && explicit >= 0 && parameters.defaultIndex(explicit) < 0) {
            throw Errors.syntax(
                    "When defining macros or call blocks the special \"caller\" argument must be"
                            + " omitted or be given a default.",
                    line);
        }
        if (readsCaller && explicit < 0) {
            slots.add(symbols.declareParameter("caller").index());
        }
        boolean named = special.contains("kwargs") && !parameters.names().contains("kwargs");
        if (named) {
            slots.add(symbols.declareParameter("kwargs").index());
        }
        boolean positional = special.contains("varargs") && !parameters.names().contains("varargs");
        if (positional) {
            slots.add(symbols.declareParameter("varargs").index());
        }
        Action entry = scope.entry();
        Action defaults = defaults(parameters, slots, scope);
        Action rest = StatementCompiler.compileAll(statements, scope);
        Action body =
                (frame, out) -> {
                    entry.run(frame, out);
                    defaults.run(frame, out);
                    return rest.run(frame, out);
                };
        return new MacroCompiler(
                name,
                List.copyOf(parameters.names()),
                named,
                positional,
                readsCaller,
                symbols.function(),
                List.copyOf(slots),
                1 + Math.max(Syntax.depth(statements), Syntax.depth(parameters.defaults())),
                body);
    }

    private static Action defaults(Stmt.Parameters parameters, List<Integer> slots, Scope scope) {
        List<Code> codes = new ArrayList<>();
        for (int i = 0; i < parameters.names().size(); i++) {
            String hint = "parameter '" + parameters.names().get(i) + "' was not provided";
            int index = parameters.defaultIndex(i);
            codes.add(
                    index < 0
                            ? _ -> Undefined.because(hint)
                            : ExpressionCompiler.compile(parameters.defaults().get(index), scope));
        }
        return (frame, _) -> {
            for (int i = 0; i < codes.size(); i++) {
                int slot = slots.get(i);
                if (frame.get(slot) == Missing.MISSING) {
                    frame.set(slot, codes.get(i).eval(frame));
                }
            }
            return Action.Flow.NEXT;
        };
    }

    /// The macro, with access to the variables around its definition.
    MacroValue define(Frame outer) {
        return new MacroValue(this, outer);
    }
}
