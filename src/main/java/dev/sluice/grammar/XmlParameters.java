package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Writes the objects of a JSON Schema as Qwen's XML parameters:
/// `<parameter=name>value</parameter>` for each member, in their order. Strings stand as they are,
/// other values as JSON. Members that the schema doesn't name never come.
final class XmlParameters {
    private static final String END = "</parameter>";
    private static final int MAX_INDENTATION = 16;
    private static final int MAX_PLACES = 10_000;

    /// How many states wait for a parameter, besides those of the objects.
    private static final int STATES_OF_MEMBER = 3;

    /// In how many states a string of one kind is read, the line ends around it among them.
    private static final int STATES_OF_TEXT = 5;

    private static final List<String> NO_STRINGS =
            List.of("null", "boolean", "number", "array", "object");

    private final GrammarBuilder builder;
    private final SchemaEvaluator evaluator;
    private final JsonWriter json;
    private final XmlText text;
    private final int space;

    /// All values but strings.
    private final Term others;

    private final Map<ObjectShape.Member, Integer> parameters = new HashMap<>();

    /// @param evaluator of the schema, which it may be asked about on the builder's thread
    XmlParameters(GrammarBuilder builder, SchemaEvaluator evaluator) throws GrammarException {
        this.builder = builder;
        this.evaluator = evaluator;
        TextLanguage any = TextLanguage.any();
        TextLanguage inside = any.then(TextLanguage.of(END)).then(any).not();
        this.json = new JsonWriter(evaluator, inside);
        this.text = new XmlText(builder, END, inside, json.hasShortNumbers());
        this.space = spaceRule();
        this.others = withoutStrings();
    }

    /// At most one line end, and an indentation: small models would write lines for ever.
    private int spaceRule() throws GrammarException {
        int rule = builder.rule();
        int line = builder.state();
        builder.epsilon(builder.start(rule), line);
        builder.text(builder.start(rule), CodePoints.of('\n'), line);
        CodePoints blank = CodePoints.ofCharacters(" \t");
        builder.call(line, builder.repeat(blank, false, 0, MAX_INDENTATION), builder.end(rule));
        return rule;
    }

    /// Adds the objects that the schema allows.
    void write(int from, int to) throws GrammarException {
        Schema root = evaluator.document.root();
        List<ObjectShape> shapes = evaluator.values(Term.of(root)).objects();
        boolean named = !root.isTrue() && root.node().path("properties").isObject();
        if (shapes.isEmpty() || (shapes.contains(ObjectShape.ANY) && !named)) {
            throw GrammarException.unsupported("XML parameters need a schema with 'properties'");
        }
        checkReadings(shapes);
        int behind = builder.state();
        for (ObjectShape shape : shapes) {
            checkWitnesses(shape);
            members(shape, from, behind);
        }
        builder.call(behind, space, to);
    }

    /// Alternatives are followed at the same time: each waits for any of its members, and equal
    /// ones are one rule.
    private void checkReadings(List<ObjectShape> shapes) throws GrammarException {
        Map<String, Set<Term>> values = new LinkedHashMap<>();
        Map<String, Integer> texts = new HashMap<>();
        Set<ObjectShape.Member> different = new HashSet<>();
        int waiting = shapes.size();
        for (ObjectShape shape : shapes) {
            waiting += shape.members().size();
            for (ObjectShape.Member member : shape.members()) {
                values.computeIfAbsent(member.name(), _ -> new HashSet<>())
                        .add(member.value().and(others));
                if (different.add(member)) {
                    texts.merge(member.name(), texts(member), Integer::sum);
                }
            }
        }
        if (waiting + STATES_OF_MEMBER * different.size() > builder.limits().maxConfigurations()) {
            throw GrammarException.unsupported(
                    "%,d alternatives of XML parameters with %,d members are too many"
                            .formatted(shapes.size(), waiting - shapes.size()));
        }
        int most = texts.values().stream().mapToInt(i -> i).max().orElse(0);
        if (most + shapes.size() > builder.limits().maxConfigurations()) {
            throw GrammarException.unsupported(
                    "an XML parameter may be read in %,d ways at one place, which are too many"
                            .formatted(most));
        }
        json.leave(most);
        for (Set<Term> terms : values.values()) {
            json.checkTogether(terms, shapes.size());
        }
    }

    /// In how many states a member's strings are read.
    private int texts(ObjectShape.Member member) throws GrammarException {
        StringSet strings = evaluator.values(member.value()).strings();
        return STATES_OF_TEXT * (XmlText.isFree(strings) ? 1 : strings.pieces().size());
    }

    private void checkWitnesses(ObjectShape shape) throws GrammarException {
        if (shape.witnesses().isEmpty()) {
            return;
        }
        String wrong =
                "XML parameters can't be made to hold a member that not, oneOf or if asks for"
                        + " without its name";
        if (evaluator.options.strict()) {
            throw GrammarException.unsupported(wrong);
        }
        evaluator.annotate(wrong);
    }

    private void members(ObjectShape shape, int from, int to) throws GrammarException {
        List<ObjectShape.Member> members =
                shape.members().stream().filter(member -> !member.value().isNone()).toList();
        int min = shape.min();
        if (min > members.size()) {
            throw GrammarException.unsupported(
                    "minProperties is greater than the number of members that the schema names,"
                            + " which XML parameters can't have more of");
        }
        boolean bounded = shape.max() < members.size();
        long required = members.stream().filter(ObjectShape.Member::required).count();
        int counts = bounded ? shape.max() : min > required ? min : 0;
        if ((long) counts * members.size() > MAX_PLACES) {
            throw GrammarException.unsupported(
                    "minProperties or maxProperties of XML parameters needs more than %,d states"
                            .formatted(MAX_PLACES));
        }
        int[] at = new int[counts + 1];
        at[0] = from;
        for (int i = 1; i <= counts; i++) {
            at[i] = builder.state();
        }
        for (ObjectShape.Member member : members) {
            at = behind(member, at, bounded);
        }
        for (int count = counts == min || bounded ? min : 0; count <= counts; count++) {
            builder.epsilon(at[count], to);
        }
    }

    /// The states behind a member, by the number of members so far.
    ///
    /// @param bounded whether the last number can't be passed
    private int[] behind(ObjectShape.Member member, int[] before, boolean bounded)
            throws GrammarException {
        int rule = parameter(member);
        int[] behind = new int[before.length];
        for (int i = 0; i < behind.length; i++) {
            behind[i] = builder.state();
            if (!member.required()) {
                builder.epsilon(before[i], behind[i]);
            }
        }
        for (int i = 0; i < before.length; i++) {
            if (i < before.length - 1) {
                builder.call(before[i], rule, behind[i + 1]);
            } else if (!bounded) {
                builder.call(before[i], rule, behind[i]);
            }
        }
        return behind;
    }

    private int parameter(ObjectShape.Member member) throws GrammarException {
        Integer known = parameters.get(member);
        if (known != null) {
            return known;
        }
        int rule = builder.rule();
        parameters.put(member, rule);
        try {
            parameter(member, builder.start(rule), builder.end(rule));
        } catch (GrammarException e) {
            throw new GrammarException(
                    e.kind(), "%s (XML parameter '%s')".formatted(e.getMessage(), member.name()));
        }
        return rule;
    }

    private void parameter(ObjectShape.Member member, int from, int to) throws GrammarException {
        String name = member.name();
        if (name.isEmpty() || name.chars().anyMatch(c -> c == '>' || c == '\n' || c == '\r')) {
            throw GrammarException.unsupported("the name can't be written in XML");
        }
        int opened = builder.literal(builder.call(from, space), "<parameter=%s>".formatted(name));
        StringSet strings = evaluator.values(member.value()).strings();
        if (!strings.equals(StringSet.NONE)) {
            text.write(strings, opened, to);
        }
        // Any other value is a text, too.
        if (!XmlText.isFree(strings)) {
            Term other = member.value().and(others);
            if (!evaluator.values(other).equals(ValueSet.NONE)) {
                int value = builder.call(builder.call(opened, space), json.write(other));
                builder.epsilon(builder.literal(builder.call(value, space), END), to);
            }
        }
    }

    private Term withoutStrings() {
        Schema root = evaluator.document.root();
        ArrayNode types = JsonNodeFactory.instance.arrayNode();
        NO_STRINGS.forEach(types::add);
        ObjectNode schema = JsonNodeFactory.instance.objectNode();
        JsonNode node = schema.set("type", types);
        return Term.of(new Schema(node, root.resource(), root.pointer(), root.closing()));
    }
}
