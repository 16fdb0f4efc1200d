package dev.sluice.grammar;

/// Whether the objects of a schema have no other keys than those that it declares, where it does
/// not say so itself ([JsonSchemaOptions#closedObjects]).
///
/// A schema by itself, that of a member say, is closed, with all keys that the schemas declare that
/// it applies to the same object. A condition is left open, or closing it would let in what the
/// schema does not allow.
///
/// @param here whether objects are closed at this place
/// @param inside whether the values inside arrays and objects are
/// @param traces whether it is told which keys and items were looked at
record Closing(boolean here, boolean inside, boolean traces) {
    /// Of a value inside.
    ///
    /// @param traces whether the document asks for what was looked at
    Closing ofValue(boolean traces) {
        return new Closing(inside, inside, traces);
    }

    /// Of a schema for the same value, where the whole is closed.
    Closing ofPart() {
        return new Closing(false, inside, true);
    }

    /// Of a schema for the same value, where nothing is closed but what is inside.
    Closing ofOpen() {
        return new Closing(false, inside, traces);
    }

    /// Of a schema that values may contradict.
    Closing ofCondition() {
        return new Closing(false, false, traces);
    }
}
