package dev.sluice.model;

import dev.sluice.compute.Activation;
import dev.sluice.compute.Device;

import java.util.List;

/// The gated feed-forward layer: `down(activation(gate(x)) * up(x))`.
///
/// @param gateUpProj rows of the gate, then rows of the input
record GatedMlp(Activation activation, Linear gateUpProj, RowParallelLinear downProj) {

    /// Replaces the step's hidden state, some rows after the others.
    void forward(DecoderStep step) {
        Device device = step.device();
        List<DecoderStep.MlpRows> pieces = step.mlpRows();
        // Not by an iterator: steps leave nothing on the heap.
        for (int i = 0; i < pieces.size(); i++) {
            DecoderStep.MlpRows rows = pieces.get(i);
            gateUpProj.forward(device, rows.hidden(), rows.gateUp());
            device.gatedActivation(activation, rows.gateUp(), rows.gated());
            downProj.multiply(device, rows.gated(), rows.part());
        }
        downProj.finish(step);
    }
}
