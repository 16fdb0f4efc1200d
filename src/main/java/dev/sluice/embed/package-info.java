/// Puts an engine together from a model reference: the composition root that the commands and
/// embedding applications share.
///
/// Main types: `EngineLoader`, `LoadedEngine`, `EngineOptions`, `Prompts`. May import: every room
/// but `cli` and `server`, Vert.x core. Threading: an engine is loaded and run on one thread, and
/// closed there or after it; options and `Prompts` are values for any thread.
@NullMarked
package dev.sluice.embed;

import org.jspecify.annotations.NullMarked;
