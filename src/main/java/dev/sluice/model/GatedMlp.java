package dev.sluice.model;

import dev.sluice.compute.Activation;
import dev.sluice.compute.Device;

/// The gated feed-forward layer: `down(activation(gate(x)) * up(x))`.
///
/// @param gateUpProj rows of the gate, then rows of the input
record GatedMlp(Activation activation, Linear gateUpProj, RowParallelLinear downProj) {

    /// Replaces the step's hidden state, some rows after the others.
    void forward(DecoderStep step) {
        Device device = step.device();
        for (DecoderStep.MlpRows rows : step.mlpRows()) {
            gateUpProj.forward(device, rows.hidden(), rows.gateUp());
            device.gatedActivation(activation, rows.gateUp(), rows.gated());
            downProj.multiply(device, rows.gated(), rows.part());
        }
        downProj.finish(step);
    }
}
