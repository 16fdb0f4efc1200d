package dev.sluice.chat;

/// Python's `None`.
enum None {
    /// The only one.
    NONE
}
