package dev.sluice.cli;

import dev.sluice.embed.Prompts;
import dev.sluice.tokenizer.TextTooLongException;
import dev.sluice.tokenizer.TokenIds;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a person and a model have said. Forgets the oldest turns where the context has no room for
/// them.
final class Conversation {
    private static final String ROLE = "role";
    private static final String CONTENT = "content";

    /// Tokens that an answer should have room for.
    private static final int ROOM = 256;

    private final Prompts prompts;
    private final int maxModelLen;
    private final Optional<Map<String, Object>> system;
    private List<Map<String, Object>> turns = new ArrayList<>();

    /// The turns with what was asked last.
    private List<Map<String, Object>> asked = new ArrayList<>();

    /// @param maxModelLen most tokens of prompt and answer
    /// @param system what the model is told about its part
    /// @throws Refusal if the model is not made for chats
    Conversation(Prompts prompts, int maxModelLen, Optional<String> system) {
        this.prompts = prompts;
        this.maxModelLen = maxModelLen;
        this.system = system.map(text -> message("system", text));
        if (!prompts.canChat()) {
            throw new Refusal(
                    prompts.name() + " has no chat template; continue text with: sluice generate");
        }
    }

    /// Forgets everything.
    void reset() {
        turns.clear();
    }

    /// Takes what the person says. It is remembered with its answer, so that a refused one leaves
    /// no trace.
    ///
    /// @return the prompt for the model's answer
    /// @throws Refusal if it does not fit into the context
    TokenIds ask(String text) {
        List<Map<String, Object>> talk = new ArrayList<>(turns);
        talk.add(message("user", text));
        TokenIds prompt = render(talk);
        while (prompt.size() + Math.min(ROOM, maxModelLen / 2) > maxModelLen && talk.size() > 2) {
            talk.removeFirst();
            talk.removeFirst();
            prompt = render(talk);
        }
        if (prompt.size() >= maxModelLen) {
            throw new Refusal(
                    "That is too long: %d tokens for a context of %d."
                            .formatted(prompt.size(), maxModelLen));
        }
        asked = talk;
        return prompt;
    }

    /// Takes what the model said to what was asked last.
    void answered(String text) {
        turns = asked;
        turns.add(message("assistant", text));
    }

    private TokenIds render(List<Map<String, Object>> talk) {
        List<Map<String, Object>> messages = new ArrayList<>();
        system.ifPresent(messages::add);
        messages.addAll(talk);
        try {
            return prompts.chat(messages);
        } catch (TextTooLongException e) {
            throw new Refusal(e.text());
        } catch (IllegalArgumentException e) {
            throw new Refusal("The model's chat template refuses this: " + e.getMessage());
        }
    }

    private static Map<String, Object> message(String role, String text) {
        return Map.of(ROLE, role, CONTENT, text);
    }
}
