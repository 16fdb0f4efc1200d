package dev.sluice.grammar;

import java.util.List;
import java.util.Objects;
import java.util.Set;

/// What a text must look like, as a request says it. Values only: a spec travels on the event bus,
/// and equal specs share one compiled grammar.
public sealed interface GrammarSpec {

    /// Characters of what the request says.
    default long length() {
        return switch (this) {
            case JsonSchema spec -> spec.schema().length();
            case JsonObject _ -> 0;
            case RegularExpression spec -> spec.pattern().length();
            case Choice spec -> spec.texts().stream().mapToLong(String::length).sum();
            case Ebnf spec -> spec.grammar().length();
            case StructuralTag spec -> spec.tag().length();
        };
    }

    /// A JSON value that a schema allows.
    ///
    /// @param schema its JSON text
    /// @param strict whether a keyword that can't be enforced is an error; otherwise it is left
    ///   out, and the answer says so
    /// @param closed whether objects that don't say whether they have other keys have none
    record JsonSchema(String schema, boolean strict, boolean closed) implements GrammarSpec {
        public JsonSchema {
            Objects.requireNonNull(schema, "schema");
        }

        /// A schema whose objects are open, as the specification has it.
        public JsonSchema(String schema, boolean strict) {
            this(schema, strict, false);
        }
    }

    /// Any JSON object.
    record JsonObject() implements GrammarSpec {}

    /// A text that a regular expression matches whole.
    record RegularExpression(String pattern) implements GrammarSpec {
        public RegularExpression {
            Objects.requireNonNull(pattern, "pattern");
        }
    }

    /// One of some texts.
    record Choice(List<String> texts) implements GrammarSpec {
        public Choice {
            texts = List.copyOf(texts);
        }
    }

    /// A text of a grammar's rule `root`.
    ///
    /// @param grammar EBNF as llama.cpp and xgrammar write it (GBNF)
    record Ebnf(String grammar) implements GrammarSpec {
        public Ebnf {
            Objects.requireNonNull(grammar, "grammar");
        }
    }

    /// Free text with parts that follow a schema or another format.
    ///
    /// @param tag its JSON text, in either of the two forms of the protocol
    /// @param markers parts of its literal texts that are written as one token, not letter by
    ///   letter, where the vocabulary has them as special tokens. Such a token is no text: who asks
    ///   for it must look for the token in the output
    record StructuralTag(String tag, Set<String> markers) implements GrammarSpec {
        public StructuralTag {
            Objects.requireNonNull(tag, "tag");
            markers = Set.copyOf(markers);
        }

        /// A tag whose literal texts are text.
        public StructuralTag(String tag) {
            this(tag, Set.of());
        }
    }
}
