package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.ArrayList;
import java.util.List;

/// Fields that ask for output of a certain form. At most one of them may; none can be honoured
/// without guided decoding, so that it is refused.
final class GuidedFields {
    private static final String RESPONSE_FORMAT = "response_format";
    private static final List<String> SHARED =
            List.of("guided_json", "guided_regex", "guided_choice", "guided_grammar");
    private static final String STRUCTURAL_TAG = "structural_tag";

    private GuidedFields() {}

    /// @throws InvalidRequest naming the field that asks for a form
    static void refuseInChat(Fields fields) {
        List<String> kinds = new ArrayList<>(SHARED);
        kinds.add(STRUCTURAL_TAG);
        refuse(fields, kinds);
    }

    /// @throws InvalidRequest naming the field that asks for a form
    static void refuseInCompletion(Fields fields) {
        refuse(fields, SHARED);
    }

    private static void refuse(Fields fields, List<String> kinds) {
        List<String> asked = new ArrayList<>();
        if (asksForForm(fields)) {
            asked.add(RESPONSE_FORMAT);
        }
        kinds.stream().filter(kind -> fields.value(kind).isPresent()).forEach(asked::add);
        if (asked.size() > 1) {
            throw Invalid.field(
                    asked.get(1),
                    "Value error, You can only use one kind of guided decoding (%s)."
                            .formatted(String.join(", ", asked)));
        }
        if (!asked.isEmpty()) {
            throw unavailable(asked.getFirst(), asked.getFirst());
        }
    }

    private static boolean asksForForm(Fields fields) {
        Fields format = new Fields(fields.object(RESPONSE_FORMAT));
        String type = format.text("type").orElse("text");
        if (type.equals("json_schema")) {
            Fields schema = new Fields(format.object(type));
            if (schema.value("schema").isEmpty()) {
                throw Invalid.field(RESPONSE_FORMAT, "response_format.json_schema can not be None");
            }
        }
        return !type.equals("text");
    }

    /// @param what needs it
    static InvalidRequest unavailable(String what, String field) {
        return Invalid.field(
                field, what + " needs guided decoding, which is not available in this version.");
    }
}
