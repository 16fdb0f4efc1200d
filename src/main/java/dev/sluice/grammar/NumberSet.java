package dev.sluice.grammar;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/// A set of numbers, as a formula over what [NumberTracker]s can tell while the digits of a number
/// are read. Closed under every Boolean operation, exact for decimals of any length. Immutable.
sealed interface NumberSet {
    /// Most digits that a bound, a divisor or a listed number may have when it is written out.
    int MAX_DIGITS = 1_000;

    /// Most digits that listed numbers may have together.
    int MAX_LISTED_DIGITS = 200_000;

    static NumberSet all() {
        return new Constant(true);
    }

    static NumberSet none() {
        return new Constant(false);
    }

    /// All numbers without a fraction, however they are spelled: 1, 1.0 and 1e0.
    static NumberSet integers() {
        return new Integral();
    }

    /// All numbers that are spelled without a fraction and an exponent.
    static NumberSet plain() {
        return new Plain();
    }

    /// All numbers that are spelled without an exponent and without zeros that could be left out:
    /// 1.5 and 10, not 1.50, 1.0 and -0.
    static NumberSet shortest() {
        return new Shortest();
    }

    /// All numbers, or none.
    record Constant(boolean all) implements NumberSet {}

    /// See [#integers].
    record Integral() implements NumberSet {}

    /// See [#plain].
    record Plain() implements NumberSet {}

    /// See [#shortest].
    record Shortest() implements NumberSet {}

    /// All from a bound on, or all above it.
    record From(BigDecimal bound, boolean inclusive) implements NumberSet {}

    /// All multiples of `numerator / 10^digits`.
    record Multiples(int numerator, int digits) implements NumberSet {}

    /// Some numbers.
    record OneOf(Set<BigDecimal> values) implements NumberSet {}

    /// What belongs to both.
    record Both(NumberSet a, NumberSet b) implements NumberSet {}

    /// What belongs to either.
    record Either(NumberSet a, NumberSet b) implements NumberSet {}

    /// What does not belong.
    record Not(NumberSet a) implements NumberSet {}

    static NumberSet from(BigDecimal bound, boolean inclusive) throws GrammarException {
        return new From(canonical(bound), inclusive);
    }

    static NumberSet upTo(BigDecimal bound, boolean inclusive) throws GrammarException {
        return new Not(new From(canonical(bound), !inclusive));
    }

    /// All multiples of a number.
    ///
    /// @param max greatest numerator
    static NumberSet multiplesOf(BigDecimal divisor, int max) throws GrammarException {
        BigDecimal canonical = canonical(divisor);
        int digits = Math.max(0, canonical.scale());
        BigInteger numerator = canonical.setScale(digits).unscaledValue();
        if (numerator.compareTo(BigInteger.valueOf(max)) > 0) {
            throw GrammarException.unsupported(
                    "multipleOf %s needs more than %,d remainders".formatted(divisor, max));
        }
        return new Multiples(numerator.intValue(), digits);
    }

    static NumberSet of(Collection<BigDecimal> values) throws GrammarException {
        Set<BigDecimal> canonical = new HashSet<>();
        long digits = 0;
        for (BigDecimal value : values) {
            BigDecimal number = canonical(value);
            if (canonical.add(number)) {
                digits += Math.max(number.precision(), number.scale());
            }
            if (digits > MAX_LISTED_DIGITS) {
                throw GrammarException.tooLarge(
                        "the numbers of a list have more than %,d digits"
                                .formatted(MAX_LISTED_DIGITS));
            }
        }
        return canonical.isEmpty() ? none() : new OneOf(canonical);
    }

    /// The same number with no zeros at its end, so that equal numbers are equal objects.
    private static BigDecimal canonical(BigDecimal value) throws GrammarException {
        if (Math.abs((long) value.scale()) > MAX_DIGITS || value.precision() > MAX_DIGITS) {
            throw GrammarException.tooLarge(
                    "a number of the schema has more than %,d digits".formatted(MAX_DIGITS));
        }
        BigDecimal stripped = value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
        return stripped.scale() < 0 ? stripped.setScale(0) : stripped;
    }

    default NumberSet and(NumberSet other) {
        if (equals(all()) || equals(other) || other.equals(none())) {
            return other;
        }
        if (other.equals(all()) || equals(none())) {
            return this;
        }
        if (this instanceof OneOf(Set<BigDecimal> mine)
                && other instanceof OneOf(Set<BigDecimal> others)) {
            Set<BigDecimal> common = new HashSet<>(mine);
            common.retainAll(others);
            return common.isEmpty() ? none() : new OneOf(common);
        }
        return new Both(this, other);
    }

    default NumberSet or(NumberSet other) {
        if (equals(all()) || equals(other) || other.equals(none())) {
            return this;
        }
        if (other.equals(all()) || equals(none())) {
            return other;
        }
        if (this instanceof OneOf(Set<BigDecimal> mine)
                && other instanceof OneOf(Set<BigDecimal> others)) {
            Set<BigDecimal> all = new HashSet<>(mine);
            all.addAll(others);
            return new OneOf(all);
        }
        return new Either(this, other);
    }

    default NumberSet not() {
        return switch (this) {
            case Constant(boolean all) -> all ? none() : all();
            case Not(NumberSet a) -> a;
            default -> new Not(this);
        };
    }
}
