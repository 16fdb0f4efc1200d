package dev.sluice.model;

import dev.sluice.compute.Device;
import dev.sluice.compute.Tensor;

/// A norm by root mean square with a weight.
///
/// @param weight float32, as long as the groups that are normalised
record RmsNorm(Tensor weight, float eps) {

    /// Normalises; `out` may be `x`.
    void forward(Device device, Tensor x, Tensor out) {
        device.rmsNorm(x, weight, eps, out);
    }

    /// Adds `x` to `residual` in place and normalises the sum; `out` may be `x`.
    void forwardSum(Device device, Tensor residual, Tensor x, Tensor out) {
        device.addRmsNorm(residual, x, weight, eps, out);
    }
}
