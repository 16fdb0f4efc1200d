package dev.sluice.model;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Turns the metadata of a GGUF file into the values that config.json has, so that a family reads
/// both in one way.
///
/// @see "gguf-py/gguf/constants.py of ggml-org/llama.cpp"
final class GgufConfig {
    /// The context of the whole model, scaled or not: none of transformers' names.
    static final String CONTEXT_LENGTH = "gguf.context_length";

    private final GgufFile file;
    private final String architecture;
    private final Map<String, Object> values = new HashMap<>();

    private GgufConfig(GgufFile file) {
        this.file = file;
        if (!(file.metadata().get("general.architecture") instanceof String name)) {
            throw new ModelFileException(file.path() + " lacks general.architecture");
        }
        this.architecture = name;
    }

    /// The values, under transformers' names.
    ///
    /// @throws ModelFileException if a key is missing or of another kind
    static ConfigValues read(GgufFile file) {
        GgufConfig config = new GgufConfig(file);
        config.sizes();
        config.rope();
        config.gemma3();
        config.presence();
        return new ConfigValues(file.path().toString(), config.values);
    }

    private void sizes() {
        values.put("model_type", architecture);
        values.put("hidden_size", required("embedding_length"));
        values.put("intermediate_size", required("feed_forward_length"));
        values.put("num_hidden_layers", required("block_count"));
        values.put("num_attention_heads", required("attention.head_count"));
        values.put("max_position_embeddings", required("context_length"));
        values.put(CONTEXT_LENGTH, required("context_length"));
        number("attention.layer_norm_rms_epsilon")
                .ifPresentOrElse(
                        eps -> values.put("rms_norm_eps", eps),
                        () -> values.put("rms_norm_eps", ConfigValues.Absent.NULL));
        whole("attention.head_count_kv")
                .ifPresentOrElse(
                        heads -> values.put("num_key_value_heads", heads),
                        () -> values.put("num_key_value_heads", ConfigValues.Absent.NULL));
        whole("attention.key_length")
                .ifPresentOrElse(
                        length -> values.put("head_dim", length),
                        () -> values.put("head_dim", ConfigValues.Absent.NULL));
        Optional<Long> valueLength = whole("attention.value_length");
        if (valueLength.isPresent() && !valueLength.equals(whole("attention.key_length"))) {
            throw unsupported("attention.value_length");
        }
    }

    private void rope() {
        Optional<Long> rotated = whole("rope.dimension_count");
        if (rotated.isPresent() && !rotated.equals(headSize())) {
            throw unsupported("rope.dimension_count");
        }
        values.put("rope_theta", number("rope.freq_base").orElse(10_000.0));
        String type =
                file.metadata().get(key("rope.scaling.type")) instanceof String name ? name : "";
        Optional<Double> factor = number("rope.scaling.factor");
        if (factor.isEmpty()) {
            factor = number("rope.scale_linear");
        }
        if (!type.isEmpty() && !type.equals("none") && !type.equals("linear")) {
            throw unsupported("rope.scaling.type");
        }
        if (factor.isPresent() && factor.get() != 0 && !type.equals("none")) {
            values.put("rope_scaling", Map.of("rope_type", "linear", "factor", factor.get()));
        }
    }

    /// What Gemma 3 has beyond the others.
    private void gemma3() {
        boolean is27B = required("block_count") == 62;
        // llama.cpp knows Gemma 3 27B, the one that departs, by its number of layers.
        (is27B ? perHead() : headSize())
                .ifPresent(scalar -> values.put("query_pre_attn_scalar", scalar));
        number("rope.freq_base_swa").ifPresent(base -> values.put("rope_local_base_freq", base));
        whole("attention.sliding_window")
                .ifPresentOrElse(
                        window -> values.put("sliding_window", window),
                        () -> values.put("sliding_window", ConfigValues.Absent.NULL));
        number("final_logit_softcapping")
                .filter(cap -> cap != 0)
                .ifPresent(cap -> values.put("final_logit_softcapping", cap));
        String pattern = "attention.sliding_window_pattern";
        if (file.metadata().get(key(pattern)) instanceof boolean[] slides) {
            List<String> types = new ArrayList<>();
            for (boolean slide : slides) {
                types.add(slide ? RopeConfigs.SLIDING : RopeConfigs.FULL);
            }
            values.put("layer_types", types);
        } else {
            whole(pattern).ifPresent(every -> values.put("sliding_window_pattern", every));
        }
    }

    private Optional<Long> headSize() {
        return whole("attention.key_length").or(this::perHead);
    }

    /// Empty for a number of heads that is refused elsewhere.
    private Optional<Long> perHead() {
        long heads = required("attention.head_count");
        return heads > 0 ? Optional.of(required("embedding_length") / heads) : Optional.empty();
    }

    /// What GGUF says by having a tensor or not; [LoadedWeights] looks for biases itself.
    private void presence() {
        StoredTensor embedding = file.tensors().get("token_embd.weight");
        if (embedding != null) {
            values.put("vocab_size", embedding.shape().dim(0));
        }
        values.put("tie_word_embeddings", !file.tensors().containsKey("output.weight"));
    }

    private long required(String name) {
        return whole(name)
                .orElseThrow(() ->
                        new ModelFileException(
                                "%s lacks the number %s".formatted(file.path(), key(name))));
    }

    /// A whole number, also where it is given once for each layer and always the same.
    private Optional<Long> whole(String name) {
        return switch (file.metadata().get(key(name))) {
            case Long value -> Optional.of(value);
            case int[] each when each.length > 0 -> Optional.of(uniform(name, each));
            case null, default -> Optional.empty();
        };
    }

    private long uniform(String name, int[] each) {
        for (int value : each) {
            if (value != each[0]) {
                throw unsupported(name);
            }
        }
        return each[0];
    }

    private Optional<Double> number(String name) {
        return switch (file.metadata().get(key(name))) {
            case Double value -> Optional.of(value);
            case Long value -> Optional.of((double) value);
            case null, default -> Optional.empty();
        };
    }

    private String key(String name) {
        return architecture + "." + name;
    }

    private ModelFileException unsupported(String name) {
        return new ModelFileException(
                "%s has a value for %s that Sluice does not support"
                        .formatted(file.path(), key(name)));
    }
}
