package dev.sluice.grammar;

import java.time.Duration;

/// How much one grammar may cost.
///
/// @param maxSourceLength most characters of a schema, grammar or expression
/// @param maxRegexLength most characters of one regular expression
/// @param maxNesting deepest nesting of a schema or of groups
/// @param maxChoices most entries of a choice or an `enum`
/// @param maxStates most states of a grammar's automata
/// @param maxRules most rules of a grammar
/// @param maxConfigurations most readings of one text that are followed at the same time
/// @param maxBytes most memory of what is remembered about a compiled grammar
/// @param compileTime longest compilation, in time of the processor
public record GrammarLimits(
        int maxSourceLength,
        int maxRegexLength,
        int maxNesting,
        int maxChoices,
        int maxStates,
        int maxRules,
        int maxConfigurations,
        long maxBytes,
        Duration compileTime) {

    /// What a server allows.
    public static final GrammarLimits DEFAULT =
            new GrammarLimits(
                    1 << 20,
                    20_000,
                    100,
                    20_000,
                    400_000,
                    50_000,
                    2_000,
                    64L << 20,
                    Duration.ofSeconds(5));
}
