package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Lists the values that the items of an array may have, where they are few: guesses them from what
/// the schemas mention, and shows that there are no others.
final class FiniteValues {
    private static final int MAX_VALUES = 12;
    private static final int MAX_GUESSES = 200;

    private final SchemaEvaluator evaluator;

    FiniteValues(SchemaEvaluator evaluator) {
        this.evaluator = evaluator;
    }

    /// A term for each value that an item may have.
    ///
    /// @throws GrammarException if there are many, or none can be ruled out
    List<Term> of(ArrayShape shape) throws GrammarException {
        List<Term> items = new ArrayList<>(shape.prefix());
        if (shape.max() > shape.prefix().size()) {
            items.add(shape.rest());
        }
        Set<Term> values = new LinkedHashSet<>();
        for (Term item : items) {
            if (item.isNone()) {
                continue;
            }
            for (Term value : of(item)) {
                if (isNew(value, values)) {
                    values.add(value);
                }
            }
            if (values.size() > MAX_VALUES) {
                throw unsupported();
            }
        }
        return List.copyOf(values);
    }

    boolean isPossible(Term term) throws GrammarException {
        return !evaluator.emptiness.isEmpty(term);
    }

    /// Whether a value differs from others: 1 and 1.0 do not.
    private boolean isNew(Term value, Iterable<Term> others) throws GrammarException {
        for (Term other : others) {
            if (other.equals(value) || isPossible(value.and(other))) {
                return false;
            }
        }
        return true;
    }

    private static GrammarException unsupported() {
        return GrammarException.unsupported(
                "uniqueItems is supported for items of at most %d listed values"
                        .formatted(MAX_VALUES));
    }

    private List<Term> of(Term item) throws GrammarException {
        if (item.isAny()) {
            throw unsupported();
        }
        Schema origin = item.literals().getFirst().one();
        Set<JsonNode> guesses = new LinkedHashSet<>();
        guesses.add(JsonNodeFactory.instance.nullNode());
        guesses.add(JsonNodeFactory.instance.booleanNode(false));
        guesses.add(JsonNodeFactory.instance.booleanNode(true));
        for (Term.Literal literal : item.literals()) {
            guess(literal.one(), guesses);
        }
        List<Term> values = new ArrayList<>();
        ValueSet all = ValueSet.NONE;
        for (JsonNode guess : guesses) {
            Term value = evaluator.constant(guess, origin);
            if (isPossible(item.and(value)) && isNew(value, values)) {
                values.add(value);
                all = evaluator.algebra.or(all, evaluator.values(value));
            }
            if (values.size() > MAX_VALUES) {
                throw unsupported();
            }
        }
        ValueSet whole = evaluator.values(item);
        ValueSet others =
                evaluator.algebra.and(
                        whole, new Complement(all, evaluator.algebra).ofTypesIn(whole));
        if (!evaluator.emptiness.isEmpty(others)) {
            throw unsupported();
        }
        return values;
    }

    private void guess(Schema start, Set<JsonNode> guesses) throws GrammarException {
        Set<Schema> seen = new HashSet<>();
        Deque<Schema> work = new ArrayDeque<>();
        work.add(start);
        while (!work.isEmpty() && guesses.size() < MAX_GUESSES) {
            Schema schema = work.remove();
            if (!seen.add(schema)) {
                continue;
            }
            for (Term term : schema.union()) {
                term.literals().forEach(literal -> work.add(literal.one()));
            }
            if (schema.isUnion() || !schema.node().isObject()) {
                continue;
            }
            JsonNode node = schema.node();
            node.path("enum").forEach(guesses::add);
            if (node.has("const")) {
                guesses.add(node.path("const"));
            }
            range(node, guesses);
            if (node.path("$ref").isString()) {
                work.add(
                        evaluator.document.referenced(
                                schema, schema.closing(), node.path("$ref").stringValue()));
            }
            for (String list : List.of("allOf", "anyOf", "oneOf")) {
                for (JsonNode branch : node.path(list)) {
                    work.add(evaluator.document.child(schema, schema.closing(), branch, list));
                }
            }
        }
    }

    private static void range(JsonNode node, Set<JsonNode> guesses) {
        JsonNode from = node.path("minimum");
        if (from.isIntegralNumber() && from.canConvertToInt()) {
            for (int i = 0; i < MAX_VALUES; i++) {
                guesses.add(
                        JsonNodeFactory.instance.numberNode(
                                BigDecimal.valueOf(from.intValue() + (long) i)));
            }
        }
    }
}
