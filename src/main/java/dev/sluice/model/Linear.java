package dev.sluice.model;

import dev.sluice.compute.Device;
import dev.sluice.compute.PackedMatrix;
import dev.sluice.compute.Tensor;

import java.util.Optional;

/// A projection: `x W^T + bias`. Each rank has its share of the rows.
///
/// @param bias float32 `[rows of weight]`
record Linear(PackedMatrix weight, Optional<Tensor> bias) {

    /// @param x float32 `[n, cols]`
    /// @param out float32 `[n, rows]`, overwritten
    void forward(Device device, Tensor x, Tensor out) {
        device.linear(x, weight, out);
        if (bias.isPresent()) {
            device.addBias(out, bias.get());
        }
    }
}
