package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.grammar.GrammarSpec;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Fields that ask for text of a certain form, of which a request may use one. Whether the form
/// makes sense is found where it is compiled.
final class GuidedFields {
    /// The field that OpenAI's clients use.
    static final String RESPONSE_FORMAT = "response_format";

    private static final String JSON_SCHEMA = "json_schema";
    private static final String STRICT = "strict";
    private static final String JSON = "guided_json";
    private static final String REGEX = "guided_regex";
    private static final String CHOICE = "guided_choice";
    private static final String GRAMMAR = "guided_grammar";
    private static final String STRUCTURAL_TAG = "structural_tag";
    private static final List<String> KINDS = List.of(JSON, REGEX, CHOICE, GRAMMAR, STRUCTURAL_TAG);

    private GuidedFields() {}

    /// The form that a request asks for; empty where any text will do.
    ///
    /// @throws InvalidRequest naming the field, also if there are two of them
    static Optional<GuidedForm> of(Fields fields) {
        Fields format = new Fields(fields.object(RESPONSE_FORMAT));
        String type = format.text("type").orElse("text");
        List<String> asked = new ArrayList<>();
        if (!type.equals("text")) {
            asked.add(RESPONSE_FORMAT);
        }
        KINDS.stream().filter(kind -> fields.value(kind).isPresent()).forEach(asked::add);
        Optional<GrammarSpec> structured = StructuredOutputs.of(fields);
        structured.ifPresent(_ -> asked.add(StructuredOutputs.FIELD));
        if (asked.size() > 1) {
            throw tooMany(asked.get(1), asked);
        }
        return asked.stream()
                .findFirst()
                .map(field ->
                        new GuidedForm(
                                structured.orElseGet(() -> grammar(field, fields, format)), field));
    }

    /// A request names two forms.
    ///
    /// @param field that is one too many
    static InvalidRequest tooMany(String field, List<String> asked) {
        return Invalid.field(
                field,
                "Value error, You can only use one kind of guided decoding (%s)."
                        .formatted(String.join(", ", asked)));
    }

    private static GrammarSpec grammar(String field, Fields fields, Fields format) {
        return switch (field) {
            case JSON -> schema(text(fields, JSON), Optional.empty());
            case REGEX -> new GrammarSpec.RegularExpression(text(fields, REGEX));
            case CHOICE -> new GrammarSpec.Choice(fields.texts(CHOICE));
            case GRAMMAR -> new GrammarSpec.Ebnf(text(fields, GRAMMAR));
            case STRUCTURAL_TAG -> new GrammarSpec.StructuralTag(text(fields, STRUCTURAL_TAG));
            default -> responseFormat(fields, format);
        };
    }

    private static GrammarSpec responseFormat(Fields fields, Fields format) {
        return switch (format.text("type").orElse("")) {
            case "json_object" -> new GrammarSpec.JsonObject();
            case JSON_SCHEMA -> jsonSchema(new Fields(format.object(JSON_SCHEMA)));
            default -> new GrammarSpec.StructuralTag(text(fields, RESPONSE_FORMAT));
        };
    }

    private static GrammarSpec jsonSchema(Fields named) {
        if (named.value("schema").isEmpty()) {
            throw Invalid.field(RESPONSE_FORMAT, "response_format.json_schema can not be None");
        }
        return schema(text(named, "schema"), named.flag(STRICT));
    }

    /// @param strict true closes objects that do not say whether they are open; false allows to
    ///   leave out what can't be enforced
    private static GrammarSpec schema(String text, Optional<Boolean> strict) {
        return new GrammarSpec.JsonSchema(text, strict.orElse(true), strict.orElse(false));
    }

    /// A field as text; an object as JSON, its names in the order of the request.
    static String text(Fields fields, String name) {
        Object value = fields.value(name).orElse("");
        return value instanceof Map<?, ?> ? RequestJson.write(value) : String.valueOf(value);
    }
}
