package dev.sluice.grammar;

import org.jspecify.annotations.Nullable;

import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/// A set of strings that becomes an automaton only if it must: a regular expression and [Times]
/// that nothing is combined with are written as they are. Immutable, apart from what it remembers.
///
/// Of host names with labels that begin with `xn--` no automaton tells which are valid ([ALabels]).
/// There may be two languages, therefore, that differ in nothing but such names: one to which the
/// valid ones belong, and one for the others.
final class StringPattern {
    /// So many names are told apart one by one.
    private static final int FEW = 100;

    static final StringPattern ANY =
            new StringPattern(Optional.empty(), "", Optional.empty(), TextLanguage.any(), null);

    private final Optional<Regex> regex;
    private final String source;
    private final Optional<Times> times;

    /// Null as long as nobody has asked.
    private volatile @Nullable TextLanguage language;

    /// Null as long as nobody has asked.
    private volatile @Nullable TextLanguage validNames;

    /// Null as long as nobody has asked.
    private volatile @Nullable TextLanguage invalidNames;

    /// What names belong to that are not valid; null if that is the same.
    private final @Nullable TextLanguage invalid;

    private StringPattern(
            Optional<Regex> regex,
            String source,
            Optional<Times> times,
            @Nullable TextLanguage language,
            @Nullable TextLanguage invalid) {
        this.regex = regex;
        this.source = source;
        this.times = times;
        this.language = language;
        this.invalid = invalid;
    }

    static StringPattern of(TextLanguage language) {
        return language.isAny() ? ANY : withNames(language, null);
    }

    /// @param valid what belongs, but for names that are not valid
    /// @param invalid what belongs of those; other strings belong to both or neither
    static StringPattern of(TextLanguage valid, TextLanguage invalid) throws GrammarException {
        if (valid.equals(invalid)) {
            return of(valid);
        }
        Optional<List<String>> names = valid.minus(invalid).texts(FEW);
        Optional<List<String>> others = invalid.minus(valid).texts(FEW);
        if (names.isEmpty() || others.isEmpty()) {
            return withNames(valid, invalid);
        }
        TextLanguage listed =
                TextLanguage.of(
                        Stream.concat(
                                        names.get().stream().filter(ALabels::areValid),
                                        others.get().stream().filter(n -> !ALabels.areValid(n)))
                                .toList());
        return of(valid.and(invalid).or(listed));
    }

    private static StringPattern withNames(TextLanguage valid, @Nullable TextLanguage invalid) {
        return new StringPattern(Optional.empty(), "", Optional.empty(), valid, invalid);
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

    /// What belongs; where it differs, but for names that are not valid.
    TextLanguage language() throws GrammarException {
        TextLanguage known = language;
        if (known == null) {
            known = times.isPresent() ? times.get().language() : regex.orElseThrow().language();
            language = known;
        }
        return known;
    }

    /// What belongs; where it differs, but for names that are valid.
    TextLanguage ofInvalid() throws GrammarException {
        return invalid == null ? language() : invalid;
    }

    /// Whether an automaton tells what belongs.
    boolean isExact() {
        return invalid == null;
    }

    /// Whether no string belongs, as far as that is known without an automaton.
    boolean isKnownEmpty() {
        TextLanguage known = language;
        return invalid == null && known != null && known.isEmpty();
    }

    /// Whether a string of `min` to `max` characters may belong.
    ///
    /// @param max or [Repeat#UNBOUNDED]
    boolean mayHaveLength(int min, int max) throws GrammarException {
        if (times.isPresent()) {
            return times.get().hasLength(min, max);
        }
        return language().sizes().hasLength(min, max)
                || (!isExact() && ofInvalid().sizes().hasLength(min, max));
    }

    /// Whether a string of `min` to `max` characters belongs.
    ///
    /// @param max or [Repeat#UNBOUNDED]
    boolean hasLength(int min, int max) throws GrammarException {
        return isExact()
                ? mayHaveLength(min, max)
                : language().and(ofInvalid()).sizes().hasLength(min, max)
                        || NameRules.hasName(names(true), true, min, max)
                        || NameRules.hasName(names(false), false, min, max);
    }

    /// Names with labels that begin with `xn--` that belong only if they are valid, or only if they
    /// are not.
    TextLanguage names(boolean valid) throws GrammarException {
        TextLanguage known = valid ? validNames : invalidNames;
        if (known != null) {
            return known;
        }
        if (valid) {
            known = language().minus(ofInvalid());
            validNames = known;
        } else {
            known = ofInvalid().minus(language());
            invalidNames = known;
        }
        return known;
    }

    /// Whether valid names can be told from others while they are read.
    boolean tellsNamesApart() throws GrammarException {
        return isExact()
                || (names(true).namePlaces().isPlain() && names(false).namePlaces().isPlain());
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
        return isExact() && other.isExact()
                ? of(both)
                : of(both, ofInvalid().and(other.ofInvalid()));
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
        return isExact() && other.isExact()
                ? of(either)
                : of(either, ofInvalid().or(other.ofInvalid()));
    }

    StringPattern not() throws GrammarException {
        return isExact() ? of(language().not()) : of(language().not(), ofInvalid().not());
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
        return Objects.equals(language, pattern.language)
                && Objects.equals(invalid, pattern.invalid);
    }

    @Override
    public int hashCode() {
        if (regex.isPresent()) {
            return source.hashCode();
        }
        return times.isPresent() ? times.hashCode() : Objects.hashCode(language);
    }
}
