package dev.sluice.embed;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.compute.Device;
import dev.sluice.compute.Packing;
import dev.sluice.model.CausalLm;
import dev.sluice.model.ModelConfig;
import dev.sluice.openai.SamplingDefaults;
import dev.sluice.tokenizer.Tokenizer;

import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// What an engine is made of, before the weights are on a device.
///
/// @param name what to call the model
/// @param root where its files are
/// @param config sizes and constants
/// @param weights packs the weights for a device
/// @param tokenizer of the model
/// @param template turns chats into prompts; empty for a model that is not made for chats
/// @param specialTokens texts that templates name
/// @param defaults how tokens are drawn where a request is silent
/// @param eosTokenIds ids that end an answer
public record ModelParts(
        String name,
        String root,
        ModelConfig config,
        WeightLoader weights,
        Tokenizer tokenizer,
        Optional<ChatTemplate> template,
        Map<String, String> specialTokens,
        SamplingDefaults defaults,
        Set<Integer> eosTokenIds) {

    /// Packs weights for a device.
    @FunctionalInterface
    public interface WeightLoader {
        /// Packs them; the caller owns the result.
        CausalLm load(Device device, Packing packing);
    }

    public ModelParts {
        specialTokens = Map.copyOf(specialTokens);
        eosTokenIds = Set.copyOf(eosTokenIds);
    }
}
