package dev.sluice.chat;

import java.math.BigInteger;

/// Python's names of the types of values.
///
/// | Python | here |
/// | --- | --- |
/// | None, bool | [None], Boolean |
/// | int | Long, or BigInteger where a Long is too small |
/// | float, str | Double, String |
/// | list, tuple, dict | [ListValue], [TupleValue], [DictValue] |
final class Types {
    private Types() {}

    static String name(Object value) {
        return switch (value) {
            case String _ -> "str";
            case None _ -> "NoneType";
            case Boolean _ -> "bool";
            case Long _, BigInteger _ -> "int";
            case Double _ -> "float";
            case ListValue _ -> "list";
            case TupleValue _ -> "tuple";
            case DictValue _ -> "dict";
            case Markup _ -> "Markup";
            case Undefined _ -> "Undefined";
            case RangeValue _ -> "range";
            case DictView view -> view.typeName();
            case LazyValue lazy -> lazy.typeName();
            case NamespaceValue _ -> "Namespace";
            case MacroValue _ -> "Macro";
            case LoopValue _ -> "LoopContext";
            case BuiltinFunction type -> type.typeName();
            default -> "function";
        };
    }

    /// With the module, for types that are not Python's own.
    static String qualifiedName(Object value) {
        return switch (value) {
            case Markup _ -> "markupsafe.Markup";
            case Undefined _, MacroValue _, LoopValue _ -> "jinja2.runtime." + name(value);
            case NamespaceValue _ -> "jinja2.utils.Namespace";
            default -> name(value);
        };
    }

    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof Boolean || value instanceof BigInteger;
    }

    static boolean isNumber(Object value) {
        return value instanceof Double || isInteger(value);
    }

    static boolean isText(Object value) {
        return value instanceof String || value instanceof Markup;
    }

    /// The characters of a string, safe or not.
    static String text(Object value) {
        return value instanceof Markup(String safe) ? safe : (String) value;
    }
}
