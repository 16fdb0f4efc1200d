package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.Objects;
import java.util.Optional;

/// A set of strings that becomes an automaton only if it must: a regular expression and [Times]
/// that nothing is combined with are written as they are. Immutable, apart from what it remembers.
///
/// Of some formats not all strings can be written, for no automaton tells which belong. Then there
/// is a larger set, too, to which all belong: its complement is what surely does not.
final class StringPattern {
    static final StringPattern ANY =
            new StringPattern(Optional.empty(), "", Optional.empty(), TextLanguage.any(), null);

    private final Optional<Regex> regex;
    private final String source;
    private final Optional<Times> times;

    /// What is written; null as long as nobody has asked.
    private volatile @Nullable TextLanguage language;

    /// What may belong; null if that is what is written.
    private final @Nullable TextLanguage most;

    private StringPattern(
            Optional<Regex> regex,
            String source,
            Optional<Times> times,
            @Nullable TextLanguage language,
            @Nullable TextLanguage most) {
        this.regex = regex;
        this.source = source;
        this.times = times;
        this.language = language;
        this.most = most;
    }

    static StringPattern of(TextLanguage language) {
        return language.isAny() ? ANY : of(language, language);
    }

    /// @param language what is written
    /// @param most what may belong
    static StringPattern of(TextLanguage language, TextLanguage most) {
        return new StringPattern(
                Optional.empty(),
                "",
                Optional.empty(),
                language,
                most.equals(language) ? null : most);
    }

    static StringPattern of(Collection<String> texts) throws GrammarException {
        return of(TextLanguage.of(texts));
    }

    static StringPattern of(Times times) {
        return new StringPattern(Optional.empty(), "", Optional.of(times), null, null);
    }

    /// Strings in which an expression matches anywhere.
    static StringPattern matching(String pattern, GrammarLimits limits) throws GrammarException {
        return new StringPattern(
                Optional.of(Regex.parse(pattern, RegexDialect.ECMA, limits)),
                pattern,
                Optional.empty(),
                null,
                null);
    }

    boolean isAny() {
        return equals(ANY);
    }

    /// What is written.
    TextLanguage language() throws GrammarException {
        TextLanguage known = language;
        if (known == null) {
            known = times.isPresent() ? times.get().language() : regex.orElseThrow().language();
            language = known;
        }
        return known;
    }

    /// What may belong: all strings that belong, and some others where that can't be told.
    TextLanguage most() throws GrammarException {
        return most == null ? language() : most;
    }

    /// Whether what is written is all that belongs.
    boolean isExact() {
        return most == null;
    }

    /// Whether no string belongs, as far as that is known without an automaton.
    boolean isKnownEmpty() {
        TextLanguage known = most == null ? language : most;
        return known != null && known.isEmpty();
    }

    /// Whether a string of `min` to `max` characters may belong.
    ///
    /// @param max or [Repeat#UNBOUNDED]
    boolean mayHaveLength(int min, int max) throws GrammarException {
        return times.isPresent()
                ? times.get().hasLength(min, max)
                : most().sizes().hasLength(min, max);
    }

    /// Whether a string of `min` to `max` characters can be written.
    ///
    /// @param max or [Repeat#UNBOUNDED]
    boolean hasLength(int min, int max) throws GrammarException {
        return times.isPresent()
                ? times.get().hasLength(min, max)
                : language().sizes().hasLength(min, max);
    }

    StringPattern and(StringPattern other) throws GrammarException {
        if (isAny() || equals(other)) {
            return other;
        }
        if (other.isAny()) {
            return this;
        }
        TextLanguage both = language().and(other.language());
        if (isLeftBy(both, other)) {
            return this;
        }
        if (other.isLeftBy(both, this)) {
            return other;
        }
        return isExact() && other.isExact() ? of(both) : of(both, most().and(other.most()));
    }

    /// Whether these are times that all belong to another set: they are best left as they are.
    ///
    /// @param both what belongs to both sets
    private boolean isLeftBy(TextLanguage both, StringPattern other) throws GrammarException {
        return times.isPresent() && other.isExact() && both.equals(language());
    }

    StringPattern or(StringPattern other) throws GrammarException {
        if (isAny() || equals(other)) {
            return this;
        }
        if (other.isAny()) {
            return other;
        }
        TextLanguage either = language().or(other.language());
        return isExact() && other.isExact() ? of(either) : of(either, most().or(other.most()));
    }

    /// What surely does not belong.
    StringPattern not() throws GrammarException {
        return isExact() ? of(language().not()) : of(most().not(), language().not());
    }

    /// The regular expression that this is, if nothing was combined with it.
    Optional<Regex> expression() {
        return regex;
    }

    /// The times that this is, if nothing was combined with them.
    Optional<Times> times() {
        return times;
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof StringPattern pattern) || this == other) {
            return this == other;
        }
        if (regex.isPresent() || pattern.regex.isPresent()) {
            return regex.isPresent() && pattern.regex.isPresent() && source.equals(pattern.source);
        }
        if (times.isPresent() || pattern.times.isPresent()) {
            return times.equals(pattern.times);
        }
        return Objects.equals(language, pattern.language) && Objects.equals(most, pattern.most);
    }

    @Override
    public int hashCode() {
        if (regex.isPresent()) {
            return source.hashCode();
        }
        return times.isPresent() ? times.hashCode() : Objects.hashCode(language);
    }
}
