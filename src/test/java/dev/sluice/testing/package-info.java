/// Stand-ins for tests: a device that only remembers, a model whose logits are a hash of what it
/// finds in the KV cache, a tokenizer of bytes.
@NullMarked
package dev.sluice.testing;

import org.jspecify.annotations.NullMarked;
