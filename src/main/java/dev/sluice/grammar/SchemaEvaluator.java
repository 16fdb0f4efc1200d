package dev.sluice.grammar;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/// Says which values a schema allows: its own keywords, and those of the schemas that it applies to
/// the same value. The values inside arrays and objects stay [Term]s, which are looked into when
/// they are needed.
final class SchemaEvaluator {
    private static final Closing OPEN = new Closing(false, false, false);

    private static final Pattern NAMES_PLACE =
            Pattern.compile("\\((?:keyword \\S+ )?at [^()]*\\)$");

    final SchemaDocument document;
    final JsonSchemaOptions options;
    final GrammarBuilder builder;
    final ValueAlgebra algebra;
    final Emptiness emptiness;

    /// Of values that can't be written.
    final Emptiness unwritten;

    private final Applicators applicators;
    private final ClosedParts parts;
    private final OwnKeywords own;
    private final Map<Term, ValueSet> terms = new HashMap<>();
    private final Map<JsonNode, Schema> constants = new HashMap<>();
    private final Set<String> annotations;
    private final Set<String> ignored;
    private final boolean keysOnly;
    private Optional<SchemaEvaluator> forKeys = Optional.empty();
    private int depth;
    private int negations;

    /// A schema is needed to evaluate itself, one value deeper.
    static final class UnfinishedException extends IllegalStateException {
        private static final long serialVersionUID = 1L;
    }

    /// Evaluates one keyword.
    interface Keyword {
        ValueSet values() throws GrammarException;
    }

    SchemaEvaluator(SchemaDocument document, JsonSchemaOptions options, GrammarBuilder builder) {
        this(document, options, builder, Optional.empty());
    }

    /// @param whole empty for the evaluator of whole values; otherwise this one finds the strings
    ///   among them, which may be keys
    private SchemaEvaluator(
            SchemaDocument document,
            JsonSchemaOptions options,
            GrammarBuilder builder,
            Optional<SchemaEvaluator> whole) {
        this.keysOnly = whole.isPresent();
        this.annotations = whole.map(e -> e.annotations).orElseGet(LinkedHashSet::new);
        this.ignored = whole.map(e -> e.ignored).orElseGet(LinkedHashSet::new);
        this.document = document;
        this.options = options;
        this.builder = builder;
        this.emptiness = new Emptiness(this, builder, false);
        this.unwritten = new Emptiness(this, builder, true);
        this.algebra = new ValueAlgebra(emptiness, builder);
        this.parts = new ClosedParts(this);
        this.applicators = new Applicators(this, parts);
        this.own = new OwnKeywords(this);
    }

    /// Whether only the strings among the values are found: what a schema says about strings does
    /// not depend on the keys of objects, so that keys may follow the schema of their own object.
    boolean isForKeys() {
        return keysOnly;
    }

    /// The keys that a `propertyNames` allows.
    StringSet keys(Schema parent, JsonNode names) throws GrammarException {
        if (forKeys.isEmpty()) {
            forKeys =
                    Optional.of(
                            new SchemaEvaluator(
                                    document.copy(), options, builder, Optional.of(this)));
        }
        SchemaEvaluator evaluator = forKeys.get();
        evaluator.negations = negations;
        return evaluator.values(evaluator.document.child(parent, names, "propertyNames")).strings();
    }

    List<String> annotations() {
        return List.copyOf(annotations);
    }

    List<String> ignored() {
        return List.copyOf(ignored);
    }

    void annotate(String what) {
        annotations.add(what);
    }

    /// The values that a term allows.
    ValueSet values(Term term) throws GrammarException {
        ValueSet known = terms.get(term);
        if (known != null) {
            return known;
        }
        ValueSet result = term.isNone() ? ValueSet.NONE : ValueSet.ANY;
        if (!term.isNone()) {
            for (Term.Literal literal : term.literals()) {
                result =
                        algebra.and(
                                result,
                                literal.positive()
                                        ? values(literal.one())
                                        : others(literal.one(), result));
            }
        }
        ValueSet told = toldApart(result, e -> located(e, term));
        ValueSet plain = document.mayTrace() ? algebra.unevaluated(told) : told;
        terms.put(term, plain);
        return plain;
    }

    /// The values of a term that stands inside the value that is being evaluated.
    ValueSet inside(Term term) throws GrammarException {
        depth++;
        try {
            return values(term);
        } finally {
            depth--;
        }
    }

    /// The values that a schema allows.
    ValueSet values(Schema schema) throws GrammarException {
        ValueSet known = schema.values;
        if (known != null) {
            return known;
        }
        if (schema.openAt >= 0) {
            if (schema.openAt < depth) {
                throw new UnfinishedException();
            }
            throw GrammarException.malformed(
                    "the schema at %s refers to itself without end".formatted(schema.path()));
        }
        schema.openAt = depth;
        try {
            ValueSet result = evaluate(schema);
            schema.values = result;
            return result;
        } finally {
            schema.openAt = -1;
        }
    }

    /// The values that a schema does not allow.
    ///
    /// @param within has some value of each type that is asked for
    ValueSet others(Schema schema, ValueSet within) throws GrammarException {
        negations++;
        try {
            Complement known = schema.others;
            if (known == null) {
                known = new Complement(values(schema), algebra);
                schema.others = known;
            }
            return known.ofTypesIn(within);
        } finally {
            negations--;
        }
    }

    private ValueSet evaluate(Schema schema) throws GrammarException {
        if (schema.isUnion()) {
            ValueSet result = ValueSet.NONE;
            for (Term term : schema.union()) {
                result = algebra.or(result, values(term));
            }
            return result;
        }
        JsonNode node = schema.node();
        if (node.isBoolean()) {
            return node.booleanValue() ? ValueSet.ANY : ValueSet.NONE;
        }
        if (!node.isObject()) {
            throw GrammarException.malformed(
                    "the schema at %s is neither an object nor a Boolean".formatted(schema.path()));
        }
        KeywordForms.check(schema, this);
        if (node.path("$ref").isString() && schema.resource().dialect().ignoresSiblingsOfRef()) {
            return keyword(schema, "$ref", () -> applicators.values(schema, "$ref", ValueSet.ANY));
        }
        ValueSet types = own.types(schema);
        ValueSet result = ValueSet.ANY;
        boolean done = false;
        for (String name : List.copyOf(node.propertyNames())) {
            if (name.equals("properties")) {
                result = algebra.and(result, own.values(schema));
                done = true;
            } else if (Applicators.include(name) && schema.resource().dialect().knows(name)) {
                ValueSet within = types.ofTypesIn(result);
                ValueSet more =
                        keyword(schema, name, () -> applicators.values(schema, name, within));
                result = algebra.and(result, more.ofTypesIn(types));
            }
        }
        if (!done) {
            result = algebra.and(own.values(schema), result);
        }
        return keysOnly
                ? result
                : parts.closed(
                        schema,
                        narrowed(schema, toldApart(result, e -> located(e, schema, "format"))));
    }

    /// Host names that can't be told apart ([NameRules]) are refused where they come about, or
    /// taken for valid ones.
    private ValueSet toldApart(ValueSet values, UnaryOperator<GrammarException> located)
            throws GrammarException {
        try {
            NameRules.check(values.strings());
            return values;
        } catch (GrammarException e) {
            GrammarException wrong = located.apply(e);
            if (negations > 0 || !ignores(wrong)) {
                throw wrong;
            }
            return values.withStrings(NameRules.untold(values.strings()));
        }
    }

    /// Evaluates a keyword; names the place of what is wrong, or leaves out what can't be enforced
    /// where that is allowed.
    ValueSet keyword(Schema schema, String name, Keyword keyword) throws GrammarException {
        try {
            return keyword.values();
        } catch (GrammarException e) {
            GrammarException located = located(e, schema, name);
            if (negations > 0 || !ignores(located)) {
                throw located;
            }
            return ValueSet.ANY;
        }
    }

    private boolean ignores(GrammarException e) {
        boolean ignores = !options.strict() && e.kind() == GrammarException.Kind.UNSUPPORTED;
        if (ignores) {
            ignored.add(e.getMessage());
        }
        return ignores;
    }

    /// Whether what can't be enforced is left out; it is remembered with its place then.
    boolean ignores(GrammarException e, Term place) {
        return ignores(located(e, place));
    }

    /// Names the place of what is wrong with a term.
    GrammarException located(GrammarException e, Term term) {
        String message = String.valueOf(e.getMessage());
        if (term.isAny() || term.isNone() || NAMES_PLACE.matcher(message).find()) {
            return e;
        }
        for (String keyword : keywords(message)) {
            for (Term.Literal literal : term.literals()) {
                Schema schema = literal.one();
                if (!schema.isUnion() && schema.node().has(keyword)) {
                    return located(e, schema, keyword);
                }
            }
        }
        String path = term.literals().getFirst().one().path();
        return new GrammarException(e.kind(), "%s (at %s)".formatted(message, path));
    }

    private static GrammarException located(GrammarException e, Schema schema, String name) {
        String message = String.valueOf(e.getMessage());
        if (NAMES_PLACE.matcher(message).find()) {
            return e;
        }
        // Keywords are evaluated in groups, and some messages begin with the one they mean.
        JsonNode node = schema.node();
        String first = message.split(" ", 2)[0];
        String other = node.has(name) ? name : keywords(message).getFirst();
        String keyword = node.has(first) ? first : node.has(other) ? other : name;
        return new GrammarException(
                e.kind(), "%s (keyword %s at %s)".formatted(message, keyword, schema.path()));
    }

    /// The keywords that a message may be about.
    private static List<String> keywords(String message) {
        if (message.startsWith("an object has")) {
            return List.of("maxProperties", "minProperties");
        }
        if (message.startsWith("a regular expression")) {
            return List.of("patternProperties", "pattern");
        }
        if (message.startsWith("a pattern or format")) {
            return List.of("maxLength", "minLength");
        }
        return message.startsWith("the range and multipleOf")
                ? List.of("multipleOf", "minimum", "maximum")
                : List.of(message.split(" ", 2)[0]);
    }

    private ValueSet narrowed(Schema schema, ValueSet values) throws GrammarException {
        if (!schema.closing().traces()) {
            return values;
        }
        if (!schema.resource().dialect().knows("unevaluatedProperties")) {
            return values;
        }
        JsonNode properties = schema.node().get("unevaluatedProperties");
        JsonNode items = schema.node().get("unevaluatedItems");
        ValueSet result = values;
        if (properties != null) {
            Term term = Term.of(document.child(schema, properties, "unevaluatedProperties"));
            result = whereUnevaluated(result, term);
        }
        if (items != null) {
            Term term = Term.of(document.child(schema, items, "unevaluatedItems"));
            List<ArrayShape> shapes = new ArrayList<>();
            for (ArrayShape shape : values.arrays()) {
                shape.whereUnevaluated(term, schema).ifPresent(shapes::add);
            }
            result = result.withArrays(List.copyOf(shapes));
        }
        return result;
    }

    /// The values whose objects hold some value in each member that nothing has looked at.
    ValueSet whereUnevaluated(ValueSet values, Term value) throws GrammarException {
        List<ObjectShape> shapes = new ArrayList<>();
        for (ObjectShape shape : values.objects()) {
            shape.whereUnevaluated(value).ifPresent(shapes::add);
        }
        return values.withObjects(List.copyOf(shapes));
    }

    /// Whether a schema needs to know which keys have been looked at.
    boolean traces(Schema schema) throws GrammarException {
        return parts.traces(schema);
    }

    /// A term for one value. It is a schema that means the same in every dialect, for terms of
    /// equal values are one, wherever they come from.
    Term constant(JsonNode value, Schema origin) {
        return Term.of(
                constants.computeIfAbsent(
                        value,
                        _ ->
                                new Schema(
                                        JsonNodeFactory.instance
                                                .objectNode()
                                                .set(
                                                        "enum",
                                                        JsonNodeFactory.instance
                                                                .arrayNode()
                                                                .add(value)),
                                        origin.resource(),
                                        origin.pointer(),
                                        OPEN)));
    }
}
