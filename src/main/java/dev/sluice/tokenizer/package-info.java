/// Text to token ids and back.
///
/// Main types: [Tokenizer] (the seam), [Vocabulary], [TokenIds], [TokenizerLoader] (from
/// tokenizer.json, GGUF or SentencePiece files), [IncrementalDetokenizer]. Inside, every tokenizer
/// is a `SubwordTokenizer` put together from parts: `AddedTokens` are cut out, a `TextNormalizer`
/// rewrites, a `PreTokenizer` cuts words, a `SubwordModel` (merges, pieces or unigram) gives ids.
///
/// May import: Jackson. Threading: tokenizers and vocabularies are immutable and shared (a cache of
/// words inside needs no lock); a detokenizer belongs to one sequence.
@NullMarked
package dev.sluice.tokenizer;

import org.jspecify.annotations.NullMarked;
