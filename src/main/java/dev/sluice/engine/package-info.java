/// Continuous batching: requests in, token deltas out.
///
/// Main types: `Engine`, the values [GenerationRequest], [SamplingParams], [StopConditions],
/// [GenerationEvent], [EngineConfig], [ApiException]; inside `Scheduler`, `Sequence`, `BlockPool`,
/// `ModelRunner`, `Drawing`, `Sampler`, `Speculator`. May import: `model`, `grammar`, `tokenizer`,
/// `compute`.
///
/// Threading: one thread, `engine-0`, owns every sequence and all other mutable state. Commands
/// (submit, cancel, close) come in through one bounded queue from any thread; immutable events go
/// out on the engine thread. Nothing else crosses.
@NullMarked
package dev.sluice.engine;

import org.jspecify.annotations.NullMarked;
