/// The device seam: memory and about a dozen operations on whole ragged batches.
///
/// Main types: [Device] (the seam), [Tensor], [Shape], [DType], [ForwardBatch] (the tokens of one
/// step), [SamplingBatch] (the tokens to be drawn), [PackedMatrix] and [MatrixSource] (weights on
/// their way to a device), [Workspace]. May import: the JDK only. Threading: every call on the
/// engine thread unless a type says otherwise; tensors are not synchronised.
@NullMarked
package dev.sluice.compute;

import org.jspecify.annotations.NullMarked;
