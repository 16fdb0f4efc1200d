package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// Parameters that clients of other servers know and that would change the answer if we honoured
/// them. They are taken where they ask for nothing and refused otherwise: never silently ignored.
final class ForeignParameters {
    /// A parameter, the values of it that change no answer, and what to do instead.
    private record Parameter(String name, Predicate<Object> isNeutral, String advice) {}

    private static final List<Parameter> CHAT =
            List.of(
                    new Parameter("functions", ForeignParameters::isEmpty, "use tools"),
                    new Parameter(
                            "function_call", List.of("none", "auto")::contains, "use tool_choice"),
                    new Parameter(
                            "modalities",
                            List.of(List.of("text"), List.of())::contains,
                            "this model answers with text"),
                    new Parameter("audio", _ -> false, "this model answers with text"),
                    new Parameter("web_search_options", _ -> false, "this server searches nothing"),
                    new Parameter("best_of", ForeignParameters::isOne, "only completions have it"),
                    new Parameter("echo", Boolean.FALSE::equals, "only completions have it"),
                    new Parameter(
                            "suffix", ForeignParameters::isEmpty, "this model only goes forward"));

    private static final List<Parameter> COMPLETION =
            List.of(
                    new Parameter(
                            "suffix",
                            value -> isEmpty(value) || value instanceof Map<?, ?>,
                            "this model only goes forward"));

    private static final List<Parameter> EITHER =
            List.of(
                    new Parameter("regex", ForeignParameters::isEmpty, "use guided_regex"),
                    new Parameter("ebnf", ForeignParameters::isEmpty, "use guided_grammar"),
                    new Parameter("json_schema", ForeignParameters::isEmpty, "use guided_json"));

    private ForeignParameters() {}

    /// @throws InvalidRequest naming the field that asks for something
    static void refuseInChat(Fields fields) {
        refuse(fields, CHAT);
        refuse(fields, EITHER);
    }

    /// @throws InvalidRequest naming the field that asks for something
    static void refuseInCompletion(Fields fields) {
        refuse(fields, COMPLETION);
        refuse(fields, EITHER);
    }

    private static void refuse(Fields fields, List<Parameter> parameters) {
        for (Parameter parameter : parameters) {
            Optional<Object> value = fields.value(parameter.name());
            if (value.isPresent() && !parameter.isNeutral().test(value.get())) {
                throw Invalid.field(
                        parameter.name(),
                        "%s is not supported: %s.".formatted(parameter.name(), parameter.advice()));
            }
        }
    }

    private static boolean isOne(Object value) {
        return value instanceof Number number && number.doubleValue() == 1;
    }

    private static boolean isEmpty(Object value) {
        return switch (value) {
            case Collection<?> items -> items.isEmpty();
            case Map<?, ?> entries -> entries.isEmpty();
            case String text -> text.isEmpty();
            default -> false;
        };
    }
}
