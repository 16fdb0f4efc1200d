package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Checks the messages of a chat and brings them into the form that templates expect: content is
/// always text, the arguments of a tool call are always an object, and a developer is the system.
/// What else a message holds goes through to the template.
final class Messages {
    private static final String FIELD = "messages";

    private Messages() {}

    /// @throws InvalidRequest saying which message is wrong
    static List<Map<String, Object>> normalise(List<?> items) {
        List<Map<String, Object>> messages = new ArrayList<>(items.size());
        for (int i = 0; i < items.size(); i++) {
            String place = FIELD + "[" + i + "]";
            messages.add(message(place, items.get(i)));
        }
        return messages;
    }

    private static Map<String, Object> message(String place, Object item) {
        Map<String, Object> source =
                RequestJson.asObject(item)
                        .orElseThrow(() -> wrong(place, "Input should be a valid dictionary"));
        Map<String, Object> message = new LinkedHashMap<>();
        source.forEach((name, value) ->
                Optional.ofNullable(value).ifPresent(present -> message.put(name, present)));
        message.put("role", role(place, message));
        message.put("content", content(place, message));
        if (message.containsKey("tool_calls")) {
            message.put("tool_calls", toolCalls(place, message.get("tool_calls")));
        }
        return message;
    }

    private static String role(String place, Map<String, Object> message) {
        if (!message.containsKey("role")) {
            throw wrong(place + ".role", "Field required");
        }
        if (!(message.get("role") instanceof String role)) {
            throw wrong(place + ".role", "Input should be a valid string");
        }
        return role.equals("developer") ? "system" : role;
    }

    private static String content(String place, Map<String, Object> message) {
        Object content = Optional.ofNullable(message.get("content")).orElse("");
        boolean mayRefuse = "assistant".equals(message.get("role"));
        return switch (content) {
            case String text -> text;
            case Map<?, ?> part -> part(place + ".content", part, mayRefuse);
            case List<?> parts -> {
                List<String> texts = new ArrayList<>(parts.size());
                for (int i = 0; i < parts.size(); i++) {
                    texts.add(part(place + ".content[" + i + "]", parts.get(i), mayRefuse));
                }
                yield String.join("\n", texts);
            }
            default -> throw wrong(place + ".content", "Input should be a valid string or list");
        };
    }

    private static String part(String place, Object item, boolean mayRefuse) {
        if (item instanceof String text) {
            return text;
        }
        Map<String, Object> part =
                RequestJson.asObject(item)
                        .orElseThrow(() -> wrong(place, "Input should be a valid dictionary"));
        if (part.get("type") == null) {
            throw wrong(place + ".type", "Field required");
        }
        String type = String.valueOf(part.get("type"));
        if (type.equals("text") || (type.equals("refusal") && mayRefuse)) {
            if (part.get(type) instanceof String text) {
                return text;
            }
            throw wrong(place + "." + type, "Input should be a valid string");
        }
        throw switch (type) {
            case "image_url", "image", "video_url", "video", "audio_url", "input_audio", "file" ->
                    wrong(place, "This model takes text only, not " + type);
            default -> wrong(place, "Unknown content part type: " + type);
        };
    }

    private static List<Object> toolCalls(String place, Object calls) {
        if (!(calls instanceof List<?> items)) {
            throw wrong(place + ".tool_calls", "Input should be a valid list");
        }
        List<Object> normal = new ArrayList<>(items.size());
        for (int i = 0; i < items.size(); i++) {
            normal.add(toolCall(place + ".tool_calls[" + i + "]", items.get(i)));
        }
        return normal;
    }

    private static Map<String, Object> toolCall(String place, Object item) {
        Map<String, Object> call =
                new LinkedHashMap<>(
                        RequestJson.asObject(item)
                                .orElseThrow(
                                        () -> wrong(place, "Input should be a valid dictionary")));
        Optional.ofNullable(call.get("function"))
                .flatMap(RequestJson::asObject)
                .ifPresent(function -> call.put("function", withObjectArguments(function)));
        return call;
    }

    /// A model may have written arguments that are no JSON; they stay the text that they are.
    private static Map<String, Object> withObjectArguments(Map<String, Object> function) {
        Map<String, Object> normal = new LinkedHashMap<>(function);
        if (function.get("arguments") instanceof String text) {
            Object arguments = text.isBlank() ? Map.of() : RequestJson.parse(text).orElse(text);
            normal.put("arguments", arguments);
        }
        return normal;
    }

    private static InvalidRequest wrong(String place, String message) {
        return Invalid.field(FIELD, place + ": " + message);
    }
}
