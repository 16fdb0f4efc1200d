package dev.sluice.grammar;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Writes the values of terms as rules. Equal sets share a rule.
final class JsonWriter {
    private static final int MAX_INDENTATION = 64;

    private final SchemaEvaluator evaluator;
    private final GrammarBuilder builder;
    private final JsonSchemaOptions.Whitespace whitespace;
    private final StringWriter strings;
    private final ObjectWriter objects;
    private final ArrayWriter arrays;
    private final Map<Term, Integer> terms = new HashMap<>();
    private final Deque<Term> work = new ArrayDeque<>();
    private final Map<ValueSet, Integer> sets = new HashMap<>();
    private final Map<NumberSet, Integer> numbers = new HashMap<>();
    private final Map<ArrayShape, Integer> arrayShapes = new HashMap<>();
    private final Map<ObjectShape, Integer> objectShapes = new HashMap<>();
    private int space = -1;

    JsonWriter(SchemaEvaluator evaluator) {
        this.evaluator = evaluator;
        this.builder = evaluator.builder;
        this.whitespace = evaluator.options.whitespace();
        this.strings = new StringWriter(builder);
        this.objects =
                new ObjectWriter(this, builder, evaluator.options.keyOrder(), evaluator.emptiness);
        this.arrays = new ArrayWriter(this, evaluator);
    }

    /// The rule of a term, and of everything that it needs.
    int write(Term root) throws GrammarException {
        int rule = rule(root);
        while (!work.isEmpty()) {
            Term term = work.remove();
            builder.checkTime();
            fill(java.util.Objects.requireNonNull(terms.get(term)), evaluator.values(term));
        }
        return rule;
    }

    /// The number of the rule that a term has or will have.
    int rule(Term term) throws GrammarException {
        Integer known = terms.get(term);
        if (known == null) {
            known = builder.rule();
            terms.put(term, known);
            work.add(term);
        }
        return known;
    }

    private void fill(int rule, ValueSet set) throws GrammarException {
        int start = builder.start(rule);
        int end = builder.end(rule);
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
            builder.call(start, number(set.numbers()), end);
        }
        if (!set.strings().equals(StringSet.NONE)) {
            builder.call(start, strings.rule(set.strings()), end);
        }
        for (ArrayShape shape : set.arrays()) {
            Integer known = arrayShapes.get(shape);
            if (known == null) {
                known = arrays.write(shape);
                arrayShapes.put(shape, known);
            }
            builder.call(start, known, end);
        }
        checkAlternatives(set.objects());
        for (ObjectShape shape : set.objects()) {
            Integer known = objectShapes.get(shape);
            if (known == null) {
                known = objects.write(shape);
                objectShapes.put(shape, known);
            }
            builder.call(start, known, end);
        }
    }

    /// All alternatives are followed at the same time: too many can't be at run time.
    private void checkAlternatives(List<ObjectShape> shapes) throws GrammarException {
        int keys = 0;
        for (ObjectShape shape : shapes) {
            keys += 1 + shape.members().size();
        }
        if (shapes.size() > 1 && keys > builder.limits().maxConfigurations() / 2) {
            throw GrammarException.unsupported(
                    "an object has %,d alternatives with %,d keys, which are too many"
                            .formatted(shapes.size(), keys));
        }
    }

    private int number(NumberSet set) throws GrammarException {
        Integer known = numbers.get(set);
        if (known == null) {
            known = new NumberAutomaton(spelled(set)).rule(builder, isBounded());
            numbers.put(set, known);
        }
        return known;
    }

    /// Where white space is limited, so is the spelling of numbers: small models write digits for
    /// ever if they may.
    private boolean isBounded() {
        return whitespace != JsonSchemaOptions.Whitespace.ANY;
    }

    private NumberSet spelled(NumberSet set) {
        return isBounded() && isIntegral(set) ? new NumberSet.Both(set, NumberSet.plain()) : set;
    }

    private static boolean isIntegral(NumberSet set) {
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
        return strings.key(from, name);
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
