package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.IntStream;

/// Writes the values of terms as rules. Equal sets share a rule.
final class JsonWriter {
    private static final int MAX_INDENTATION = 64;

    private final SchemaEvaluator evaluator;
    private final GrammarBuilder builder;
    private final JsonSchemaOptions.Whitespace whitespace;
    private final StringWriter strings;
    private final ObjectWriter objects;
    private final ArrayWriter arrays;
    private final Readings readings;
    private final Map<Term, Integer> terms = new HashMap<>();
    private final Deque<Term> work = new ArrayDeque<>();
    private final Map<ValueSet, Integer> sets = new HashMap<>();
    private final Map<NumberSet, Integer> numbers = new HashMap<>();
    private final Map<ArrayShape, Integer> arrayShapes = new HashMap<>();
    private final Map<ObjectShape, Integer> objectShapes = new HashMap<>();
    private final List<Distinct> distinct = new ArrayList<>();
    private final TextLanguage inside;
    private int space = -1;

    /// Objects whose keys must differ.
    ///
    /// @param term in whose place they stand
    private record Distinct(int rule, ObjectShape shape, Term term) {}

    /// Writes a set as a rule.
    private interface Writing<S> {
        int write(S set) throws GrammarException;
    }

    /// Refuses values of which there are too many.
    private interface Check {
        void check() throws GrammarException;
    }

    JsonWriter(SchemaEvaluator evaluator) {
        this(evaluator, TextLanguage.any());
    }

    /// @param inside all strings that may be written, keys among them
    JsonWriter(SchemaEvaluator evaluator, TextLanguage inside) {
        this.evaluator = evaluator;
        this.builder = evaluator.builder;
        this.whitespace = evaluator.options.whitespace();
        this.inside = inside;
        this.strings = new StringWriter(builder, hasShortNumbers(), inside);
        this.objects =
                new ObjectWriter(this, builder, evaluator.options.keyOrder(), evaluator.unwritten);
        this.arrays = new ArrayWriter(this, evaluator);
        this.readings = new Readings(evaluator);
    }

    /// The rule of a term, and of everything that it needs.
    int write(Term root) throws GrammarException {
        int rule = rule(root);
        do {
            fillAll();
        } while (relaxesDistinct());
        return rule;
    }

    private void fillAll() throws GrammarException {
        while (!work.isEmpty()) {
            Term term = work.remove();
            builder.checkTime();
            try {
                fill(term, evaluator.values(term));
            } catch (GrammarException e) {
                throw evaluator.located(e, term);
            }
        }
    }

    /// Where keys must differ, there must be as many as [OpenKeys] has counted: members that are
    /// written must be possible.
    ///
    /// @return whether objects are written anew, without what asks for keys that differ
    private boolean relaxesDistinct() throws GrammarException {
        if (distinct.isEmpty()) {
            return false;
        }
        Productive productive = new Productive(builder, true);
        productive.find(IntStream.range(0, builder.rules.size()).boxed().toList());
        boolean changed = false;
        for (Distinct one : List.copyOf(distinct)) {
            if (productive.callsOthers(one.rule())) {
                distinct.remove(one);
                GrammarException wrong =
                        GrammarException.unsupported(
                                "an object has members that no text can follow, and"
                                        + " minProperties, not or the like asks for keys that"
                                        + " differ");
                Optional<ObjectShape> larger = Relaxation.of(one.shape());
                if (larger.isEmpty() || !evaluator.ignores(wrong, one.term())) {
                    throw evaluator.located(wrong, one.term());
                }
                builder.replace(one.rule(), object(larger.get(), one.term()));
                noteDistinct(one.rule(), larger.get(), one.term());
                changed = true;
            }
        }
        return changed;
    }

    private int object(ObjectShape shape, Term term) throws GrammarException {
        return relaxed(shape, term, objects::write, Relaxation::of);
    }

    private void noteDistinct(int rule, ObjectShape shape, Term term) {
        if (builder.isDistinct(rule)) {
            distinct.add(new Distinct(rule, shape, term));
        }
    }

    /// Writes a set, or a larger one where what can't be enforced may be left out.
    ///
    /// @param place that holds it
    private <S> int relaxed(
            S set, Term place, Writing<S> writing, Function<S, Optional<S>> relaxation)
            throws GrammarException {
        S at = set;
        while (true) {
            try {
                return writing.write(at);
            } catch (GrammarException e) {
                Optional<S> larger = relaxation.apply(at);
                if (larger.isEmpty() || !evaluator.ignores(e, place)) {
                    throw e;
                }
                at = larger.get();
            }
        }
    }

    /// The number of the rule that a term has or will have.
    int rule(Term term) throws GrammarException {
        Integer known = terms.get(term);
        if (known == null) {
            known = builder.rule();
            terms.put(term, known);
            work.add(term);
            if (!term.isAny() && !term.isNone()) {
                builder.locate(known, term.literals().getFirst().one().path());
            }
        }
        return known;
    }

    private void fill(Term term, ValueSet set) throws GrammarException {
        int rule = java.util.Objects.requireNonNull(terms.get(term));
        int start = builder.start(rule);
        int end = builder.end(rule);
        if (set.equals(ValueSet.NONE)) {
            return;
        }
        Integer same = sets.putIfAbsent(set, rule);
        if (same != null) {
            builder.call(start, same, end);
            return;
        }
        if (set.nulls()) {
            builder.epsilon(builder.literal(start, "null"), end);
        }
        if ((set.booleans() & ValueSet.FALSE) != 0) {
            builder.epsilon(builder.literal(start, "false"), end);
        }
        if ((set.booleans() & ValueSet.TRUE) != 0) {
            builder.epsilon(builder.literal(start, "true"), end);
        }
        if (!set.numbers().equals(NumberSet.none())) {
            builder.call(start, number(set.numbers(), term), end);
        }
        if (!set.strings().equals(StringSet.NONE)) {
            int string = relaxed(set.strings(), term, strings::rule, Relaxation::of);
            builder.call(start, string, end);
        }
        for (ArrayShape shape :
                readable(
                        set.arrays(),
                        ArrayShape.ANY,
                        term,
                        () -> readings.checkArrays(term, set))) {
            Integer known = arrayShapes.get(shape);
            if (known == null) {
                known = relaxed(shape, term, arrays::write, Relaxation::of);
                arrayShapes.put(shape, known);
            }
            builder.call(start, known, end);
        }
        for (ObjectShape shape :
                readable(
                        set.objects(),
                        ObjectShape.ANY,
                        term,
                        () -> readings.checkObjects(term, set))) {
            Integer known = objectShapes.get(shape);
            if (known == null) {
                known = object(shape, term);
                objectShapes.put(shape, known);
                noteDistinct(known, shape, term);
            }
            builder.call(start, known, end);
        }
    }

    /// All alternatives are followed at the same time: too many can't be at run time. Where they
    /// may be left out, any value of their kind comes in their place.
    private <S> List<S> readable(List<S> shapes, S any, Term term, Check check)
            throws GrammarException {
        try {
            if (!shapes.isEmpty()) {
                check.check();
            }
            return shapes;
        } catch (GrammarException e) {
            if (!evaluator.ignores(e, term)) {
                throw e;
            }
            return List.of(any);
        }
    }

    /// Leaves room for readings of what isn't JSON.
    void leave(int others) {
        readings.leave(others);
    }

    /// Refuses values of one place that are too many ([Readings]).
    ///
    /// @param between how many readings there are of what holds them
    void checkTogether(Set<Term> terms, int between) throws GrammarException {
        readings.checkTogether(terms, between);
    }

    private int number(NumberSet set, Term term) throws GrammarException {
        Integer known = numbers.get(set);
        if (known == null) {
            known =
                    relaxed(
                            set,
                            term,
                            some -> new NumberAutomaton(spelled(some)).rule(builder, spelling()),
                            some -> Relaxation.of(some, isIntegral(some)));
            numbers.put(set, known);
        }
        return known;
    }

    boolean hasShortNumbers() {
        return evaluator.options.shortNumbers();
    }

    private NumberAutomaton.Spelling spelling() {
        if (hasShortNumbers()) {
            return NumberAutomaton.Spelling.SHORT;
        }
        return hasFreeSpelling()
                ? NumberAutomaton.Spelling.ANY
                : NumberAutomaton.Spelling.SMALL_EXPONENT;
    }

    /// Where white space is limited, integers have one spelling, and so have listed numbers.
    private NumberSet spelled(NumberSet set) {
        if (hasFreeSpelling()) {
            return set;
        }
        if (isListed(set)) {
            return set.and(NumberSet.shortest());
        }
        if (isIntegral(set)) {
            return set.and(NumberSet.plain());
        }
        return set instanceof NumberSet.Either(NumberSet a, NumberSet b)
                ? spelled(a).or(spelled(b))
                : set;
    }

    private static boolean isListed(NumberSet set) {
        return switch (set) {
            case NumberSet.OneOf _ -> true;
            case NumberSet.Both(NumberSet a, NumberSet b) -> isListed(a) || isListed(b);
            case NumberSet.Either(NumberSet a, NumberSet b) -> isListed(a) && isListed(b);
            default -> false;
        };
    }

    private boolean hasFreeSpelling() {
        return whitespace == JsonSchemaOptions.Whitespace.ANY;
    }

    static boolean isIntegral(NumberSet set) {
        return switch (set) {
            case NumberSet.Integral _ -> true;
            case NumberSet.Both(NumberSet a, NumberSet b) -> isIntegral(a) || isIntegral(b);
            case NumberSet.Either(NumberSet a, NumberSet b) -> isIntegral(a) && isIntegral(b);
            default -> false;
        };
    }

    /// A key, in quotes.
    ///
    /// @return the state behind it
    int key(int from, String name) throws GrammarException {
        if (!inside.contains(name)) {
            throw GrammarException.unsupported(
                    "the key '%s' can't be written here".formatted(shown(name)));
        }
        return strings.key(from, name);
    }

    /// A key for messages, in which halves of surrogate pairs are escapes.
    private static String shown(String name) {
        StringBuilder shown = new StringBuilder();
        name.codePoints()
                .forEach(c ->
                        shown.append(
                                OwnKeywords.isSurrogate(c)
                                        ? "\\u%04x".formatted(c)
                                        : Character.toString(c)));
        return shown.toString();
    }

    /// The keys of a language that may be written.
    TextLanguage written(TextLanguage keys) throws GrammarException {
        return inside.isAny() ? keys : keys.and(inside);
    }

    /// What may stand behind an opening bracket and before a closing one.
    int space(int from) throws GrammarException {
        if (whitespace == JsonSchemaOptions.Whitespace.NONE) {
            return from;
        }
        if (space < 0) {
            space = whitespaceRule();
        }
        return builder.call(from, space);
    }

    private int whitespaceRule() throws GrammarException {
        if (whitespace == JsonSchemaOptions.Whitespace.ANY) {
            int loop = builder.state();
            builder.text(loop, CodePoints.ofCharacters(" \t\r\n"), loop);
            return builder.rule(loop, loop);
        }
        int rule = builder.rule();
        builder.epsilon(builder.start(rule), builder.end(rule));
        builder.text(builder.start(rule), CodePoints.of(' '), builder.end(rule));
        int line = builder.literal(builder.start(rule), "\n");
        int indentation = builder.repeat(CodePoints.ofCharacters(" \t"), false, 0, MAX_INDENTATION);
        builder.call(line, indentation, builder.end(rule));
        return rule;
    }

    /// A comma or colon with what may stand around it.
    int separator(int from, char mark) throws GrammarException {
        return switch (whitespace) {
            case NONE -> builder.literal(from, mark + " ");
            case ANY -> space(builder.literal(space(from), String.valueOf(mark)));
            case BOUNDED -> {
                int behind = builder.literal(from, String.valueOf(mark));
                yield mark == ',' ? space(behind) : optionalSpace(behind);
            }
        };
    }

    private int optionalSpace(int from) throws GrammarException {
        int to = builder.state();
        builder.epsilon(from, to);
        builder.text(from, CodePoints.of(' '), to);
        return to;
    }
}
