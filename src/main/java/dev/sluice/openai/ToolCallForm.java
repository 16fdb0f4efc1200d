package dev.sluice.openai;

import dev.sluice.grammar.GrammarSpec;
import dev.sluice.openai.parsers.CallSpelling;
import dev.sluice.tokenizer.Vocabulary;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// The form of texts that call tools, spelt as the parser of the calls reads them: a structural tag
/// whose parts follow the schemas of the tools' parameters.
///
/// @param spelling of the calls
/// @param several whether one call may follow another
/// @param asToken whether calls begin with a special token, which is no text
record ToolCallForm(CallSpelling spelling, boolean several, boolean asToken) {
    private static final String TYPE = "type";
    private static final String OBJECT = "object";
    private static final String STRICT = "strict";
    private static final String JSON_SCHEMA = "json_schema";

    /// The form that a chat's tools ask for: calls and nothing else where one must be called; where
    /// the model is free, text whose calls are right, if a tool says that they must be (`strict`).
    ///
    /// @param spelling that the parser of the calls reads; empty where nobody reads calls
    static Optional<GuidedForm> of(
            ToolFields tools, Optional<CallSpelling> spelling, Vocabulary vocabulary) {
        if (spelling.isEmpty()) {
            return Optional.empty();
        }
        ToolCallForm form = of(spelling.get(), tools, vocabulary);
        if (!tools.wanted().isEmpty()) {
            return Optional.of(
                    new GuidedForm(form.spec(form.calls(tools.wanted())), ToolFields.TOOLS));
        }
        return tools.tools().stream().anyMatch(ToolCallForm::isStrict)
                ? Optional.of(
                        new GuidedForm(form.spec(form.amongText(tools.tools())), ToolFields.TOOLS))
                : Optional.empty();
    }

    private static ToolCallForm of(CallSpelling spelling, ToolFields tools, Vocabulary vocabulary) {
        OptionalInt trigger = vocabulary.id(spelling.trigger());
        return new ToolCallForm(
                spelling,
                tools.severalCalls(),
                trigger.isPresent() && vocabulary.isSpecial(trigger.getAsInt()));
    }

    /// The form of an answer where the model is free to call a tool: JSON as it is asked for, or
    /// calls and nothing else. Forms that are no JSON can spell calls themselves and stay as they
    /// are.
    ///
    /// @param answer as `response_format` asks for it
    static GuidedForm orCalls(
            GuidedForm answer, ToolFields tools, CallSpelling spelling, Vocabulary vocabulary) {
        Optional<Map<String, Object>> json = json(answer.grammar());
        if (json.isEmpty() || tools.tools().isEmpty()) {
            return answer;
        }
        ToolCallForm form = of(spelling, tools, vocabulary);
        Map<String, Object> either =
                object("or", "elements", List.of(json.get(), form.calls(tools.tools())));
        return new GuidedForm(form.spec(either), answer.field());
    }

    /// A form of JSON as a part of a structural tag.
    private static Optional<Map<String, Object>> json(GrammarSpec grammar) {
        return switch (grammar) {
            case GrammarSpec.JsonObject _ ->
                    Optional.of(object(JSON_SCHEMA, JSON_SCHEMA, Map.of(TYPE, OBJECT)));
            case GrammarSpec.JsonSchema(String schema, boolean strict, boolean closed) ->
                    RequestJson.parseExactly(schema)
                            .map(value -> {
                                Map<String, Object> format =
                                        object(JSON_SCHEMA, JSON_SCHEMA, value);
                                if (closed || !strict) {
                                    format.put(STRICT, strict);
                                }
                                return format;
                            });
            default -> Optional.empty();
        };
    }

    private GrammarSpec spec(Map<String, Object> format) {
        return new GrammarSpec.StructuralTag(
                RequestJson.write(object("structural_tag", "format", format)), spelling.markers());
    }

    private static boolean isStrict(Map<String, Object> tool) {
        return ToolFields.function(tool).flag(STRICT, false);
    }

    /// Calls and nothing else.
    private Map<String, Object> calls(List<Map<String, Object>> tools) {
        Map<String, Object> calls = separated(tags(tools));
        if (spelling.before().isEmpty() && spelling.after().isEmpty()) {
            return calls;
        }
        return object(
                "sequence",
                "elements",
                List.of(constant(spelling.before()), calls, constant(spelling.after())));
    }

    /// Any text; where it begins a call, that is one of a tool.
    private Map<String, Object> amongText(List<Map<String, Object>> tools) {
        if (asToken) {
            Map<String, Object> text = new LinkedHashMap<>(Map.of(TYPE, "any_text"));
            return object(
                    "sequence",
                    "elements",
                    List.of(text, object("optional", "content", calls(tools))));
        }
        Map<String, Object> text =
                object("triggered_tags", "triggers", List.of(spelling.trigger()));
        text.put(
                "tags",
                spelling.before().isEmpty()
                        ? tags(tools)
                        : List.of(
                                tag(spelling.before(), separated(tags(tools)), spelling.after())));
        text.put("at_least_one", false);
        text.put("stop_after_first", !several);
        return text;
    }

    private Map<String, Object> separated(List<Map<String, Object>> tags) {
        Map<String, Object> calls = object("tags_with_separator", "tags", tags);
        calls.put("separator", spelling.between());
        calls.put("at_least_one", true);
        calls.put("stop_after_first", !several);
        return calls;
    }

    private List<Map<String, Object>> tags(List<Map<String, Object>> tools) {
        List<Map<String, Object>> tags = new ArrayList<>(tools.size());
        for (Map<String, Object> tool : tools) {
            tags.add(tag(begin(ToolFields.nameOf(tool)), arguments(tool), spelling.end()));
        }
        return tags;
    }

    /// A call of a function, up to its arguments.
    private String begin(String name) {
        return spelling.opening()
                + (spelling.quoted() ? RequestJson.write(name) : name)
                + spelling.middle();
    }

    /// A function without parameters has none. Arguments are always an object.
    private static Map<String, Object> arguments(Map<String, Object> tool) {
        Fields function = ToolFields.function(tool);
        Map<String, Object> schema = new LinkedHashMap<>(function.object("parameters"));
        if (schema.isEmpty()) {
            schema.put("additionalProperties", false);
        }
        schema.putIfAbsent(TYPE, OBJECT);
        Map<String, Object> content = object(JSON_SCHEMA, JSON_SCHEMA, schema);
        function.flag(STRICT).ifPresent(strict -> content.put(STRICT, strict));
        return content;
    }

    private static Map<String, Object> tag(String begin, Map<String, Object> content, String end) {
        Map<String, Object> tag = object("tag", "begin", begin);
        tag.put("content", content);
        tag.put("end", end);
        return tag;
    }

    private static Map<String, Object> constant(String text) {
        return object("const_string", "value", text);
    }

    private static Map<String, Object> object(String type, String name, Object value) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put(TYPE, type);
        object.put(name, value);
        return object;
    }
}
