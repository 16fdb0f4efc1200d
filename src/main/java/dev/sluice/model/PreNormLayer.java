package dev.sluice.model;

/// The usual layer: attention and feed-forward, each behind a norm.
record PreNormLayer(
        RmsNorm inputLayernorm, Attention selfAttn, RmsNorm postAttentionLayernorm, GatedMlp mlp)
        implements DecoderLayer {

    @Override
    public void forward(DecoderStep step) {
        selfAttn.forward(step);
        postAttentionLayernorm.forwardSum(
                step.device(), step.residual(), step.hidden(), step.hidden());
        mlp.forward(step);
    }
}
