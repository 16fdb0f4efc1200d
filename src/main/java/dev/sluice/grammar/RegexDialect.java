package dev.sluice.grammar;

/// Which regular expressions are meant.
public enum RegexDialect {
    /// A whole text must match; anchors only at its ends, no assertions, no properties; a dot is
    /// any character.
    GUIDED,
    /// ECMA-262 with the `u` flag, as JSON Schema's `pattern` has it: a match anywhere in the text;
    /// anchors, word boundaries, properties and look-ahead; a dot is any character but a line end.
    /// No look-behind and no back-references.
    ECMA
}
