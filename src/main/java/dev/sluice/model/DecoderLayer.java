package dev.sluice.model;

/// One layer of a decoder.
interface DecoderLayer {

    /// The norm between the residual stream and the layer.
    RmsNorm inputLayernorm();

    /// Runs the layer. Finds the normalised input in the step's hidden state and leaves there what
    /// is to be added to the residual stream, which the next norm does in one go.
    void forward(DecoderStep step);
}
