package dev.sluice.model;

/// The usual layer: attention and feed-forward, each behind a norm.
record PreNormLayer(
        RmsNorm inputLayernorm, Attention selfAttn, RmsNorm postAttentionLayernorm, GatedMlp mlp)
        implements DecoderLayer {

    @Override
    public DecoderStep forward(DecoderStep step) {
        DecoderStep rest = selfAttn.forward(step);
        if (!rest.isEmpty()) {
            postAttentionLayernorm.forwardSum(
                    rest.device(), rest.residual(), rest.hidden(), rest.hidden());
            mlp.forward(rest);
        }
        return rest;
    }
}
