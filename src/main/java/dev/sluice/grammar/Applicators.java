package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Keywords that apply other schemas to the same value.
///
/// @see "JSON Schema 2020-12, section 10.2"
final class Applicators {
    /// Those whose schemas the value may follow, so that what they declare may be in it.
    static final List<String> PARTS =
            List.of(
                    "$ref",
                    "$dynamicRef",
                    "$recursiveRef",
                    "allOf",
                    "anyOf",
                    "oneOf",
                    "if",
                    "dependentSchemas",
                    "dependencies");

    private static final Set<String> OTHERS = Set.of("not", "dependentRequired");

    private final SchemaEvaluator evaluator;
    private final ClosedParts parts;

    Applicators(SchemaEvaluator evaluator, ClosedParts parts) {
        this.evaluator = evaluator;
        this.parts = parts;
    }

    /// Whether a keyword is one of these.
    static boolean include(String keyword) {
        return PARTS.contains(keyword) || OTHERS.contains(keyword);
    }

    private ValueAlgebra algebra() {
        return evaluator.algebra;
    }

    /// The values that one of these keywords allows.
    ///
    /// @param within has some value of each type that is asked for
    ValueSet values(Schema schema, String keyword, ValueSet within) throws GrammarException {
        JsonNode value = schema.node().path(keyword);
        Closing part = parts.ofPart(schema);
        Closing condition = schema.closing().ofCondition();
        SchemaDocument document = evaluator.document;
        return switch (keyword) {
            case "$ref" ->
                    evaluator.values(document.referenced(schema, part, text(schema, keyword)));
            case "$dynamicRef" ->
                    evaluator.values(
                            document.dynamicallyReferenced(schema, part, text(schema, keyword)));
            case "allOf" -> {
                ValueSet all = ValueSet.ANY;
                for (Schema branch : branches(schema, part, keyword)) {
                    all = algebra().and(all, evaluator.values(branch).ofTypesIn(within));
                }
                yield all;
            }
            case "anyOf" ->
                    part.traces()
                            ? anyOfWithTraces(branches(schema, part, keyword), within)
                            : anyOf(branches(schema, part, keyword), within);
            case "oneOf" ->
                    oneOf(
                            branches(schema, part, keyword),
                            branches(schema, condition, keyword),
                            within);
            case "not" ->
                    evaluator.others(document.child(schema, condition, value, keyword), within);
            case "if" -> conditional(schema, within);
            case "dependentSchemas", "dependentRequired", "dependencies" ->
                    dependent(schema, keyword);
            default -> throw GrammarException.unsupported("%s is not supported".formatted(keyword));
        };
    }

    private static String text(Schema schema, String keyword) {
        return schema.node().path(keyword).stringValue();
    }

    private List<Schema> branches(Schema schema, Closing closing, String keyword) {
        JsonNode value = schema.node().path(keyword);
        List<Schema> branches = new ArrayList<>();
        for (JsonNode branch : value) {
            branches.add(
                    evaluator.document.child(
                            schema, closing, branch, keyword, Integer.toString(branches.size())));
        }
        return branches;
    }

    private ValueSet anyOf(List<Schema> branches, ValueSet within) throws GrammarException {
        ValueSet any = ValueSet.NONE;
        for (Schema branch : branches) {
            any = algebra().or(any, evaluator.values(branch).ofTypesIn(within));
        }
        return any;
    }

    /// What has been looked at depends on all branches that a value belongs to: each combination is
    /// an alternative of its own.
    private ValueSet anyOfWithTraces(List<Schema> branches, ValueSet within)
            throws GrammarException {
        ValueSet some = ValueSet.NONE;
        ValueSet none = ValueSet.ANY;
        for (Schema branch : branches) {
            ValueSet values = evaluator.values(branch);
            if (algebra().unevaluated(values).equals(values) && values.equals(ValueSet.ANY)) {
                some = algebra().or(some, none);
                none = ValueSet.NONE;
                continue;
            }
            values = values.ofTypesIn(within);
            ValueSet others = evaluator.others(branch, within);
            some =
                    algebra()
                            .or(
                                    algebra()
                                            .or(
                                                    algebra().and(some, values),
                                                    algebra().and(some, others)),
                                    algebra().and(none, values));
            none = algebra().and(none, others);
        }
        return some;
    }

    /// A branch without what other branches allow, too. Branches that can't overlap need no
    /// complement.
    ///
    /// @param open the same branches, as other branches exclude them
    private ValueSet oneOf(List<Schema> branches, List<Schema> open, ValueSet within)
            throws GrammarException {
        int count = branches.size();
        boolean[][] overlap = new boolean[count][count];
        List<ValueSet> values = new ArrayList<>();
        for (Schema branch : branches) {
            values.add(evaluator.values(branch).ofTypesIn(within));
        }
        for (int i = 0; i < count; i++) {
            evaluator.builder.checkTime();
            for (int k = 0; k < count; k++) {
                boolean known = k < i && open.equals(branches);
                overlap[i][k] =
                        known ? overlap[k][i] : k != i && overlap(values.get(i), open.get(k));
            }
        }
        ValueSet one = ValueSet.NONE;
        for (int i = 0; i < count; i++) {
            ValueSet alone = values.get(i);
            for (int k = 0; k < count; k++) {
                if (overlap[i][k]) {
                    alone = algebra().and(alone, evaluator.others(open.get(k), alone));
                }
            }
            one = algebra().or(one, alone);
        }
        return one;
    }

    private boolean overlap(ValueSet values, Schema other) throws GrammarException {
        return !algebra().areDisjoint(values, evaluator.values(other));
    }

    private ValueSet conditional(Schema schema, ValueSet within) throws GrammarException {
        JsonNode node = schema.node();
        Closing part = parts.ofPart(schema);
        Closing open = part.ofCondition();
        Schema condition = evaluator.document.child(schema, open, node.path("if"), "if");
        boolean decides = node.has("then") || node.has("else");
        if (!decides && !part.traces()) {
            return ValueSet.ANY;
        }
        ValueSet met = algebra().and(evaluator.values(condition), branch(schema, part, "then"));
        ValueSet missed =
                algebra().and(evaluator.others(condition, within), branch(schema, part, "else"));
        return algebra().or(met, missed);
    }

    private ValueSet branch(Schema schema, Closing closing, String keyword)
            throws GrammarException {
        JsonNode node = schema.node().get(keyword);
        return node == null
                ? ValueSet.ANY
                : evaluator.values(evaluator.document.child(schema, closing, node, keyword));
    }

    private ValueSet dependent(Schema schema, String keyword) throws GrammarException {
        JsonNode map = schema.node().path(keyword);
        ValueSet all = ValueSet.ANY;
        Closing part = parts.ofPart(schema);
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            String key = entry.getKey();
            JsonNode then = entry.getValue();
            ValueSet with = ValueSet.of(having(List.of(key)));
            if (then.isArray()) {
                List<String> keys = new ArrayList<>(List.of(key));
                for (JsonNode other : then) {
                    if (!keys.contains(other.asString())) {
                        keys.add(other.asString());
                    }
                }
                with = ValueSet.of(having(keys));
            } else if (then.isString()) {
                with = ValueSet.of(having(List.of(key, then.stringValue())));
            } else {
                Schema child = evaluator.document.child(schema, part, then, keyword, key);
                with = algebra().and(with, evaluator.values(child));
            }
            ObjectShape without =
                    ObjectShape.ofMembers(List.of(ObjectShape.mentioned(key, Term.NONE, false)))
                            .orElseThrow();
            ValueSet either = algebra().or(ValueSet.ANY.withObjects(List.of(without)), with);
            all = algebra().and(all, either);
        }
        return all;
    }

    private static ObjectShape having(List<String> keys) {
        List<ObjectShape.Member> members = new ArrayList<>();
        for (String key : keys) {
            members.add(ObjectShape.mentioned(key, Term.ANY, true));
        }
        return ObjectShape.ofMembers(members).orElseThrow();
    }
}
