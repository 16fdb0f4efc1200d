package dev.sluice.model;

import dev.sluice.compute.Device;
import dev.sluice.compute.ForwardBatch;
import dev.sluice.compute.RotarySpec;
import dev.sluice.compute.Tensor;

import java.lang.foreign.MemorySegment;

/// Rotary position embedding of one kind of layer.
///
/// @param index which of a step's rotation tables it is
/// @param inverseFrequencies host memory, float32 `[headDim / 2]`
record RotaryEmbedding(int index, RotarySpec spec, MemorySegment inverseFrequencies) {
    /// Where GGUF has divisors of the inverse frequencies, which stand for Llama 3's scaling.
    private static final String GGUF_DIVISORS = "rope_freqs.weight";

    static RotaryEmbedding of(int index, RopeConfig rope, int headDim, LoadedWeights weights) {
        float[] frequencies = inverseFrequencies(rope, headDim);
        if (weights.source().has(GGUF_DIVISORS)) {
            float[] divisors = weights.source().vector(GGUF_DIVISORS, headDim / 2);
            for (int i = 0; i < divisors.length; i++) {
                frequencies[i] /= divisors[i];
            }
        }
        return new RotaryEmbedding(
                index,
                new RotarySpec(headDim, headDim, rope.interleaved()),
                weights.constants(frequencies));
    }

    /// Computes in float32 throughout, as the models were trained.
    ///
    /// @see "modeling_rope_utils.py of huggingface/transformers"
    static float[] inverseFrequencies(RopeConfig rope, int headDim) {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float exponent = (float) (2 * i) / headDim;
            float frequency = 1 / (float) Math.pow(rope.base(), exponent);
            frequency /= (float) rope.linearFactor();
            frequencies[i] = rope.llama3().isPresent() ? scaled(frequency, rope) : frequency;
        }
        return frequencies;
    }

    private static float scaled(float frequency, RopeConfig rope) {
        RopeConfig.Llama3Scaling scaling = rope.llama3().orElseThrow();
        double original = scaling.originalMaxPositions();
        float low = (float) scaling.lowFreqFactor();
        float high = (float) scaling.highFreqFactor();
        float wavelength = (float) (2 * Math.PI) / frequency;
        if (wavelength < original / high) {
            return frequency;
        }
        if (wavelength > original / low) {
            return frequency / (float) scaling.factor();
        }
        float smooth = ((float) original / wavelength - low) / (high - low);
        return (1 - smooth) * frequency / (float) scaling.factor() + smooth * frequency;
    }

    /// Computes the rotation of every token of the batch.
    ///
    /// @param out float32 `[numTokens, headDim]`, overwritten
    void table(Device device, ForwardBatch batch, Tensor out) {
        device.rotaryTable(batch, inverseFrequencies, 1, out);
    }
}
