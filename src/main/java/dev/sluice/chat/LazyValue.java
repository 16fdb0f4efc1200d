package dev.sluice.chat;

import java.util.Iterator;

/// A Python generator or iterator: elements are made when asked for, and only once.
///
/// @param typeName Python's name of the type
/// @param elements what is left
record LazyValue(String typeName, Iterator<Object> elements) {
    static LazyValue generator(Iterator<Object> elements) {
        return new LazyValue("generator", elements);
    }
}
