/// Text to token ids and back.
///
/// Main types: [Tokenizer] (the seam), `BpeTokenizer`, [Vocabulary], `IncrementalDetokenizer`,
/// [TokenIds], `TokenizerLoader`. May import: Jackson. Threading: tokenizers and vocabularies are
/// immutable and shared; a detokenizer belongs to one sequence.
@NullMarked
package dev.sluice.tokenizer;

import org.jspecify.annotations.NullMarked;
