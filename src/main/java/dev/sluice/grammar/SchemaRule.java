package dev.sluice.grammar;

import java.util.List;

/// A JSON Schema as a rule of a grammar.
///
/// @param rule its number
/// @param annotations what of the schema says nothing about which texts are valid though a reader
///   may think so: formats that are not known, as `format "color" at /properties/a`
/// @param ignored the constraints that can't be enforced and were left out, each with the reason;
///   empty if the options are strict
record SchemaRule(int rule, List<String> annotations, List<String> ignored) {}
