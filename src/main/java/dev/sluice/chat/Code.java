package dev.sluice.chat;

/// A compiled expression.
interface Code {
    Object eval(Frame frame);
}
