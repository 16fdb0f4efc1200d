package dev.sluice.embed;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.chat.TemplateException;
import dev.sluice.openai.ServedModel;
import dev.sluice.tokenizer.TokenIds;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Turns text and chats into prompts for one model. Immutable and safe for use by several threads.
///
/// @param model whose tokenizer and chat template are used
public record Prompts(ServedModel model) {

    /// Text to be continued, with what the model wants around a text.
    public TokenIds text(String text) {
        return model.tokenizer().encode(text, true);
    }

    /// Whether the model is made for chats.
    public boolean canChat() {
        return model.template().isPresent();
    }

    /// The messages of a chat, for the model to answer.
    ///
    /// @param messages each with `role` and `content`, and whatever else the template knows
    /// @throws IllegalArgumentException if the template refuses them
    /// @throws IllegalStateException if the model is not made for chats
    public TokenIds chat(List<Map<String, Object>> messages) {
        ChatTemplate template =
                model.template()
                        .orElseThrow(
                                () -> new IllegalStateException(model.name() + " has no template"));
        Map<String, Object> variables = new HashMap<>(model.specialTokens());
        putNone(variables, "tools");
        putNone(variables, "documents");
        variables.put("messages", messages);
        variables.put("add_generation_prompt", true);
        return model.tokenizer().encode(render(template, variables), false);
    }

    private static String render(ChatTemplate template, Map<String, Object> variables) {
        try {
            return template.render(variables);
        } catch (TemplateException e) {
            throw new IllegalArgumentException(e.text(), e);
        }
    }

    /// Templates tell a variable that is none from one that is missing.
    @SuppressWarnings("NullAway")
    private static void putNone(Map<String, Object> variables, String name) {
        variables.put(name, null);
    }
}
