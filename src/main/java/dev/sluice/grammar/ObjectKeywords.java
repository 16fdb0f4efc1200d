package dev.sluice.grammar;

import dev.sluice.grammar.ObjectShape.Member;
import dev.sluice.grammar.ObjectShape.Region;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The keywords for objects.
final class ObjectKeywords {
    private final SchemaEvaluator evaluator;

    ObjectKeywords(SchemaEvaluator evaluator) {
        this.evaluator = evaluator;
    }

    /// Keys that match a pattern, and what they hold.
    private record Pattern(TextLanguage keys, Term value) {}

    List<ObjectShape> shapes(Schema schema) throws GrammarException {
        JsonNode node = schema.node();
        JsonNode properties = Keywords.object(node, "properties");
        Set<String> required = required(node);
        List<Pattern> patterns = patterns(schema);
        List<Region> regions = regions(patterns, additional(schema));
        List<Member> members = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : properties.properties()) {
            String name = entry.getKey();
            Term value =
                    Term.of(evaluator.document.child(schema, entry.getValue(), "properties", name));
            for (Pattern pattern : patterns) {
                if (pattern.keys().contains(name)) {
                    value = value.and(pattern.value());
                }
            }
            members.add(new Member(name, value, required.remove(name), true));
        }
        for (String name : required) {
            members.add(ObjectShape.mentioned(name, held(regions, name), true));
        }
        ObjectShape shape =
                new ObjectShape(
                        List.copyOf(members),
                        regions,
                        Keywords.count(node, "minProperties", 0),
                        Keywords.count(node, "maxProperties", Repeat.UNBOUNDED),
                        List.of(),
                        evaluator.traces(schema)
                                ? evaluated(node, properties, patterns)
                                : TextLanguage.none());
        Optional<ObjectShape> named = withNames(schema, shape);
        return named.map(List::of).orElse(List.of());
    }

    /// The keys that `required` lists.
    static Set<String> required(JsonNode node) throws GrammarException {
        Set<String> names = new LinkedHashSet<>();
        JsonNode required = node.path("required");
        if (!required.isArray() && !required.isMissingNode()) {
            throw GrammarException.malformed("required must be a list of keys");
        }
        for (JsonNode name : required) {
            names.add(Keywords.text(name, "a key in required"));
        }
        return names;
    }

    private Term additional(Schema schema) {
        JsonNode node = schema.node();
        JsonNode additional = node.get("additionalProperties");
        if (additional != null) {
            return Term.of(evaluator.document.child(schema, additional, "additionalProperties"));
        }
        return ClosedParts.isClosedAlone(schema) ? Term.NONE : Term.ANY;
    }

    private List<Pattern> patterns(Schema schema) throws GrammarException {
        List<Pattern> patterns = new ArrayList<>();
        JsonNode map = Keywords.object(schema.node(), "patternProperties");
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            patterns.add(
                    new Pattern(
                            StringPattern.matching(entry.getKey(), evaluator.builder.limits())
                                    .language(),
                            Term.of(
                                    evaluator.document.child(
                                            schema,
                                            entry.getValue(),
                                            "patternProperties",
                                            entry.getKey()))));
        }
        return patterns;
    }

    private static List<Region> regions(List<Pattern> patterns, Term additional)
            throws GrammarException {
        if (patterns.isEmpty()) {
            return additional.isAny()
                    ? ObjectShape.OPEN
                    : List.of(new Region(TextLanguage.any(), additional));
        }
        List<Region> matched = new ArrayList<>();
        TextLanguage free = TextLanguage.any();
        for (Pattern pattern : patterns) {
            List<Region> split = new ArrayList<>();
            for (Region region : matched) {
                ObjectShape.addRegion(
                        split,
                        region.keys().and(pattern.keys()),
                        region.value().and(pattern.value()));
                ObjectShape.addRegion(split, region.keys().minus(pattern.keys()), region.value());
            }
            ObjectShape.addRegion(split, free.and(pattern.keys()), pattern.value());
            free = free.minus(pattern.keys());
            matched = split;
        }
        ObjectShape.addRegion(matched, free, additional);
        return List.copyOf(matched);
    }

    private static Term held(List<Region> regions, String name) {
        for (Region region : regions) {
            if (region.keys().contains(name)) {
                return region.value();
            }
        }
        return Term.NONE;
    }

    private static TextLanguage evaluated(
            JsonNode node, JsonNode properties, List<Pattern> patterns) throws GrammarException {
        if (node.has("additionalProperties")) {
            return TextLanguage.any();
        }
        TextLanguage keys =
                TextLanguage.of(properties.properties().stream().map(Map.Entry::getKey).toList());
        for (Pattern pattern : patterns) {
            keys = keys.or(pattern.keys());
        }
        return keys;
    }

    /// Forbids the keys that `propertyNames` does not allow.
    private Optional<ObjectShape> withNames(Schema schema, ObjectShape shape)
            throws GrammarException {
        JsonNode names = schema.node().get("propertyNames");
        if (names == null || !schema.resource().dialect().knows("propertyNames")) {
            return shape.equals(ObjectShape.ANY) ? Optional.of(shape) : ObjectShape.of(shape);
        }
        TextLanguage allowed = TextLanguage.none();
        for (StringSet.Piece piece : evaluator.keys(schema, names).pieces()) {
            allowed = allowed.or(toldApart(schema, piece));
        }
        List<Member> members = new ArrayList<>();
        for (Member member : shape.members()) {
            members.add(
                    allowed.contains(member.name())
                            ? member
                            : new Member(
                                    member.name(),
                                    Term.NONE,
                                    member.required(),
                                    member.declared()));
        }
        List<Region> regions = new ArrayList<>();
        for (Region region : shape.regions()) {
            evaluator.builder.checkTime();
            ObjectShape.addRegion(regions, region.keys().and(allowed), region.value());
            ObjectShape.addRegion(regions, region.keys().minus(allowed), Term.NONE);
        }
        return ObjectShape.of(
                new ObjectShape(
                        List.copyOf(members),
                        List.copyOf(regions),
                        shape.min(),
                        shape.max(),
                        shape.witnesses(),
                        shape.evaluated()));
    }

    /// Keys whose host names are not told apart, if that may be.
    private TextLanguage toldApart(Schema schema, StringSet.Piece keys) throws GrammarException {
        if (keys.pattern().isExact()) {
            return keys.whole();
        }
        evaluator.keyword(
                schema,
                "propertyNames",
                () -> {
                    throw GrammarException.unsupported(
                            "propertyNames can't tell host names with labels that begin with xn--"
                                    + " apart; "
                                    + NameRules.WAY_OUT);
                });
        return NameRules.untold(keys).whole();
    }

    /// The shape of one object.
    Optional<ObjectShape> constant(JsonNode object, Schema schema) {
        List<Member> members = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : object.properties()) {
            members.add(
                    new Member(
                            entry.getKey(),
                            evaluator.constant(entry.getValue(), schema),
                            true,
                            true));
        }
        return ObjectShape.of(
                new ObjectShape(
                        List.copyOf(members),
                        List.of(new Region(TextLanguage.any(), Term.NONE)),
                        0,
                        Repeat.UNBOUNDED,
                        List.of(),
                        TextLanguage.none()));
    }
}
