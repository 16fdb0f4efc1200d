package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.Optional;

/// A set of strings that becomes an automaton only if it must: a regular expression that nothing is
/// combined with is written as it is. Immutable, apart from what it remembers; not for use by
/// several threads.
final class StringPattern {
    static final StringPattern ANY = new StringPattern(Optional.empty(), "", TextLanguage.any());

    private final Optional<Regex> regex;
    private final String source;
    private @Nullable TextLanguage language;

    private StringPattern(Optional<Regex> regex, String source, @Nullable TextLanguage language) {
        this.regex = regex;
        this.source = source;
        this.language = language;
    }

    static StringPattern of(TextLanguage language) {
        return language.isAny() ? ANY : new StringPattern(Optional.empty(), "", language);
    }

    static StringPattern of(Collection<String> texts) throws GrammarException {
        return of(TextLanguage.of(texts));
    }

    /// Strings in which an expression matches anywhere.
    static StringPattern matching(String pattern, GrammarLimits limits) throws GrammarException {
        return new StringPattern(
                Optional.of(Regex.parse(pattern, RegexDialect.ECMA, limits)), pattern, null);
    }

    boolean isAny() {
        return equals(ANY);
    }

    TextLanguage language() throws GrammarException {
        TextLanguage known = language;
        if (known == null) {
            known = regex.orElseThrow().language();
            language = known;
        }
        return known;
    }

    /// Whether no string belongs, as far as that is known without an automaton.
    boolean isKnownEmpty() {
        return language != null && language.isEmpty();
    }

    StringPattern and(StringPattern other) throws GrammarException {
        if (isAny() || equals(other)) {
            return other;
        }
        return other.isAny() ? this : of(language().and(other.language()));
    }

    StringPattern or(StringPattern other) throws GrammarException {
        if (isAny() || equals(other)) {
            return this;
        }
        return other.isAny() ? other : of(language().or(other.language()));
    }

    StringPattern not() throws GrammarException {
        return of(language().not());
    }

    /// Whether this is a regular expression that nothing was combined with.
    boolean isExpression() {
        return regex.isPresent();
    }

    /// Adds the strings as a rule, with characters as in a JSON string and without the quotes.
    int rule(GrammarBuilder builder) throws GrammarException {
        return regex.isPresent() ? regex.get().rule(builder, true) : language().rule(builder, true);
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof StringPattern pattern) || this == other) {
            return this == other;
        }
        return regex.isPresent()
                ? pattern.regex.isPresent() && source.equals(pattern.source)
                : pattern.regex.isEmpty() && java.util.Objects.equals(language, pattern.language);
    }

    @Override
    public int hashCode() {
        return regex.isPresent() ? source.hashCode() : java.util.Objects.hashCode(language);
    }
}
