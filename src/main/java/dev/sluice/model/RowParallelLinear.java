package dev.sluice.model;

import dev.sluice.compute.Device;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Tensor;

import java.util.Optional;

/// A projection of which each rank has the inputs that it computed itself: their products are
/// summed over the ranks.
///
/// @param bias added once, to the sum; float32 `[rows of weight]`
record RowParallelLinear(PackedMatrix weight, Optional<Tensor> bias) {

    /// Replaces the step's hidden state.
    ///
    /// @param x float32 `[n, cols]`
    void forward(DecoderStep step, Tensor x) {
        Device device = step.device();
        Tensor sum = step.hidden();
        Tensor part = step.partOf(sum);
        device.linear(x, weight, part);
        device.allReduce(part, sum);
        if (bias.isPresent()) {
            device.addBias(sum, bias.get());
        }
    }
}
