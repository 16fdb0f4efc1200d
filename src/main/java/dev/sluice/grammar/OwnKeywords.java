package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The keywords of a schema that say something themselves, taken together.
///
/// @see "JSON Schema Validation 2020-12, section 6"
final class OwnKeywords {
    private static final int MAX_REMAINDERS = 10_000;
    private static final BigDecimal INT_32 = BigDecimal.valueOf(1L << 31);
    private static final BigDecimal INT_64 = BigDecimal.TWO.pow(63);

    private final SchemaEvaluator evaluator;
    private final ObjectKeywords objects;
    private final ArrayKeywords arrays;

    OwnKeywords(SchemaEvaluator evaluator) {
        this.evaluator = evaluator;
        this.objects = new ObjectKeywords(evaluator);
        this.arrays = new ArrayKeywords(evaluator);
    }

    ValueSet values(Schema schema) throws GrammarException {
        ValueSet types = types(schema);
        ValueSet listed = listed(schema);
        ValueSet result =
                new ValueSet(
                        types.nulls(),
                        types.booleans(),
                        evaluator.isForKeys() || types.numbers().equals(NumberSet.none())
                                ? NumberSet.none()
                                : types.numbers().and(numbers(schema)),
                        types.strings().equals(StringSet.NONE) ? StringSet.NONE : strings(schema),
                        evaluator.isForKeys() || types.arrays().isEmpty()
                                ? List.of()
                                : arrayShapes(schema),
                        evaluator.isForKeys() || types.objects().isEmpty()
                                ? List.of()
                                : objectShapes(schema));
        return evaluator.algebra.and(result, listed);
    }

    private List<ArrayShape> arrayShapes(Schema schema) throws GrammarException {
        return evaluator
                .keyword(schema, "items", () -> ValueSet.ANY.withArrays(arrays.shapes(schema)))
                .arrays();
    }

    private List<ObjectShape> objectShapes(Schema schema) throws GrammarException {
        return evaluator
                .keyword(
                        schema,
                        "properties",
                        () -> ValueSet.ANY.withObjects(objects.shapes(schema)))
                .objects();
    }

    /// The values of a schema's types.
    ValueSet types(Schema schema) throws GrammarException {
        return evaluator.keyword(schema, "type", () -> ofTypes(schema));
    }

    private static ValueSet ofTypes(Schema schema) throws GrammarException {
        JsonNode type = schema.node().get("type");
        if (type == null) {
            return ValueSet.ANY;
        }
        boolean old = schema.resource().dialect() == SchemaDialect.DRAFT_4;
        if (!type.isArray()) {
            return type(type, old);
        }
        ValueSet all = ValueSet.NONE;
        for (JsonNode one : type) {
            ValueSet more = type(one, old);
            all =
                    new ValueSet(
                            all.nulls() || more.nulls(),
                            all.booleans() | more.booleans(),
                            all.numbers().or(more.numbers()),
                            all.strings().or(more.strings()),
                            all.arrays().isEmpty() ? more.arrays() : all.arrays(),
                            all.objects().isEmpty() ? more.objects() : all.objects());
        }
        return all;
    }

    private static ValueSet type(JsonNode name, boolean old) throws GrammarException {
        return switch (name.isString() ? name.stringValue() : name.toString()) {
            case "null" -> ValueSet.nullValue();
            case "boolean" -> ValueSet.ofBooleans(ValueSet.FALSE | ValueSet.TRUE);
            case "number" -> ValueSet.of(NumberSet.all());
            case "integer" -> ValueSet.of(old ? NumberSet.plain() : NumberSet.integers());
            case "string" -> ValueSet.of(StringSet.ALL);
            case "array" -> ValueSet.of(ArrayShape.ANY);
            case "object" -> ValueSet.of(ObjectShape.ANY);
            default -> throw GrammarException.malformed("there is no type %s".formatted(name));
        };
    }

    private ValueSet listed(Schema schema) throws GrammarException {
        ValueSet result = ValueSet.ANY;
        JsonNode constant = schema.node().get("const");
        if (constant != null && schema.resource().dialect().knows("const")) {
            result = evaluator.keyword(schema, "const", () -> oneOf(List.of(constant), schema));
        }
        JsonNode values = schema.node().get("enum");
        if (values != null) {
            ValueSet more =
                    evaluator.keyword(
                            schema,
                            "enum",
                            () -> {
                                if (!values.isArray()) {
                                    throw GrammarException.malformed("enum must be a list");
                                }
                                if (values.size() > evaluator.builder.limits().maxChoices()) {
                                    throw GrammarException.tooLarge(
                                            "enum has more than %,d values"
                                                    .formatted(
                                                            evaluator
                                                                    .builder
                                                                    .limits()
                                                                    .maxChoices()));
                                }
                                return oneOf(values, schema);
                            });
            result = evaluator.algebra.and(result, more);
        }
        return result;
    }

    private ValueSet oneOf(Iterable<JsonNode> values, Schema schema) throws GrammarException {
        boolean nulls = false;
        int booleans = 0;
        List<BigDecimal> numbers = new ArrayList<>();
        List<String> strings = new ArrayList<>();
        List<ArrayShape> lists = new ArrayList<>();
        List<ObjectShape> maps = new ArrayList<>();
        for (JsonNode value : values) {
            if (value.isNull()) {
                nulls = true;
            } else if (value.isBoolean()) {
                booleans |= value.booleanValue() ? ValueSet.TRUE : ValueSet.FALSE;
            } else if (value.isNumber()) {
                numbers.add(Keywords.number(value));
            } else if (value.isString()) {
                strings.add(value.stringValue());
                if (value.stringValue().codePoints().anyMatch(OwnKeywords::isSurrogate)) {
                    evaluator.annotate(
                            "a listed string with half of a surrogate pair at %s, which can't be written"
                                    .formatted(schema.path()));
                }
            } else if (value.isArray()) {
                arrays.constant(value, schema).ifPresent(lists::add);
            } else {
                objects.constant(value, schema).ifPresent(maps::add);
            }
        }
        return new ValueSet(
                nulls,
                booleans,
                NumberSet.of(numbers),
                strings.isEmpty() ? StringSet.NONE : StringSet.of(StringPattern.of(strings)),
                List.copyOf(lists),
                List.copyOf(maps));
    }

    static boolean isSurrogate(int codePoint) {
        return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
    }

    private NumberSet numbers(Schema schema) throws GrammarException {
        JsonNode node = schema.node();
        NumberSet set = NumberSet.all();
        for (String name : List.of("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")) {
            JsonNode bound = node.get(name);
            if (bound != null && !bound.isBoolean()) {
                set = set.and(evaluator.keyword(schema, name, () -> bound(name, node)).numbers());
            }
        }
        JsonNode divisor = node.get("multipleOf");
        if (divisor != null) {
            set =
                    set.and(
                            evaluator
                                    .keyword(schema, "multipleOf", () -> multiples(divisor))
                                    .numbers());
        }
        return switch (node.path("format").asString("")) {
            case "int32" -> set.and(within(INT_32));
            case "int64" -> set.and(within(INT_64));
            default -> set;
        };
    }

    private static ValueSet multiples(JsonNode divisor) throws GrammarException {
        return ValueSet.of(NumberSet.multiplesOf(Keywords.number(divisor), MAX_REMAINDERS));
    }

    private static NumberSet within(BigDecimal limit) throws GrammarException {
        return NumberSet.from(limit.negate(), true).and(NumberSet.upTo(limit, false));
    }

    private static ValueSet bound(String name, JsonNode node) throws GrammarException {
        BigDecimal bound = Keywords.number(node.path(name));
        return ValueSet.of(
                switch (name) {
                    case "minimum" -> NumberSet.from(bound, !isTrue(node, "exclusiveMinimum"));
                    case "exclusiveMinimum" -> NumberSet.from(bound, false);
                    case "maximum" -> NumberSet.upTo(bound, !isTrue(node, "exclusiveMaximum"));
                    default -> NumberSet.upTo(bound, false);
                });
    }

    private static boolean isTrue(JsonNode node, String name) {
        JsonNode value = node.path(name);
        return value.isBoolean() && value.booleanValue();
    }

    private StringSet strings(Schema schema) throws GrammarException {
        JsonNode node = schema.node();
        StringSet set = StringSet.ALL;
        if (node.has("minLength") || node.has("maxLength")) {
            ValueSet sized =
                    evaluator.keyword(
                            schema,
                            node.has("maxLength") ? "maxLength" : "minLength",
                            () ->
                                    ValueSet.of(
                                            StringSet.of(
                                                    StringPattern.ANY,
                                                    Keywords.count(node, "minLength", 0),
                                                    Keywords.count(
                                                            node, "maxLength", Repeat.UNBOUNDED))));
            set = sized.strings();
        }
        JsonNode pattern = node.get("pattern");
        if (pattern != null) {
            ValueSet matching =
                    evaluator.keyword(
                            schema,
                            "pattern",
                            () ->
                                    ValueSet.of(
                                            StringSet.of(
                                                    StringPattern.matching(
                                                            Keywords.text(pattern, "pattern"),
                                                            evaluator.builder.limits()))));
            set = set.and(matching.strings());
        }
        JsonNode format = node.get("format");
        if (format != null && format.isString()) {
            Optional<StringSet> known =
                    StringFormats.find(format.stringValue(), schema.resource().dialect());
            if (known.isPresent()) {
                set = set.and(known.get());
            } else if (!StringFormats.isForNumbers(format.stringValue())) {
                evaluator.annotate(
                        "format \"%s\" at %s".formatted(format.stringValue(), schema.path()));
            }
        }
        return set;
    }
}
