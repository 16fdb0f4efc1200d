package dev.sluice.model;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// The families that Sluice knows.
final class ModelFamilies {
    private static final List<ModelFamily> ALL =
            List.of(
                    new LlamaForCausalLM(),
                    new MistralForCausalLM(),
                    new Qwen2ForCausalLM(),
                    new Qwen3ForCausalLM(),
                    new Gemma3ForCausalLM(),
                    new Ernie45ForCausalLM());

    private ModelFamilies() {}

    /// The family that a configuration names by `architectures`, else by `model_type`.
    ///
    /// @throws ModelFileException if there is none
    static ModelFamily of(ConfigValues values) {
        List<String> architectures = values.texts("architectures");
        List<String> modelTypes = values.text("model_type").stream().toList();
        for (ModelFamily family : ALL) {
            if (architectures.stream().anyMatch(family.architectures()::contains)) {
                return family;
            }
        }
        for (ModelFamily family : ALL) {
            if (architectures.isEmpty()
                    && modelTypes.stream().anyMatch(family.modelTypes()::contains)) {
                return family;
            }
        }
        List<String> named = architectures.isEmpty() ? modelTypes : architectures;
        throw new ModelFileException(
                "%s asks for the architecture %s; Sluice knows %s"
                        .formatted(
                                values.origin(),
                                named.isEmpty() ? "of no name" : String.join(", ", named),
                                String.join(", ", names())));
    }

    private static Set<String> names() {
        Set<String> names = new TreeSet<>();
        ALL.forEach(family -> names.addAll(family.architectures()));
        return names;
    }
}
