package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/// Parameters of the API that the engine can't honour yet. They are taken where they ask for
/// nothing and refused otherwise: never silently ignored.
final class LaterParameters {
    /// A parameter and the values of it that change no answer.
    private record Parameter(String name, Predicate<Object> isNeutral, String neutral) {
        static Parameter absent(String name) {
            return new Parameter(name, _ -> false, "null");
        }

        static Parameter number(String name, double neutral) {
            return new Parameter(
                    name,
                    value -> value.equals(neutral) || isNumber(value, neutral),
                    show(neutral));
        }

        static Parameter off(String name) {
            return new Parameter(name, Boolean.FALSE::equals, "false");
        }

        static Parameter empty(String name) {
            return new Parameter(name, Parameter::isEmpty, "empty");
        }

        private static boolean isNumber(Object value, double neutral) {
            return value instanceof Number number && number.doubleValue() == neutral;
        }

        private static boolean isEmpty(Object value) {
            return switch (value) {
                case Collection<?> items -> items.isEmpty();
                case Map<?, ?> entries -> entries.isEmpty();
                case String text -> text.isEmpty();
                default -> false;
            };
        }

        private static String show(double number) {
            return Long.toString((long) number);
        }
    }

    private static final List<Parameter> SHARED =
            List.of(
                    Parameter.number("n", 1),
                    Parameter.number("frequency_penalty", 0),
                    Parameter.number("presence_penalty", 0),
                    Parameter.number("repetition_penalty", 1),
                    Parameter.number("min_tokens", 0),
                    Parameter.empty("bad_words"),
                    Parameter.empty("bad_words_token_ids"),
                    Parameter.empty("logit_bias"),
                    Parameter.empty("logits_processors_args"),
                    new Parameter("response_format", LaterParameters::isPlainText, "type text"),
                    Parameter.absent("guided_json"),
                    Parameter.absent("guided_regex"),
                    Parameter.absent("guided_choice"),
                    Parameter.absent("guided_grammar"),
                    Parameter.off("return_token_ids"),
                    Parameter.absent("prompt_logprobs"),
                    Parameter.number("max_streaming_response_tokens", 1),
                    Parameter.off("collect_metrics"),
                    Parameter.absent("truncate_prompt_tokens"));

    private static final List<Parameter> CHAT =
            List.of(
                    Parameter.off("logprobs"),
                    Parameter.number("top_logprobs", 0),
                    Parameter.empty("tools"),
                    new Parameter("tool_choice", List.of("none", "auto")::contains, "auto"),
                    Parameter.absent("structural_tag"),
                    Parameter.absent("chat_template"),
                    Parameter.off("disable_chat_template"),
                    Parameter.absent("reasoning_max_tokens"),
                    Parameter.absent("response_max_tokens"),
                    Parameter.empty("completion_token_ids"),
                    Parameter.off("continue_final_message"));

    private static final List<Parameter> COMPLETION =
            List.of(
                    Parameter.absent("logprobs"),
                    Parameter.number("best_of", 1),
                    Parameter.empty("suffix"));

    private static final List<Parameter> METADATA =
            List.of(
                    Parameter.number("min_tokens", 0),
                    Parameter.number("max_streaming_response_tokens", 1),
                    Parameter.empty("completion_token_ids"));

    private LaterParameters() {}

    /// @throws InvalidRequest naming the field that asks for something
    static void refuseInChat(Fields fields) {
        refuse(fields, SHARED, "");
        refuse(fields, CHAT, "");
        refuse(new Fields(fields.object("metadata")), METADATA, "metadata");
    }

    /// @throws InvalidRequest naming the field that asks for something
    static void refuseInCompletion(Fields fields) {
        refuse(fields, SHARED, "");
        refuse(fields, COMPLETION, "");
    }

    private static void refuse(Fields fields, List<Parameter> parameters, String parent) {
        for (Parameter parameter : parameters) {
            Optional<Object> value = fields.value(parameter.name());
            if (value.isPresent() && !parameter.isNeutral().test(value.get())) {
                throw refusal(parameter, value.get(), parent);
            }
        }
    }

    private static InvalidRequest refusal(Parameter parameter, Object value, String parent) {
        String name = parent.isEmpty() ? parameter.name() : parent + "." + parameter.name();
        String field = parent.isEmpty() ? parameter.name() : parent;
        return outOfRange(parameter.name(), value)
                .map(message -> Invalid.field(field, message))
                .orElseGet(() ->
                        Invalid.field(
                                field,
                                "%s is not supported yet; leave it out or make it %s."
                                        .formatted(name, parameter.neutral())));
    }

    /// Values that stay wrong when the parameter is supported.
    private static Optional<String> outOfRange(String name, Object value) {
        boolean negative = value instanceof Number number && number.doubleValue() < 0;
        boolean belowOne = value instanceof Number number && number.doubleValue() < 1;
        return switch (name) {
            case "n" -> belowOne ? Optional.of("n must be at least 1") : Optional.empty();
            case "top_logprobs" ->
                    negative
                            ? Optional.of("Value error, `top_logprobs` must be a positive value.")
                            : Optional.empty();
            case "reasoning_max_tokens" ->
                    belowOne
                            ? Optional.of("reasoning_max_tokens must be greater than 1")
                            : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static boolean isPlainText(Object format) {
        return RequestJson.asObject(format).map(f -> "text".equals(f.get("type"))).orElse(false);
    }
}
