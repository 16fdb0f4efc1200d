/// Which tokens may come next: JSON Schemas, regular expressions, choices, EBNF and structural
/// tags, as bit masks over a vocabulary.
///
/// A front end turns a [GrammarSpec] into rules of a [GrammarBuilder]; [Rules] is their normal
/// form; a [Machine] runs them on bytes; a [GrammarMatcher] follows one sequence. Knows nothing of
/// Vert.x and nothing of the engine.
@NullMarked
package dev.sluice.grammar;

import org.jspecify.annotations.NullMarked;
