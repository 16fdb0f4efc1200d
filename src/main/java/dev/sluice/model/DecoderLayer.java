package dev.sluice.model;

/// One layer of a decoder.
interface DecoderLayer {

    /// The norm between the residual stream and the layer.
    RmsNorm inputLayernorm();

    /// Runs the layer. Finds the normalised input in the step's hidden state and leaves in that of
    /// the result what is to be added to its residual stream, which the next norm does in one go.
    ///
    /// @return what goes on: the step, or after the last layer the rows of logits
    DecoderStep forward(DecoderStep step);
}
