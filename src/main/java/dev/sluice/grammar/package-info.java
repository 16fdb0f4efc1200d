/// Which tokens may come next: JSON Schemas, regular expressions, choices, EBNF and structural
/// tags, as bit masks over a vocabulary.
///
/// A front end turns a [GrammarSpec] into rules of a [GrammarBuilder]; [Rules] is their normal
/// form; a [Machine] runs them on bytes; a [GrammarMatcher] follows one sequence. Knows nothing of
/// Vert.x and nothing of the engine.
///
/// Main types: [GrammarSpec], [GrammarCompiler], [CompiledGrammar], [GrammarMatcher],
/// [GrammarVocabulary], [GrammarLimits]. May import: `tokenizer`, Jackson. Threading: grammars are
/// compiled on `grammar-N` and asked for on any thread; masks are filled on `mask-N`; what is
/// compiled is shared, a matcher belongs to one sequence and one thread at a time.
@NullMarked
package dev.sluice.grammar;

import org.jspecify.annotations.NullMarked;
