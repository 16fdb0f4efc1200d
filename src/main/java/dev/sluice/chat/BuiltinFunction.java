package dev.sluice.chat;

/// A callable that says itself what Python calls its type.
///
/// @param typeName such as `builtin_function_or_method`
/// @param name of the function
/// @param body what it does
record BuiltinFunction(String typeName, String name, Callable body) implements Callable {
    static BuiltinFunction function(String name, Callable body) {
        return new BuiltinFunction("function", name, body);
    }

    static BuiltinFunction method(String name, Callable body) {
        return new BuiltinFunction("builtin_function_or_method", name, body);
    }

    @Override
    public Object call(Render render, Arguments arguments) {
        return body.call(render, arguments);
    }
}
