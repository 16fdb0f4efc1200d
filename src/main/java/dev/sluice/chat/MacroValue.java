package dev.sluice.chat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A macro that can be called.
///
/// @see "jinja2 3.1.6, runtime.py, Macro"
final class MacroValue implements Callable {
    private final MacroCompiler macro;
    private final Frame outer;

    MacroValue(MacroCompiler macro, Frame outer) {
        this.macro = macro;
        this.outer = outer;
    }

    MacroCompiler macro() {
        return macro;
    }

    /// For messages.
    String name() {
        return macro.name().map(Representation::repr).orElse("None");
    }

    @Override
    public Object call(Render render, Arguments arguments) {
        render.enterCall(macro.nesting());
        int line = render.line();
        Frame frame = new Frame(render, outer, macro.function().size());
        List<Object> values = inOrder(arguments);
        for (int i = 0; i < values.size(); i++) {
            frame.set(macro.slots().get(i), values.get(i));
        }
        Output out = new Output(render);
        macro.body().run(frame, out);
        render.leaveCall(macro.nesting());
        render.line(line);
        return out.toString();
    }

    /// Values of all slots; [Missing] where a default applies.
    private List<Object> inOrder(Arguments arguments) {
        List<String> names = macro.parameters();
        List<Object> given = arguments.positional();
        Map<String, Object> named = new LinkedHashMap<>(arguments.named());
        int byPosition = Math.min(names.size(), given.size());
        List<Object> values = new ArrayList<>(given.subList(0, byPosition));
        boolean callerFound = byPosition == names.size() && names.contains("caller");
        for (String name : names.subList(byPosition, names.size())) {
            Object value = named.remove(name);
            values.add(value == null ? Missing.MISSING : value);
            callerFound |= name.equals("caller");
        }
        if (macro.readsCaller() && !callerFound) {
            Object caller = named.remove("caller");
            boolean none = caller == null || caller == None.NONE;
            values.add(none ? Undefined.because("No caller defined") : caller);
        }
        if (macro.catchesNamed()) {
            DictValue rest = new DictValue(named.size());
            named.forEach(rest::put);
            values.add(rest);
        } else if (!named.isEmpty()) {
            throw unexpected(named.keySet().iterator().next());
        }
        if (macro.catchesPositional()) {
            values.add(new TupleValue(given.subList(byPosition, given.size())));
        } else if (given.size() > names.size()) {
            throw Errors.type(
                    "macro " + name() + " takes not more than " + names.size() + " argument(s)");
        }
        return values;
    }

    private TemplateException unexpected(String argument) {
        return Errors.type(
                "macro " + name() + " takes no keyword argument " + Representation.repr(argument));
    }
}
