package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The tools that a chat offers to the model.
///
/// @param tools as the template sees them; empty where the model may call none
/// @param wanted those of which the model must call one; empty where it may answer otherwise
/// @param severalCalls whether the model may make more than one call
record ToolFields(
        List<Map<String, Object>> tools, List<Map<String, Object>> wanted, boolean severalCalls) {
    /// The field that lists the tools.
    static final String TOOLS = "tools";

    /// The field that says which of them to call.
    static final String CHOICE = "tool_choice";

    private static final String FUNCTION = "function";
    private static final String NAME = "name";
    private static final String ALLOWED = "allowed_tools";

    ToolFields {
        tools = List.copyOf(tools);
        wanted = List.copyOf(wanted);
    }

    /// @throws InvalidRequest naming the field
    static ToolFields of(Fields fields) {
        List<?> items = fields.list(TOOLS);
        List<Map<String, Object>> tools = new ArrayList<>(items.size());
        for (int i = 0; i < items.size(); i++) {
            tools.add(tool(TOOLS + "[" + i + "]", items.get(i)));
        }
        boolean several = fields.flag("parallel_tool_calls", true);
        Object choice = fields.value(CHOICE).orElse("auto");
        if (choice instanceof String word) {
            return switch (word) {
                case "none" -> new ToolFields(List.of(), List.of(), several);
                case "auto" -> new ToolFields(tools, List.of(), several);
                case "required" -> new ToolFields(tools, required(tools), several);
                default ->
                        throw Invalid.field(
                                CHOICE,
                                "Input should be 'none', 'auto', 'required' or an object that names"
                                        + " a function: {\"type\": \"function\", \"function\":"
                                        + " {\"name\": ...}}");
            };
        }
        Map<String, Object> named = dictionary(CHOICE, CHOICE, choice);
        return ALLOWED.equals(named.get("type"))
                ? allowed(
                        dictionary(CHOICE, CHOICE + "." + ALLOWED, named.get(ALLOWED)),
                        tools,
                        several)
                : new ToolFields(tools, List.of(named(named, CHOICE, byName(tools))), false);
    }

    /// Some of the tools: the model sees no others.
    private static ToolFields allowed(
            Map<String, Object> choice, List<Map<String, Object>> tools, boolean several) {
        if (!(choice.get(TOOLS) instanceof List<?> names) || names.isEmpty()) {
            throw Invalid.field(
                    CHOICE,
                    "tool_choice.allowed_tools.tools: Input should be a list of one function or"
                            + " more");
        }
        Map<String, Map<String, Object>> byName = byName(tools);
        Set<Map<String, Object>> chosen = new LinkedHashSet<>();
        for (int i = 0; i < names.size(); i++) {
            String place = CHOICE + "." + ALLOWED + "." + TOOLS + "[" + i + "]";
            chosen.add(named(dictionary(CHOICE, place, names.get(i)), place, byName));
        }
        List<Map<String, Object>> some = List.copyOf(chosen);
        String mode = text(CHOICE, CHOICE + "." + ALLOWED + ".mode", choice.get("mode"));
        return switch (mode) {
            case "auto" -> new ToolFields(some, List.of(), several);
            case "required" -> new ToolFields(some, required(some), several);
            default ->
                    throw Invalid.field(
                            CHOICE,
                            "tool_choice.allowed_tools.mode: Input should be 'auto' or 'required'");
        };
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
        Object strict = function.get("strict");
        if (strict != null && !(strict instanceof Boolean)) {
            throw Invalid.field(TOOLS, place + ".function.strict: Input should be a valid boolean");
        }
        return tool;
    }

    private static List<Map<String, Object>> required(List<Map<String, Object>> tools) {
        if (tools.isEmpty()) {
            throw noTools();
        }
        return tools;
    }

    private static InvalidRequest noTools() {
        return Invalid.field(CHOICE, "Value error, When using `tool_choice`, `tools` must be set.");
    }

    /// The tools by their names; of two with the same name the first.
    private static Map<String, Map<String, Object>> byName(List<Map<String, Object>> tools) {
        Map<String, Map<String, Object>> byName = new HashMap<>();
        tools.forEach(tool -> byName.putIfAbsent(nameOf(tool), tool));
        return byName;
    }

    private static Map<String, Object> named(
            Map<String, Object> choice, String place, Map<String, Map<String, Object>> byName) {
        Map<String, Object> function =
                dictionary(CHOICE, place + "." + FUNCTION, choice.get(FUNCTION));
        String name = text(CHOICE, place + ".function.name", function.get(NAME));
        if (byName.isEmpty()) {
            throw noTools();
        }
        return Optional.ofNullable(byName.get(name))
                .orElseThrow(() ->
                        Invalid.field(CHOICE, "tool_choice names no function of tools: " + name));
    }

    /// The function of a tool.
    static Fields function(Map<String, Object> tool) {
        return new Fields(new Fields(tool).object(FUNCTION));
    }

    /// The name of a tool's function.
    static String nameOf(Map<String, Object> tool) {
        return function(tool).text(NAME).orElse("");
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
