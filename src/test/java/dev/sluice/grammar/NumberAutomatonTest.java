package dev.sluice.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.grammar.NumberAutomaton.Spelling;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import java.math.BigDecimal;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

class NumberAutomatonTest {
    private static IntStream seeds() {
        return IntStream.range(0, 100);
    }

    private static BigDecimal number(SplittableRandom random) {
        return BigDecimal.valueOf(random.nextInt(-300, 300), random.nextInt(0, 3));
    }

    private static NumberSet set(SplittableRandom random, int depth) throws GrammarException {
        if (depth > 0 && random.nextInt(3) > 0) {
            NumberSet left = set(random, depth - 1);
            return switch (random.nextInt(3)) {
                case 0 -> left.and(set(random, depth - 1));
                case 1 -> left.or(set(random, depth - 1));
                default -> left.not();
            };
        }
        return switch (random.nextInt(5)) {
            case 0 -> NumberSet.from(number(random), random.nextBoolean());
            case 1 -> NumberSet.upTo(number(random), random.nextBoolean());
            case 2 -> NumberSet.integers();
            case 3 -> NumberSet.of(List.of(number(random), number(random), number(random)));
            default ->
                    NumberSet.multiplesOf(
                            BigDecimal.valueOf(random.nextInt(1, 20), random.nextInt(0, 2)), 100);
        };
    }

    private static boolean contains(NumberSet set, BigDecimal x) {
        return switch (set) {
            case NumberSet.Constant(boolean all) -> all;
            case NumberSet.Integral _ -> x.stripTrailingZeros().scale() <= 0;
            case NumberSet.Plain _ -> x.scale() == 0;
            case NumberSet.Shortest _ ->
                    x.toString().equals(x.stripTrailingZeros().toPlainString());
            case NumberSet.From(BigDecimal bound, boolean inclusive) ->
                    x.compareTo(bound) > (inclusive ? -1 : 0);
            case NumberSet.Multiples(int numerator, int digits) ->
                    x.remainder(BigDecimal.valueOf(numerator, digits)).signum() == 0;
            case NumberSet.OneOf(var values) ->
                    values.stream().anyMatch(value -> value.compareTo(x) == 0);
            case NumberSet.Both(NumberSet a, NumberSet b) -> contains(a, x) && contains(b, x);
            case NumberSet.Either(NumberSet a, NumberSet b) -> contains(a, x) || contains(b, x);
            case NumberSet.Not(NumberSet a) -> !contains(a, x);
        };
    }

    private static List<String> spellings(BigDecimal x) {
        String plain = x.toPlainString();
        return List.of(plain, plain + (plain.contains(".") ? "0" : ".00"));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyPlainSpellingIsDecidedAsByArithmetic(int seed) throws GrammarException {
        SplittableRandom random = new SplittableRandom(seed);
        NumberSet set = set(random, 3);
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        NumberAutomaton automaton = new NumberAutomaton(set);
        boolean empty = automaton.isEmpty(builder);
        Spelling spellings = seed % 2 == 0 ? Spelling.ANY : Spelling.SMALL_EXPONENT;
        int rule = automaton.rule(builder, spellings);
        int root = builder.rule();
        builder.call(builder.start(root), rule, builder.end(root));
        builder.epsilon(builder.literal(builder.start(root), "none"), builder.end(root));
        Machine machine = new Machine(builder.build(root), GrammarLimits.DEFAULT);

        for (int i = 0; i < 60; i++) {
            BigDecimal x = number(random);
            boolean belongs = contains(set, x);
            for (String spelling : spellings(x)) {
                assertThat(GrammarTexts.accepts(machine, spelling))
                        .as("%s in %s", spelling, set)
                        .isEqualTo(belongs);
            }
            assertThat(belongs && empty).isFalse();
            String scaled = x.unscaledValue() + "e" + -x.scale();
            if (GrammarTexts.accepts(machine, scaled)) {
                assertThat(belongs).as("%s in %s", scaled, set).isTrue();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1,true", "-0,true", "1.0,true", "1e3,true", "1.0E+3,true", "0e-7,true", "1.5,false",
        "1e-3,false", "01,false", "1.,false", ".5,false", "+1,false", "1e,false", "-,false"
    })
    void integersMayBeSpelledInAnyWayThatIsPlainlyWhole(String text, boolean accepted)
            throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        int rule = new NumberAutomaton(NumberSet.integers()).rule(builder, Spelling.ANY);

        assertThat(GrammarTexts.accepts(builder.build(rule), text)).isEqualTo(accepted);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void shortSpellingsBelongAndSomeAreLeft(int seed) throws GrammarException {
        SplittableRandom random = new SplittableRandom(seed);
        NumberSet set = set(random, 3);
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        NumberAutomaton automaton = new NumberAutomaton(set);
        int rule = automaton.rule(builder, Spelling.SHORT);
        int root = builder.rule();
        builder.call(builder.start(root), rule, builder.end(root));
        builder.epsilon(builder.literal(builder.start(root), "none"), builder.end(root));
        Machine machine = new Machine(builder.build(root), GrammarLimits.DEFAULT);

        assertThat(begins(machine)).isNotEqualTo(automaton.isEmpty(builder));
        for (int i = 0; i < 60; i++) {
            BigDecimal x = number(random);
            if (x.precision() < 15) {
                assertThat(GrammarTexts.accepts(machine, x.toPlainString()))
                        .as("%s in %s", x, set)
                        .isEqualTo(contains(set, x));
            }
        }
    }

    /// Whether the machine reads any number: whether any comes to an end is found by its maker.
    private static boolean begins(Machine machine) {
        return "-0123456789".chars().anyMatch(c -> !machine.step(machine.start(), c).isDead());
    }

    @ParameterizedTest
    @CsvSource({
        "12345678901234567,true",
        "123456789012345678901234567890,false",
        "0.12345678901234567,true",
        "0.123456789012345678901234567890,false",
        "0.0000000000000000000000000000001,false",
        "1e99,true",
        "1e-99,true",
        "1e100,false"
    })
    void shortSpellingsComeToAnEnd(String text, boolean accepted) throws GrammarException {
        GrammarBuilder builder = new GrammarBuilder(GrammarLimits.DEFAULT);
        int rule = new NumberAutomaton(NumberSet.all()).rule(builder, Spelling.SHORT);

        assertThat(GrammarTexts.accepts(builder.build(rule), text)).isEqualTo(accepted);
    }
}
