package dev.sluice.openai;

import dev.sluice.engine.ApiException.InvalidRequest;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// How a chat wants its messages made into a prompt.
///
/// @param source a template of the request's own
/// @param disabled the first message is the prompt
/// @param continueLast the answer continues the last message
/// @param variables what the template sees beside messages and tools
record TemplateFields(
        Optional<String> source,
        boolean disabled,
        boolean continueLast,
        Map<String, Object> variables) {
    private static final String ADD_GENERATION_PROMPT = "add_generation_prompt";
    private static final String REASONING_EFFORT = "reasoning_effort";

    /// @throws InvalidRequest naming the field
    static TemplateFields of(Fields fields, ThinkingFields thinking) {
        boolean continueLast = fields.flag("continue_final_message", false);
        if (continueLast && fields.flag(ADD_GENERATION_PROMPT, false)) {
            throw Invalid.field(
                    "continue_final_message",
                    "Value error, Cannot set both `continue_final_message` and"
                            + " `add_generation_prompt` to True.");
        }
        Map<String, Object> variables = new LinkedHashMap<>(fields.object("chat_template_kwargs"));
        fields.text(REASONING_EFFORT)
                .ifPresent(effort -> variables.putIfAbsent(REASONING_EFFORT, effort));
        thinking.wanted().ifPresent(on -> variables.put(ThinkingFields.ENABLE_THINKING, on));
        if (continueLast) {
            variables.put(ADD_GENERATION_PROMPT, false);
        } else {
            variables.putIfAbsent(ADD_GENERATION_PROMPT, fields.flag(ADD_GENERATION_PROMPT, true));
        }
        return new TemplateFields(
                fields.text("chat_template"),
                fields.flag("disable_chat_template", false),
                continueLast,
                variables);
    }
}
