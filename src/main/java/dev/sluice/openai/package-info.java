/// The wire: parse, validate, translate and render the OpenAI protocol.
///
/// Main types: `RequestValidator`, `RequestTranslator`, `AnswerProgress`, `ChunkRenderer`,
/// `WholeRenderer`, request records. May import: `chat`, `tokenizer`, `grammar`, `engine`, Jackson,
/// vertx-json-schema, `io.vertx.core.json`. Threading: stateless; bodies are read, checked and
/// tokenized on `prompt-N`, large ones on `long-prompt-0`. Large parts of answers are written on
/// worker threads.
@NullMarked
package dev.sluice.openai;

import org.jspecify.annotations.NullMarked;
