package dev.sluice.model;

import dev.sluice.compute.AttentionSpec;
import dev.sluice.compute.Device;
import dev.sluice.compute.HeadNorms;
import dev.sluice.compute.Tensor;

import java.util.Optional;

/// Grouped-query self-attention with rotary positions over the paged cache.
///
/// @param layer which layer of the cache it writes and reads
/// @param spec constants of what one rank computes
/// @param qkvProj rows of queries, keys and values, in this order
/// @param qkNorm norms of each query head and each key head
record Attention(
        int layer,
        AttentionSpec spec,
        RotaryEmbedding rotary,
        Linear qkvProj,
        Optional<HeadNorms> qkNorm,
        RowParallelLinear oProj) {

    /// Replaces the hidden state by what it attends to.
    ///
    /// @return what goes on, with that hidden state
    DecoderStep forward(DecoderStep step) {
        Device device = step.device();
        DecoderStep.Qkv qkv = step.qkv();
        Tensor q = qkv.queries();
        Tensor k = qkv.keys();
        Tensor v = qkv.values();
        Tensor kv = step.cache().layer(layer);

        qkvProj.forward(device, step.hidden(), qkv.all());
        Tensor table = step.rotaryTables().get(rotary.index());
        if (qkNorm.isPresent()) {
            device.normRotaryAndStore(
                    q, k, v, qkNorm.get(), table, rotary.spec(), step.batch(), kv);
        } else {
            device.rotaryAndStore(q, k, v, table, rotary.spec(), step.batch(), kv);
        }
        device.attention(q, kv, step.batch(), spec, step.attended());
        DecoderStep rest = step.behindAttention(layer);
        if (!rest.isEmpty()) {
            oProj.forward(rest, rest.attended());
        }
        return rest;
    }
}
