package dev.sluice.model;

import dev.sluice.compute.Activation;
import dev.sluice.compute.StepLimits;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.IntPredicate;

/// What the configurations of all decoders have in common.
///
/// @param values with the family's defaults behind them
record DecoderConfigs(ConfigValues values) {
    private static final int MOST_LAYERS = 4096;

    /// The configuration of a decoder with one kind of RoPE and the usual attention scale.
    ///
    /// @param interleavedRope pairs are neighbours
    ModelConfig plain(boolean interleavedRope, List<OptionalInt> layerWindows) {
        RopeConfig rope = RopeConfigs.of(values, interleavedRope);
        return of(
                contextLength(rope),
                activation("hidden_act"),
                (float) Math.pow(headDim(), -0.5),
                1,
                rope,
                rope,
                layerWindows);
    }

    /// Tokens that the model was made for. Linear scaling spreads them over the positions that
    /// config.json names; GGUF counts them itself.
    private int contextLength(RopeConfig rope) {
        double scaled = values.size("max_position_embeddings") * rope.linearFactor();
        return values.optionalSize(GgufConfig.CONTEXT_LENGTH)
                .orElse(Math.clamp((long) scaled, 1, ConfigValues.LARGEST_SIZE));
    }

    /// The configuration of a decoder.
    ///
    /// @param maxPositions context length, in tokens
    ModelConfig of(
            int maxPositions,
            Activation activation,
            float attentionScale,
            float embeddingScale,
            RopeConfig rope,
            RopeConfig localRope,
            List<OptionalInt> layerWindows) {
        int numHeads = values.size("num_attention_heads");
        int numKvHeads = values.optionalSize("num_key_value_heads").orElse(numHeads);
        if (numHeads % numKvHeads != 0) {
            throw values.wrong("num_key_value_heads", "a divisor of num_attention_heads");
        }
        int headDim = headDim();
        if (headDim <= 0
                || headDim % StepLimits.HEAD_MULTIPLE != 0
                || headDim > StepLimits.LARGEST_HEAD) {
            throw new ModelFileException(
                    "%s asks for heads of %d elements (head_dim); Sluice computes multiples of %d up to %d"
                            .formatted(
                                    values.origin(),
                                    headDim,
                                    StepLimits.HEAD_MULTIPLE,
                                    StepLimits.LARGEST_HEAD));
        }
        if ((numHeads + 2L * numKvHeads) * headDim > Integer.MAX_VALUE
                || 2L * values.size("intermediate_size") > Integer.MAX_VALUE) {
            throw new ModelFileException(values.origin() + " asks for a model of absurd size");
        }
        return new ModelConfig(
                architecture(),
                values.size("vocab_size"),
                values.size("hidden_size"),
                values.size("intermediate_size"),
                numLayers(),
                numHeads,
                numKvHeads,
                headDim,
                maxPositions,
                (float) values.positive("rms_norm_eps"),
                activation,
                attentionScale,
                embeddingScale,
                rope,
                localRope,
                layerWindows,
                values.flag("tie_word_embeddings"));
    }

    private String architecture() {
        List<String> architectures = values.texts("architectures");
        return architectures.isEmpty()
                ? values.text("model_type").orElse("unknown")
                : architectures.getFirst();
    }

    /// Decoder layers.
    int numLayers() {
        int numLayers = values.size("num_hidden_layers");
        if (numLayers > MOST_LAYERS) {
            throw values.wrong("num_hidden_layers", "a number of layers up to " + MOST_LAYERS);
        }
        return numLayers;
    }

    /// Elements of one head.
    int headDim() {
        return values.optionalSize("head_dim")
                .orElseGet(() -> values.size("hidden_size") / values.size("num_attention_heads"));
    }

    /// The gate function that a key names.
    Activation activation(String key) {
        return switch (values.text(key).orElse("")) {
            case "silu", "swish" -> Activation.SILU;
            case "gelu_pytorch_tanh", "gelu_tanh" -> Activation.GELU_TANH;
            default ->
                    throw values.wrong(
                            key,
                            "one of the gate functions that Sluice knows: silu, gelu_pytorch_tanh");
        };
    }

    /// Windows by `layer_types`, or by a rule where the file does not list them.
    ///
    /// @param slides whether layer `i` has the window where the file does not say so
    List<OptionalInt> layerWindows(OptionalInt window, IntPredicate slides) {
        List<String> types = values.texts("layer_types");
        int numLayers = numLayers();
        if (!types.isEmpty() && types.size() != numLayers) {
            throw values.wrong("layer_types", "one entry for each of " + numLayers + " layers");
        }
        List<OptionalInt> windows = new ArrayList<>();
        for (int i = 0; i < numLayers; i++) {
            boolean slide = types.isEmpty() ? slides.test(i) : isSliding(types.get(i));
            windows.add(slide ? window : OptionalInt.empty());
        }
        return windows;
    }

    private boolean isSliding(String type) {
        return switch (type) {
            case RopeConfigs.SLIDING -> true;
            case RopeConfigs.FULL -> false;
            default ->
                    throw values.wrong(
                            "layer_types", "a list of full_attention and sliding_attention");
        };
    }

    /// No layer has a window.
    List<OptionalInt> noWindows() {
        return Collections.nCopies(numLayers(), OptionalInt.empty());
    }
}
