package dev.sluice.openai;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.chat.TemplateException;
import dev.sluice.engine.ApiException.InvalidRequest;
import dev.sluice.tokenizer.TokenIds;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/// Turns chats into prompts for one model.
///
/// @param model with its template and tokenizer
/// @param unread tells the log what the model's template does not read
record ChatPrompts(ServedModel model, UnreadVariables unread) {
    private static final String MESSAGES = "messages";
    private static final String CONTENT = "content";
    private static final String TOOLS = "tools";
    private static final String CONTINUE = "continue_final_message";

    /// Chars that a request's own template may make of nothing, and of each that it is given. What
    /// takes memory and time behind it is bounded by the body otherwise.
    private static final int TEMPLATE_CHARS = 1 << 20;

    private static final int TEMPLATE_CHARS_PER_CHAR = 4;

    /// How many times as far the next look at a long text goes.
    private static final int FURTHER = 4;

    /// @throws InvalidRequest naming the field
    ReadyPrompt prompt(ChatRequest request) {
        ReadyPrompt prompt =
                request.promptTokenIds().size() > 0
                        ? ReadyPrompt.of(request.promptTokenIds())
                        : fromMessages(
                                request.messages(),
                                request.template(),
                                request.tools().tools(),
                                request.shared().stops());
        return prompt.followedBy(request.completionTokenIds(), model.tokenizer());
    }

    /// Where a refusal of the prompt points to.
    static String field(ChatRequest request) {
        return request.promptTokenIds().size() > 0 ? request.idsField() : MESSAGES;
    }

    /// @param tools what the model may call
    /// @throws InvalidRequest naming the field
    ReadyPrompt fromMessages(
            List<Map<String, Object>> messages,
            TemplateFields fields,
            List<Map<String, Object>> tools,
            StopFields lengths) {
        String text;
        try {
            text = rendered(messages, fields, tools);
        } catch (TemplateException e) {
            throw tooLong(messages, fields, lengths, e).orElseGet(() -> refusal(fields, e));
        }
        ReadyPrompt prompt = new LengthRules(model).encode(text, false, lengths, MESSAGES);
        if (prompt.ids().size() == 0) {
            throw Invalid.field(
                    MESSAGES,
                    fields.disabled()
                            ? "messages[0].content is the prompt, but is empty."
                            : "The chat template made an empty prompt of these.");
        }
        return prompt;
    }

    /// The text of the prompt.
    ///
    /// @throws InvalidRequest naming the field
    String text(
            List<Map<String, Object>> messages,
            TemplateFields fields,
            List<Map<String, Object>> tools) {
        try {
            return rendered(messages, fields, tools);
        } catch (TemplateException e) {
            throw refusal(fields, e);
        }
    }

    private static InvalidRequest refusal(TemplateFields fields, TemplateException problem) {
        return Invalid.field(
                fields.source().isPresent() ? "chat_template" : MESSAGES, problem.text());
    }

    /// What to say where the model's own template went past a limit, and messages that are too long
    /// by themselves are the cause. Their beginning is enough to tell.
    private Optional<InvalidRequest> tooLong(
            List<Map<String, Object>> messages,
            TemplateFields fields,
            StopFields lengths,
            TemplateException problem) {
        if (!problem.isLimit() || fields.source().isPresent()) {
            return Optional.empty();
        }
        String all = messages.stream().map(ChatPrompts::content).collect(Collectors.joining());
        int max = model.maxModelLen();
        LengthRules rules = new LengthRules(model);
        int known = 0;
        for (long end = max; known < max && end < FURTHER * (long) all.length(); end *= FURTHER) {
            String beginning = all.substring(0, (int) Math.min(end, all.length()));
            known = rules.encode(beginning, false, lengths, MESSAGES).ids().size();
        }
        return known < max
                ? Optional.empty()
                : Optional.of(Invalid.tooLong(MESSAGES, LengthRules.past(known, max)));
    }

    private String rendered(
            List<Map<String, Object>> messages,
            TemplateFields fields,
            List<Map<String, Object>> tools) {
        return fields.disabled() ? content(messages.getFirst()) : render(messages, fields, tools);
    }

    private String render(
            List<Map<String, Object>> messages,
            TemplateFields fields,
            List<Map<String, Object>> tools) {
        Map<String, Object> said = new LinkedHashMap<>(fields.variables());
        if (!tools.isEmpty()) {
            said.put(TOOLS, tools);
        }
        Map<String, Object> variables = variables(said);
        if (!fields.continueLast()) {
            variables.put(MESSAGES, messages);
            return render(fields, said, variables);
        }
        String mark = UUID.randomUUID().toString();
        variables.put(MESSAGES, withMark(messages, mark + " "));
        return beforeMark(render(fields, said, variables), mark);
    }

    /// Templates know `tools` and `documents` as none where there are none.
    private Map<String, Object> variables(Map<String, Object> said) {
        Map<String, Object> variables = new LinkedHashMap<>();
        RequestJson.putNull(variables, "documents");
        RequestJson.putNull(variables, TOOLS);
        variables.putAll(model.specialTokens());
        if (model.options().reasoningParser().isPresent()) {
            // Such a model thinks unless somebody says no; templates must think so, too.
            variables.put(ThinkingFields.ENABLE_THINKING, true);
        }
        variables.putAll(model.options().defaultTemplateVariables());
        variables.putAll(said);
        return variables;
    }

    /// @param said what the request itself says
    private String render(
            TemplateFields fields, Map<String, Object> said, Map<String, Object> variables) {
        ChatTemplate template = template(fields);
        if (fields.source().isEmpty()) {
            unread.check(template, said);
        }
        String text = template.render(variables);
        if (fields.source().isPresent()) {
            checkLength(text, variables);
        }
        return text;
    }

    private static void checkLength(String text, Map<String, Object> variables) {
        if (text.length() > TEMPLATE_CHARS) {
            long most = TEMPLATE_CHARS + TEMPLATE_CHARS_PER_CHAR * chars(variables);
            if (text.length() > most) {
                throw Invalid.field(
                        "chat_template",
                        "The chat template makes %d characters of this request; it may make up to %d."
                                .formatted(text.length(), most));
            }
        }
    }

    private static long chars(Object value) {
        return switch (value) {
            case String text -> text.length();
            case Map<?, ?> map ->
                    map.entrySet().stream()
                            .mapToLong(e -> chars(e.getKey()) + chars(e.getValue()))
                            .sum();
            case List<?> list -> list.stream().mapToLong(ChatPrompts::chars).sum();
            case null, default -> 1;
        };
    }

    private ChatTemplate template(TemplateFields fields) {
        return fields.source()
                .map(ChatTemplate::compile)
                .or(model::template)
                .orElseThrow(() ->
                        Invalid.field(MESSAGES, "This model does not support chat_template."));
    }

    /// A mark after the last message shows where the template put it.
    private static List<Map<String, Object>> withMark(
            List<Map<String, Object>> messages, String mark) {
        List<Map<String, Object>> marked = new ArrayList<>(messages);
        Map<String, Object> last = new LinkedHashMap<>(marked.removeLast());
        last.put(CONTENT, content(last) + mark);
        marked.add(last);
        return marked;
    }

    /// A template that trims what it is given has swallowed the space after the mark, and so would
    /// have swallowed the space before it.
    private static String beforeMark(String text, String mark) {
        int at = text.lastIndexOf(mark);
        if (at < 0) {
            throw Invalid.field(
                    CONTINUE,
                    "The chat template doesn't show the last message, which is to be continued.");
        }
        String before = text.substring(0, at);
        return text.startsWith(mark + " ", at) ? before : before.stripTrailing();
    }

    private static String content(Map<String, Object> message) {
        return String.valueOf(message.getOrDefault(CONTENT, ""));
    }

    /// @throws InvalidRequest if an id is none of the model's
    void checkIds(ChatRequest request) {
        check(request.idsField(), request.promptTokenIds());
        check(ChatRequest.COMPLETION_IDS, request.completionTokenIds());
    }

    private void check(String field, TokenIds ids) {
        TokenLists.check(field, ids, model.tokenizer().vocabulary());
    }
}
