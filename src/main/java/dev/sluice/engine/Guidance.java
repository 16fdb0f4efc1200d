package dev.sluice.engine;

import dev.sluice.grammar.GrammarSpec;
import dev.sluice.tokenizer.TokenIds;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/// What the text of a sequence must look like.
///
/// @param grammar which texts may come
/// @param param the request's field that asks for it, for errors
/// @param afterThinking where the model thinks first, or may: the tokens that end the thinking,
///   behind which the grammar begins; line ends in between are let through
/// @param thinkingId the token with which the output may open the thinking, instead of following
///   the grammar at once; empty where the prompt has opened it
public record Guidance(
        GrammarSpec grammar,
        String param,
        Optional<TokenIds> afterThinking,
        OptionalInt thinkingId) {
    public Guidance {
        Objects.requireNonNull(grammar, "grammar");
        Objects.requireNonNull(param, "param");
        Objects.requireNonNull(afterThinking, "afterThinking");
        Objects.requireNonNull(thinkingId, "thinkingId");
    }

    /// Guidance of an output that is thinking at first.
    public Guidance(GrammarSpec grammar, String param, Optional<TokenIds> afterThinking) {
        this(grammar, param, afterThinking, OptionalInt.empty());
    }

    /// The whole output follows a grammar.
    public Guidance(GrammarSpec grammar, String param) {
        this(grammar, param, Optional.empty());
    }
}
