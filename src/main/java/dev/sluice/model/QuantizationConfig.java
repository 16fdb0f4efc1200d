package dev.sluice.model;

import java.util.List;
import java.util.Optional;

/// The `quantization_config` of a config.json: whether Sluice reads such weights.
///
/// It reads what compressed-tensors calls `int-quantized` with 8 bits on both sides (W8A8):
/// matrices of signed bytes with one scale a row, whose inputs are quantised token by token,
/// symmetrically, as they come.
///
/// @see "https://github.com/vllm-project/compressed-tensors"
final class QuantizationConfig {
    private static final String READS =
            "Sluice reads safetensors of F32, F16 and BF16, compressed-tensors with 8 bits a weight and an input (W8A8: int-quantized, one scale a row and a token), and quantised GGUF files";

    private QuantizationConfig() {}

    /// Whether a configuration says that there are such weights.
    ///
    /// @param config the values around `quantization_config` or, as it was called at first,
    ///   `compression_config`; both may be absent
    /// @throws ModelFileException if it asks for others, with what can be read
    static boolean declaresBytes(ConfigValues config) {
        boolean declared = false;
        for (String name : List.of("quantization_config", "compression_config")) {
            ConfigValues quantization = config.object(name);
            if (!quantization.isBlank()) {
                refuseOthers(config, quantization);
                declared = true;
            }
        }
        return declared;
    }

    private static void refuseOthers(ConfigValues config, ConfigValues quantization) {
        problem(quantization)
                .ifPresent(problem -> {
                    throw new ModelFileException(
                            "%s has weights quantised by %s; %s"
                                    .formatted(config.origin(), problem, READS));
                });
    }

    private static Optional<String> problem(ConfigValues quantization) {
        if (!quantization.says("quant_method", "compressed-tensors")) {
            return Optional.of(quantization.text("quant_method").orElse("an unnamed method"));
        }
        return formatProblem(quantization)
                .or(() -> extraProblem(quantization))
                .or(() -> groupsProblem(quantization.object("config_groups")))
                .map(problem -> "compressed-tensors with " + problem);
    }

    private static Optional<String> formatProblem(ConfigValues values) {
        if (values.has("format") && !values.says("format", "int-quantized")) {
            return Optional.of("the format " + values.text("format").orElseThrow());
        }
        return Optional.empty();
    }

    private static Optional<String> extraProblem(ConfigValues quantization) {
        return List.of("kv_cache_scheme", "sparsity_config", "transform_config").stream()
                .filter(name -> quantization.has(name) && !quantization.object(name).isBlank())
                .filter(name -> !quantization.object(name).says("format", "dense"))
                .findFirst()
                .map(name -> "a " + name);
    }

    private static Optional<String> groupsProblem(ConfigValues groups) {
        if (groups.isEmpty()) {
            return Optional.of("no config_groups");
        }
        return groups.names().stream()
                .map(groups::object)
                .flatMap(group -> groupProblem(group).stream())
                .findFirst();
    }

    private static Optional<String> groupProblem(ConfigValues group) {
        Optional<String> format = formatProblem(group);
        if (format.isPresent()) {
            return format;
        }
        if (!isBytes(group.object("weights"), "channel", false)) {
            return Optional.of(
                    "other weights than symmetric ones of 8 bits with a scale a channel");
        }
        if (!isBytes(group.object("input_activations"), "token", true)) {
            return Optional.of(
                    "other input_activations than symmetric ones of 8 bits, dynamic for each token");
        }
        return group.has("output_activations")
                ? Optional.of("output_activations")
                : Optional.empty();
    }

    private static boolean isBytes(ConfigValues scheme, String strategy, boolean dynamic) {
        return scheme.says("num_bits", 8)
                && (!scheme.has("type") || scheme.says("type", "int"))
                && (!scheme.has("symmetric") || scheme.says("symmetric", true))
                && scheme.says("strategy", strategy)
                && (scheme.says("dynamic", dynamic) || (!dynamic && !scheme.has("dynamic")));
    }
}
