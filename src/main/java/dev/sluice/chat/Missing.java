package dev.sluice.chat;

/// The content of a variable that nothing was assigned to; reading it gives an [Undefined].
enum Missing {
    /// The only one.
    MISSING
}
