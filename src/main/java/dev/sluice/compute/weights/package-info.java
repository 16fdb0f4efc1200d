/// Weights as files hold them, on their way into a device's own layout: what every device that
/// packs matrices needs to know of the types, and nothing of its layout.
///
/// Main types: `MatrixParts` (checks, segments), `WeightFormat`, `WeightGroup`, `SourceRows`,
/// `Bits`. May import: `compute`, the JDK. Threading: values and static functions; a `WeightGroup`
/// or `SourceRows` belongs to one thread.
@NullMarked
package dev.sluice.compute.weights;

import org.jspecify.annotations.NullMarked;
