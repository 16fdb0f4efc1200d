package dev.sluice.openai;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.engine.ApiException.NotFound;
import dev.sluice.tokenizer.TokenIds;
import dev.sluice.tokenizer.Tokenizer;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The model that requests are for, as far as the wire is concerned. Immutable.
///
/// @param name name or path that the model was asked for by
/// @param servedName the only name that requests may use, where one was set
/// @param root where the model's files are
/// @param tokenizer of the model
/// @param template of the model; without one there is no chat
/// @param specialTokens texts that templates name: `bos_token`, `eos_token` and so on
/// @param defaults where a request is silent
/// @param options what a request may ask for
/// @param maxModelLen most tokens of prompt and answer
/// @param created when serving began
/// @param eosIds ids that end an answer, the tokenizer's and those of the model's configuration
public record ServedModel(
        String name,
        Optional<String> servedName,
        String root,
        Tokenizer tokenizer,
        Optional<ChatTemplate> template,
        Map<String, String> specialTokens,
        SamplingDefaults defaults,
        ApiOptions options,
        int maxModelLen,
        Instant created,
        Set<Integer> eosIds) {
    private static final String DEFAULT = "default";

    public ServedModel {
        specialTokens = Map.copyOf(specialTokens);
        eosIds = Set.copyOf(eosIds);
    }

    /// A model whose answers end where its tokenizer says.
    public ServedModel(
            String name,
            Optional<String> servedName,
            String root,
            Tokenizer tokenizer,
            Optional<ChatTemplate> template,
            Map<String, String> specialTokens,
            SamplingDefaults defaults,
            ApiOptions options,
            int maxModelLen,
            Instant created) {
        this(
                name,
                servedName,
                root,
                tokenizer,
                template,
                specialTokens,
                defaults,
                options,
                maxModelLen,
                created,
                tokenizer.vocabulary().eosIds());
    }

    /// Checks the name that a request asks for.
    ///
    /// @throws NotFound if it is another model's
    void checkName(Optional<String> requested) {
        String asked = requested.orElse(DEFAULT);
        servedName
                .filter(served -> !asked.equals(served) && !asked.equals(DEFAULT))
                .ifPresent(served -> {
                    throw new NotFound(
                            "Unsupported model: [%s], support [%s] or default"
                                    .formatted(asked, served));
                });
    }

    /// The name that answers carry.
    public String publicName() {
        return servedName.orElse(name);
    }

    /// The ids of a marker, which is a run of several tokens where it is none of its own.
    TokenIds marker(String text) {
        return tokenizer.vocabulary().id(text).stream()
                .mapToObj(TokenIds::of)
                .findFirst()
                .orElseGet(() -> tokenizer.encode(text, false));
    }
}
