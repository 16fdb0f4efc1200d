package dev.sluice.model;

import dev.sluice.compute.Activation;
import dev.sluice.compute.Device;

/// The gated feed-forward layer: `down(activation(gate(x)) * up(x))`.
///
/// @param gateUpProj rows of the gate, then rows of the input
record GatedMlp(Activation activation, Linear gateUpProj, RowParallelLinear downProj) {

    /// Replaces the step's hidden state.
    void forward(DecoderStep step) {
        Device device = step.device();
        gateUpProj.forward(device, step.hidden(), step.gateUp());
        device.gatedActivation(activation, step.gateUp(), step.gated());
        downProj.forward(step, step.gated());
    }
}
