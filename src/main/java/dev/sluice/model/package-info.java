/// Weights to logits: model files, configurations and one class per model family.
///
/// Main types: [ModelSource] (finds or fetches a model), [ModelCheckpoint] (its files, mapped),
/// [CausalLm] (the seam), [ModelConfig], [KvCache], [RandomCheckpoint] (random weights for
/// benchmarks); inside, `ModelFamily` with one class per family, `Decoder`, `Weights`, `GgufFile`,
/// `SafetensorsFile`. May import: `compute`, Jackson. Threading: loading on any one thread;
/// [CausalLm#forward] on the engine thread only.
@NullMarked
package dev.sluice.model;

import org.jspecify.annotations.NullMarked;
