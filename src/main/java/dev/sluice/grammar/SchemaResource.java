package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.net.URI;

/// A schema with an identifier of its own, to which the references inside it are relative.
///
/// @param base its URI; empty if it has none
record SchemaResource(URI base, JsonNode root, SchemaDialect dialect) {
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
