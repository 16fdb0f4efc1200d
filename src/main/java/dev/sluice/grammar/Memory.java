package dev.sluice.grammar;

/// What a rule that is being read keeps in mind besides where it returns to. Immutable; told apart
/// by its content.
sealed interface Memory permits NoMemory, KeySet, KeyText, NameText, TextLength {
    /// Whether there is nothing to keep in mind, as for most rules.
    default boolean isNothing() {
        return this instanceof NoMemory;
    }

    /// What it takes, about, besides what it shares with what it was made of.
    int bytes();
}
