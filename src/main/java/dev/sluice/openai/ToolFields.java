package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The tools that a chat offers to the model.
///
/// @param tools as the template sees them; empty where the model may call none
/// @param severalCalls whether the model may call more than one
record ToolFields(List<Map<String, Object>> tools, boolean severalCalls) {
    private static final String TOOLS = "tools";
    private static final String CHOICE = "tool_choice";
    private static final String FUNCTION = "function";
    private static final String NAME = "name";

    ToolFields {
        tools = List.copyOf(tools);
    }

    /// @throws InvalidRequest naming the field
    static ToolFields of(Fields fields) {
        List<?> items = fields.list(TOOLS);
        List<Map<String, Object>> tools = new ArrayList<>(items.size());
        for (int i = 0; i < items.size(); i++) {
            tools.add(tool(TOOLS + "[" + i + "]", items.get(i)));
        }
        boolean callable = mayCall(fields.value(CHOICE).orElse("auto"), tools);
        return new ToolFields(
                callable ? tools : List.of(), fields.flag("parallel_tool_calls", true));
    }

    private static Map<String, Object> tool(String place, Object item) {
        Map<String, Object> tool = dictionary(TOOLS, place, item);
        String type = text(TOOLS, place + ".type", tool.get("type"));
        if (!type.equals(FUNCTION)) {
            throw Invalid.field(TOOLS, place + ".type: Input should be 'function'");
        }
        Map<String, Object> function =
                dictionary(TOOLS, place + "." + FUNCTION, tool.get(FUNCTION));
        String name = text(TOOLS, place + ".function.name", function.get(NAME));
        if (name.isEmpty()) {
            throw Invalid.field(TOOLS, place + ".function.name: must not be empty");
        }
        Object description = function.get("description");
        if (description != null) {
            text(TOOLS, place + ".function.description", description);
        }
        Object parameters = function.get("parameters");
        if (parameters != null) {
            dictionary(TOOLS, place + ".function.parameters", parameters);
        }
        return tool;
    }

    /// Whether the model may call tools. That it must is for guided decoding to see to.
    private static boolean mayCall(Object choice, List<Map<String, Object>> tools) {
        if (choice instanceof String word) {
            return switch (word) {
                case "none" -> false;
                case "auto" -> !tools.isEmpty();
                case "required" -> {
                    requireTools(tools);
                    throw GuidedFields.unavailable(CHOICE + " 'required'", CHOICE);
                }
                default ->
                        throw Invalid.field(
                                CHOICE,
                                "Input should be 'none', 'auto', 'required' or a function's name");
            };
        }
        Map<String, Object> named = dictionary(CHOICE, CHOICE, choice);
        Map<String, Object> function =
                dictionary(CHOICE, CHOICE + "." + FUNCTION, named.get(FUNCTION));
        String name = text(CHOICE, CHOICE + ".function.name", function.get(NAME));
        requireTools(tools);
        if (tools.stream().noneMatch(tool -> name.equals(nameOf(tool)))) {
            throw Invalid.field(CHOICE, "tool_choice names no function of tools: " + name);
        }
        throw GuidedFields.unavailable("A named tool_choice", CHOICE);
    }

    private static void requireTools(List<Map<String, Object>> tools) {
        if (tools.isEmpty()) {
            throw Invalid.field(
                    CHOICE, "Value error, When using `tool_choice`, `tools` must be set.");
        }
    }

    private static Object nameOf(Map<String, Object> tool) {
        return Optional.ofNullable(tool.get(FUNCTION))
                .flatMap(RequestJson::asObject)
                .flatMap(function -> Optional.ofNullable(function.get(NAME)))
                .orElse("");
    }

    private static Map<String, Object> dictionary(
            String field, String place, @Nullable Object value) {
        if (value == null) {
            throw Invalid.field(field, place + ": Field required");
        }
        return RequestJson.asObject(value)
                .orElseThrow(
                        () -> Invalid.field(field, place + ": Input should be a valid dictionary"));
    }

    private static String text(String field, String place, @Nullable Object value) {
        if (value == null) {
            throw Invalid.field(field, place + ": Field required");
        }
        if (value instanceof String text) {
            return text;
        }
        throw Invalid.field(field, place + ": Input should be a valid string");
    }
}
