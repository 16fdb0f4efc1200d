package dev.sluice.grammar;

import java.util.List;

/// What a text must look like, as a request says it. Values only: a spec travels on the event bus,
/// and equal specs share one compiled grammar.
public sealed interface GrammarSpec {

    /// A JSON value that a schema allows.
    ///
    /// @param schema its JSON text
    /// @param strict whether a keyword that can't be enforced is an error; otherwise it is left
    ///   out, and the answer says so
    record JsonSchema(String schema, boolean strict) implements GrammarSpec {}

    /// Any JSON object.
    record JsonObject() implements GrammarSpec {}

    /// A text that a regular expression matches whole.
    record RegularExpression(String pattern) implements GrammarSpec {}

    /// One of some texts.
    record Choice(List<String> texts) implements GrammarSpec {
        public Choice {
            texts = List.copyOf(texts);
        }
    }

    /// A text of a grammar's rule `root`.
    ///
    /// @param grammar EBNF as llama.cpp and xgrammar write it (GBNF)
    record Ebnf(String grammar) implements GrammarSpec {}

    /// Free text with parts that follow a schema or another format.
    ///
    /// @param tag its JSON text, in either of the two forms of the protocol
    record StructuralTag(String tag) implements GrammarSpec {}
}
