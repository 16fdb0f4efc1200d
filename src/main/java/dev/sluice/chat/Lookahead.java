package dev.sluice.chat;

import java.util.Iterator;
import java.util.NoSuchElementException;

/// An iterator over what a function gives until it has no more: how Python's generators run.
abstract class Lookahead implements Iterator<Object> {
    private Object next = Missing.MISSING;
    private boolean ended;

    /// The next element; [Missing] after the last.
    abstract Object advance();

    @Override
    public boolean hasNext() {
        if (next == Missing.MISSING && !ended) {
            next = advance();
            ended = next == Missing.MISSING;
        }
        return next != Missing.MISSING;
    }

    @Override
    public Object next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        Object result = next;
        next = Missing.MISSING;
        return result;
    }
}
