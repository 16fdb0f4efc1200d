/// The event-bus protocol: what other Vert.x applications talk to.
///
/// Main types: `EngineVerticle` (worker verticle: bus to engine and back), `EngineClient` (submit,
/// receive, cancel), `Addresses`, `GenerationCodecs`. May import: `engine`, values of `tokenizer`
/// and `grammar`, Vert.x core. Threading: client calls on any Vert.x context; the verticle on the
/// one thread of its own worker pool.
@NullMarked
package dev.sluice.bus;

import org.jspecify.annotations.NullMarked;
