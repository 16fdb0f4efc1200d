/// Weights to logits: model files, configurations and one class per model family.
///
/// Main types: [CausalLm] (the seam), [ModelConfig], `ModelLoader`, `SafetensorsFile`, `GgufFile`,
/// `ModelSource`, [KvCache]. May import: `compute`, Jackson. Threading: loading on any one thread;
/// [CausalLm#forward] on the engine thread only.
@NullMarked
package dev.sluice.model;

import org.jspecify.annotations.NullMarked;
