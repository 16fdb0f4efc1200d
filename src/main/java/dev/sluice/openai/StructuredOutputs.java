package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.grammar.GrammarSpec;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The one field of vLLM's clients for text of a certain form: an object that holds what the
/// `guided_` fields hold, and options.
final class StructuredOutputs {
    /// The field.
    static final String FIELD = "structured_outputs";

    private static final String JSON = "json";
    private static final String REGEX = "regex";
    private static final String CHOICE = "choice";
    private static final String GRAMMAR = "grammar";
    private static final String JSON_OBJECT = "json_object";
    private static final String STRUCTURAL_TAG = "structural_tag";
    private static final List<String> KINDS =
            List.of(JSON, REGEX, CHOICE, GRAMMAR, JSON_OBJECT, STRUCTURAL_TAG);

    private static final String CLOSED = "disable_additional_properties";

    /// There is nothing to fall back to, so that both values of `disable_fallback` are honoured.
    private static final Set<String> OPTIONS = Set.of(CLOSED, "disable_fallback");

    private static final Map<String, String> ADVICE =
            Map.of(
                    "disable_any_whitespace",
                    "start the server with --guided-decoding-disable-any-whitespace",
                    "whitespace_pattern",
                    "start the server with --guided-whitespace");

    private StructuredOutputs() {}

    /// The form that the field asks for; empty where it asks for none.
    ///
    /// @throws InvalidRequest if it asks for two, or for what can't be had
    static Optional<GrammarSpec> of(Fields fields) {
        Map<String, Object> object = fields.object(FIELD);
        Fields within = new Fields(object);
        object.keySet().stream()
                .filter(name -> asksFor(within, name))
                .forEach(StructuredOutputs::checkKnown);
        List<String> asked = KINDS.stream().filter(kind -> asksFor(within, kind)).toList();
        if (asked.size() > 1) {
            throw GuidedFields.tooMany(
                    FIELD, asked.stream().map(StructuredOutputs::place).toList());
        }
        return asked.stream().findFirst().map(kind -> grammar(within, kind));
    }

    private static boolean asksFor(Fields within, String name) {
        return within.value(name).filter(value -> !value.equals(false)).isPresent();
    }

    private static void checkKnown(String name) {
        if (!KINDS.contains(name) && !OPTIONS.contains(name)) {
            String advice = Optional.ofNullable(ADVICE.get(name)).map(a -> ": " + a).orElse("");
            throw Invalid.field(FIELD, place(name) + " is not supported" + advice + ".");
        }
    }

    private static String place(String name) {
        return FIELD + "." + name;
    }

    private static GrammarSpec grammar(Fields within, String kind) {
        return switch (kind) {
            case JSON -> {
                boolean closed = within.flag(CLOSED, false);
                yield new GrammarSpec.JsonSchema(GuidedFields.text(within, JSON), true, closed);
            }
            case REGEX -> new GrammarSpec.RegularExpression(GuidedFields.text(within, REGEX));
            case CHOICE -> new GrammarSpec.Choice(within.texts(CHOICE, FIELD, place(CHOICE)));
            case GRAMMAR -> new GrammarSpec.Ebnf(GuidedFields.text(within, GRAMMAR));
            case JSON_OBJECT -> new GrammarSpec.JsonObject();
            default -> new GrammarSpec.StructuralTag(GuidedFields.text(within, STRUCTURAL_TAG));
        };
    }
}
