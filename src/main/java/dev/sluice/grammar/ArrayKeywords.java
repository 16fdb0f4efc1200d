package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The keywords for arrays.
final class ArrayKeywords {
    private final SchemaEvaluator evaluator;

    ArrayKeywords(SchemaEvaluator evaluator) {
        this.evaluator = evaluator;
    }

    /// @param prefix what the first items must be
    /// @param rest what further items must be
    /// @param evaluated how many are looked at
    private record Items(List<Term> prefix, Term rest, int evaluated) {}

    List<ArrayShape> shapes(Schema schema) throws GrammarException {
        JsonNode node = schema.node();
        Items items = items(schema);
        List<ArrayShape.Contains> contains = contains(schema);
        boolean traced =
                schema.resource().dialect() == SchemaDialect.DRAFT_2020_12
                        && schema.closing().traces();
        JsonNode unique = node.path("uniqueItems");
        ArrayShape shape =
                new ArrayShape(
                        items.prefix(),
                        items.rest(),
                        Keywords.count(node, "minItems", 0),
                        Keywords.count(node, "maxItems", Repeat.UNBOUNDED),
                        unique.isBoolean() && unique.booleanValue(),
                        contains.stream()
                                .filter(one -> one.min() > 0 || one.max() != Repeat.UNBOUNDED)
                                .toList(),
                        items.evaluated(),
                        traced
                                ? contains.stream().map(ArrayShape.Contains::value).toList()
                                : List.of());
        if (shape.equals(ArrayShape.ANY)) {
            return List.of(ArrayShape.ANY);
        }
        return ArrayShape.of(shape).map(List::of).orElse(List.of());
    }

    /// Lists in `items` are understood in every dialect: the newest one has no other meaning for
    /// them. It has one for what follows a `prefixItems`, though.
    private Items items(Schema schema) throws GrammarException {
        JsonNode node = schema.node();
        JsonNode items = node.path("items");
        List<Term> prefix = new ArrayList<>();
        String restName = "items";
        boolean newest = schema.resource().dialect() == SchemaDialect.DRAFT_2020_12;
        if (items.isArray()) {
            if (newest && node.has("prefixItems")) {
                throw GrammarException.malformed("items must be a schema beside prefixItems");
            }
            prefix.addAll(list(schema, items, "items"));
            restName = "additionalItems";
        } else if (newest) {
            prefix.addAll(list(schema, node.path("prefixItems"), "prefixItems"));
        }
        JsonNode rest = node.get(restName);
        if (rest == null) {
            return new Items(List.copyOf(prefix), Term.ANY, prefix.size());
        }
        return new Items(
                List.copyOf(prefix),
                Term.of(evaluator.document.child(schema, rest, restName)),
                Repeat.UNBOUNDED);
    }

    private List<Term> list(Schema schema, JsonNode list, String keyword) {
        List<Term> terms = new ArrayList<>();
        for (JsonNode item : list) {
            String index = Integer.toString(terms.size());
            terms.add(Term.of(evaluator.document.child(schema, item, keyword, index)));
        }
        return terms;
    }

    private List<ArrayShape.Contains> contains(Schema schema) throws GrammarException {
        JsonNode node = schema.node();
        JsonNode kind = node.get("contains");
        SchemaDialect dialect = schema.resource().dialect();
        if (kind == null || !dialect.knows("contains")) {
            return List.of();
        }
        boolean counts = dialect.knows("minContains");
        return List.of(
                new ArrayShape.Contains(
                        Term.of(
                                evaluator.document.child(
                                        schema, schema.closing().ofCondition(), kind, "contains")),
                        0,
                        counts ? Keywords.count(node, "minContains", 1) : 1,
                        counts
                                ? Keywords.count(node, "maxContains", Repeat.UNBOUNDED)
                                : Repeat.UNBOUNDED));
    }

    /// The shape of one array.
    Optional<ArrayShape> constant(JsonNode array, Schema schema) {
        List<Term> items = new ArrayList<>();
        for (JsonNode item : array) {
            items.add(evaluator.constant(item, schema));
        }
        return ArrayShape.of(
                new ArrayShape(
                        List.copyOf(items),
                        Term.NONE,
                        items.size(),
                        items.size(),
                        false,
                        List.of(),
                        0,
                        List.of()));
    }
}
