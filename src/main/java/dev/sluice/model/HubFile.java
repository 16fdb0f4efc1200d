package dev.sluice.model;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// One file of a revision on the hub.
///
/// @param name path in the repository
/// @param size bytes, where the hub says so
/// @param tag the hub's entity tag, which is also the name in the cache: SHA-256 of large files,
///   git's blob hash of small ones
record HubFile(String name, OptionalLong size, Optional<String> tag) {
    private static final String SAFETENSORS = ".safetensors";
    private static final String GGUF = ".gguf";
    private static final Set<String> SETTINGS =
            Set.of(
                    "config.json",
                    "generation_config.json",
                    "tokenizer.json",
                    "tokenizer.model",
                    "tokenizer_config.json",
                    "special_tokens_map.json",
                    "added_tokens.json",
                    "vocab.json",
                    "merges.txt",
                    "chat_template.jinja",
                    "chat_template.json",
                    SafetensorsShards.INDEX);

    /// The files that are needed to serve a repository: settings and safetensors of its top level,
    /// or its only GGUF file. Weights come last, so that nothing else is missing where they are
    /// here.
    ///
    /// @param wanted one .gguf file, where the reference named it
    /// @throws ModelSourceException if there are no weights that can be read, or a choice of them
    static List<HubFile> needed(String repo, Collection<HubFile> all, Optional<String> wanted) {
        if (wanted.isPresent()) {
            return List.of(named(repo, all, wanted.get()));
        }
        List<HubFile> top = all.stream().filter(file -> file.name().indexOf('/') < 0).toList();
        List<HubFile> weights = safetensors(top);
        if (!weights.isEmpty()) {
            return top.stream()
                    .filter(file -> SETTINGS.contains(file.name()) || weights.contains(file))
                    .sorted(Comparator.comparing(weights::contains))
                    .toList();
        }
        List<HubFile> ggufs = all.stream().filter(file -> file.name().endsWith(GGUF)).toList();
        if (ggufs.size() == 1) {
            return ggufs;
        }
        throw new ModelSourceException(
                ggufs.isEmpty()
                        ? repo + " holds neither .safetensors nor .gguf weights."
                        : repo + " holds several .gguf files; name one: " + choices(repo, ggufs));
    }

    private static HubFile named(String repo, Collection<HubFile> all, String wanted) {
        return all.stream()
                .filter(file -> file.name().equals(wanted))
                .findFirst()
                .orElseThrow(() -> new ModelSourceException(repo + " has no file " + wanted + "."));
    }

    /// Some repositories hold the weights a second time in their maker's own layout.
    private static List<HubFile> safetensors(List<HubFile> top) {
        List<HubFile> every =
                top.stream().filter(file -> file.name().endsWith(SAFETENSORS)).toList();
        List<HubFile> model =
                every.stream().filter(file -> file.name().startsWith("model")).toList();
        return model.isEmpty() ? every : model;
    }

    private static String choices(String repo, List<HubFile> ggufs) {
        return String.join(", ", ggufs.stream().map(file -> repo + "/" + file.name()).toList());
    }
}
