package dev.sluice.grammar;

/// No memory at all.
enum NoMemory implements Memory {
    /// The one.
    NONE;

    @Override
    public int bytes() {
        return 0;
    }
}
