package dev.sluice.grammar;

/// How texts of a JSON Schema are written, and how its keywords are read.
///
/// @param whitespace what may stand between the tokens of a text; where it is not any, numbers have
///   exponents below 100 and integers neither point nor exponent, which leaves each a spelling
/// @param strict whether a keyword that can't be enforced is an error; if not, it is ignored and
///   named in [SchemaRule#ignored]
/// @param closedObjects whether an object of which nothing says whether it is open has no other
///   keys than those that its schema and the parts of that declare
/// @param dialect the version of a schema without `$schema`
/// @param keyOrder in which order the keys that a schema lists are written
/// @param shortNumbers whether numbers with more digits than anyone needs are left out, and
///   fractions of seconds with more than nine; small models write digits for ever at times
public record JsonSchemaOptions(
        Whitespace whitespace,
        boolean strict,
        boolean closedObjects,
        SchemaDialect dialect,
        KeyOrder keyOrder,
        boolean shortNumbers) {

    /// White space between tokens.
    public enum Whitespace {
        /// Nothing but one space behind each comma and colon.
        NONE,
        /// At most one space behind commas and colons, or one line end and an indentation where
        /// lines end: behind an opening bracket or a comma and before a closing bracket. Small
        /// models print white space for ever if they may.
        BOUNDED,
        /// Any.
        ANY
    }

    /// The order of the keys that a schema lists.
    public enum KeyOrder {
        /// As it is declared.
        DECLARED,
        /// Any, for up to ten keys of an object, the required ones first; further ones come in
        /// declared order among themselves. Objects have fewer keys without an order where they
        /// have many others or count many members, and where the schema is large already; an object
        /// by itself has eight required ones beside a hundred others.
        ANY
    }

    /// What a server does.
    public static final JsonSchemaOptions DEFAULT =
            new JsonSchemaOptions(
                    Whitespace.BOUNDED,
                    true,
                    false,
                    SchemaDialect.DRAFT_2020_12,
                    KeyOrder.DECLARED,
                    false);

    /// The same with another treatment of white space.
    public JsonSchemaOptions with(Whitespace other) {
        return new JsonSchemaOptions(other, strict, closedObjects, dialect, keyOrder, shortNumbers);
    }

    /// The same with another order of keys.
    public JsonSchemaOptions with(KeyOrder other) {
        return new JsonSchemaOptions(
                whitespace, strict, closedObjects, dialect, other, shortNumbers);
    }

    /// The same with another meaning of objects that don't say whether they are open.
    public JsonSchemaOptions withClosedObjects(boolean other) {
        return new JsonSchemaOptions(whitespace, strict, other, dialect, keyOrder, shortNumbers);
    }

    /// The same with another answer to keywords that can't be enforced.
    public JsonSchemaOptions withStrict(boolean other) {
        return new JsonSchemaOptions(
                whitespace, other, closedObjects, dialect, keyOrder, shortNumbers);
    }

    /// The same with or without numbers of any length.
    public JsonSchemaOptions withShortNumbers(boolean other) {
        return new JsonSchemaOptions(whitespace, strict, closedObjects, dialect, keyOrder, other);
    }
}
