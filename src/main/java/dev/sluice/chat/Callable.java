package dev.sluice.chat;

/// A value that can be called: function, method, macro.
interface Callable {
    Object call(Render render, Arguments arguments);
}
