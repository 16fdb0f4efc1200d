/// Measures what packed weights and 8-bit activations cost in precision. Run by `bench/kl`.
@NullMarked
package dev.sluice.kl;

import org.jspecify.annotations.NullMarked;
