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
        multiply(step.device(), x, step.partOf(step.hidden()));
        finish(step);
    }

    /// What one rank adds.
    ///
    /// @param x float32 `[n, cols]`
    /// @param part float32 `[n, rows]`, overwritten
    void multiply(Device device, Tensor x, Tensor part) {
        device.linear(x, weight, part);
    }

    /// Replaces the step's hidden state by the sum of what the ranks add.
    void finish(DecoderStep step) {
        Device device = step.device();
        Tensor sum = step.hidden();
        device.allReduce(step.partOf(sum), sum);
        if (bias.isPresent()) {
            device.addBias(sum, bias.get());
        }
    }
}
