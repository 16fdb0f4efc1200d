package dev.sluice.grammar;

import java.util.Optional;

/// A version of JSON Schema, as far as the versions differ in what they allow.
public enum SchemaDialect {
    /// `id`, Boolean `exclusiveMinimum`, and 1.0 is no integer.
    DRAFT_4,
    /// As draft 7, which only adds `if`.
    DRAFT_6,
    /// `definitions`, lists in `items`, `dependencies`; what stands beside `$ref` is ignored.
    DRAFT_7,
    /// `$defs`, `dependentSchemas`, `unevaluatedProperties`; lists in `items`.
    DRAFT_2019_09,
    /// `prefixItems` and `$dynamicRef`.
    DRAFT_2020_12;

    /// The dialect that a `$schema` names, if it is known.
    static Optional<SchemaDialect> of(String uri) {
        String[] names = {"draft-04", "draft-06", "draft-07", "2019-09", "2020-12"};
        for (int i = 0; i < names.length; i++) {
            if (uri.contains("json-schema.org") && uri.contains(names[i])) {
                return Optional.of(values()[i]);
            }
        }
        return Optional.empty();
    }

    /// Whether the version knows a keyword, or the keyword is none that came with a later one. To a
    /// version, what it does not know says nothing.
    boolean knows(String keyword) {
        SchemaDialect first =
                switch (keyword) {
                    case "const", "contains", "propertyNames" -> DRAFT_6;
                    case "if", "then", "else" -> DRAFT_7;
                    case "dependentRequired",
                            "dependentSchemas",
                            "maxContains",
                            "minContains",
                            "unevaluatedItems",
                            "unevaluatedProperties" ->
                            DRAFT_2019_09;
                    case "prefixItems", "$dynamicRef" -> DRAFT_2020_12;
                    default -> DRAFT_4;
                };
        return compareTo(first) >= 0;
    }

    /// The version's name, as its users write it.
    @Override
    public String toString() {
        return switch (this) {
            case DRAFT_4 -> "draft 4";
            case DRAFT_6 -> "draft 6";
            case DRAFT_7 -> "draft 7";
            case DRAFT_2019_09 -> "2019-09";
            case DRAFT_2020_12 -> "2020-12";
        };
    }

    /// Whether what stands beside a `$ref` is ignored.
    boolean ignoresSiblingsOfRef() {
        return compareTo(DRAFT_7) <= 0;
    }

    /// The keyword that names a schema.
    String idKeyword() {
        return this == DRAFT_4 ? "id" : "$id";
    }
}
