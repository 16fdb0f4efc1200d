package dev.sluice.chat;

import java.util.List;
import java.util.Set;

/// Attributes and elements of values, as Jinja's sandbox gives them to templates.
///
/// @see "jinja2 3.1.6, sandbox.py"
final class Access {
    private static final Set<String> OBJECT_ATTRIBUTES =
            Set.of(
                    "__class__",
                    "__delattr__",
                    "__dir__",
                    "__doc__",
                    "__eq__",
                    "__format__",
                    "__ge__",
                    "__getattribute__",
                    "__getstate__",
                    "__gt__",
                    "__hash__",
                    "__init__",
                    "__init_subclass__",
                    "__le__",
                    "__lt__",
                    "__ne__",
                    "__new__",
                    "__reduce__",
                    "__reduce_ex__",
                    "__repr__",
                    "__setattr__",
                    "__sizeof__",
                    "__str__",
                    "__subclasshook__");

    private Access() {}

    /// `owner.name`: an attribute, else an element.
    static Object attribute(Object owner, String name) {
        if (owner instanceof Undefined undefined && !OBJECT_ATTRIBUTES.contains(name)) {
            throw undefined.failure();
        }
        Object attribute = find(owner, name);
        if (attribute != Missing.MISSING) {
            return attribute;
        }
        if (owner instanceof DictValue dict) {
            Object value = dict.get(name);
            if (value != null) {
                return value;
            }
        }
        return Undefined.member(owner, name);
    }

    /// An attribute and never an element; [Missing] when there is none.
    static Object attributeOnly(Object owner, String name) {
        return find(owner, name);
    }

    /// `owner[key]`: an element, else an attribute.
    static Object item(Object owner, Object key) {
        if (owner instanceof Undefined undefined) {
            throw undefined.failure();
        }
        Object element =
                switch (owner) {
                    case DictValue dict -> element(dict, key);
                    case ListValue(List<Object> items) -> element(items, key);
                    case TupleValue tuple -> element(tuple.items(), key);
                    case String text -> element(text, key);
                    case Markup(String text) -> {
                        Object character = element(text, key);
                        yield character instanceof String s ? new Markup(s) : character;
                    }
                    case RangeValue range -> element(range, key);
                    default -> Missing.MISSING;
                };
        if (element == Missing.MISSING && Types.isText(key)) {
            element = find(owner, Types.text(key));
        }
        return element == Missing.MISSING ? Undefined.member(owner, key) : element;
    }

    private static Object element(DictValue dict, Object key) {
        if (key instanceof ListValue || key instanceof DictValue) {
            return Missing.MISSING;
        }
        Object value = dict.get(key);
        return value == null ? Missing.MISSING : value;
    }

    private static Object element(List<Object> items, Object key) {
        int index = index(key, items.size());
        return index < 0 ? Missing.MISSING : items.get(index);
    }

    private static Object element(String text, Object key) {
        if (!Types.isInteger(key)) {
            return Missing.MISSING;
        }
        int index = index(key, Text.length(text));
        return index < 0 ? Missing.MISSING : Text.substring(text, index, index + 1);
    }

    private static Object element(RangeValue range, Object key) {
        int index = index(key, range.size());
        return index < 0 ? Missing.MISSING : range.get(index);
    }

    /// An index counted from the front; negative when there is no such element.
    private static int index(Object key, int size) {
        if (!Types.isInteger(key)) {
            return -1;
        }
        int index = Numbers.clampedInt(key);
        int fromFront = index < 0 ? index + size : index;
        return fromFront < size ? fromFront : -1;
    }

    /// What Python's `getattr` finds; [Missing] when nothing.
    private static Object find(Object owner, String name) {
        if (name.startsWith("__") && OBJECT_ATTRIBUTES.contains(name)) {
            return Undefined.unsafe(owner, name);
        }
        return switch (owner) {
            case DictValue dict -> DictMethods.find(dict, name);
            case String text -> StringMethods.find(text, name);
            case Markup markup -> StringMethods.find(markup, name);
            case ListValue list -> ListMethods.find(list, list.items(), name);
            case TupleValue tuple -> ListMethods.find(tuple, name);
            case NamespaceValue namespace ->
                    namespace.attributes().getOrDefault(name, Missing.MISSING);
            case LoopValue loop -> loop.attribute(name);
            case MacroValue macro -> macro(macro.macro(), name);
            case CyclerValue cycler -> cycler.attribute(name);
            case RangeValue range -> range(range, name);
            default -> Types.isNumber(owner) ? NumberMethods.find(owner, name) : Missing.MISSING;
        };
    }

    private static Object macro(MacroCompiler macro, String name) {
        return switch (name) {
            case "name" -> macro.name().<Object>map(each -> each).orElse(None.NONE);
            case "arguments" -> new TupleValue(List.copyOf(macro.parameters()));
            case "catch_kwargs" -> macro.catchesNamed();
            case "catch_varargs" -> macro.catchesPositional();
            case "caller" -> macro.readsCaller();
            case "explicit_caller" -> macro.parameters().contains("caller");
            default -> Missing.MISSING;
        };
    }

    private static Object range(RangeValue range, String name) {
        return switch (name) {
            case "start" -> range.start();
            case "stop" -> range.stop();
            case "step" -> range.step();
            default -> Missing.MISSING;
        };
    }
}
