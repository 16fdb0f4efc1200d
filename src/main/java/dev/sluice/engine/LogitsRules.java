package dev.sluice.engine;

import dev.sluice.tokenizer.TokenIds;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/// What changes the logits of a sequence before a token is drawn, beside temperature and penalties.
///
/// @param badWords sequences of ids that must not be completed; a single id is never drawn. In an
///   order of their own
/// @param logitBias added to the raw logits, by id; as [Penalties#MOST] bounds it
/// @param processorArgs for the registered [LogitsProcessor]s, which find their own keys in it;
///   values as JSON has them
/// @param thinkingBudget limit of the thinking, where there is one
/// @param guidance what the text must look like, where that is asked for
public record LogitsRules(
        List<TokenIds> badWords,
        Map<Integer, Float> logitBias,
        Map<String, Object> processorArgs,
        Optional<ThinkingBudget> thinkingBudget,
        Optional<Guidance> guidance) {
    /// No rules.
    public static final LogitsRules NONE =
            new LogitsRules(List.of(), Map.of(), Map.of(), Optional.empty());

    public LogitsRules {
        badWords = badWords.stream().sorted(BadWords.ORDER).toList();
        logitBias =
                logitBias.entrySet().stream()
                        .collect(
                                Collectors.toUnmodifiableMap(
                                        Map.Entry::getKey, e -> Penalties.bounded(e.getValue())));
        // Not Map.copyOf: JSON objects may hold null.
        processorArgs = Collections.unmodifiableMap(new LinkedHashMap<>(processorArgs));
        Objects.requireNonNull(thinkingBudget, "thinkingBudget");
        Objects.requireNonNull(guidance, "guidance");
    }

    /// Rules without guidance.
    public LogitsRules(
            List<TokenIds> badWords,
            Map<Integer, Float> logitBias,
            Map<String, Object> processorArgs,
            Optional<ThinkingBudget> thinkingBudget) {
        this(badWords, logitBias, processorArgs, thinkingBudget, Optional.empty());
    }

    /// The same rules for a text that must look a certain way.
    public LogitsRules with(Guidance other) {
        return new LogitsRules(
                badWords, logitBias, processorArgs, thinkingBudget, Optional.of(other));
    }
}
