package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.chat.ChatTemplate;
import dev.sluice.embed.Prompts;
import dev.sluice.testing.ByteTokenizer;
import dev.sluice.tokenizer.TokenIds;

import org.junit.jupiter.api.Test;

import java.util.Map;
import java.util.Optional;

final class ConversationTest {
    private static final int MAX_MODEL_LEN = 100;
    private static final ChatTemplate TEMPLATE =
            ChatTemplate.compile(
                    "{% for m in messages %}{{ m.role }}:{{ m.content }}|{% endfor %}");

    @Test
    void remembersWhatBothSaid() {
        Conversation talk = conversation(Optional.of("be kind"));

        String first = text(talk.ask("a"));
        talk.answered("b");
        String second = text(talk.ask("c"));

        assertThat(first).isEqualTo("system:be kind|user:a|");
        assertThat(second).isEqualTo("system:be kind|user:a|assistant:b|user:c|");
    }

    @Test
    void forgetsEverythingButItsPartWhenReset() {
        Conversation talk = conversation(Optional.of("be kind"));
        talk.ask("a");
        talk.answered("b");

        talk.reset();

        assertThat(text(talk.ask("c"))).isEqualTo("system:be kind|user:c|");
    }

    @Test
    void forgetsTheOldestTurnsWhereThereIsNoRoomForAnAnswer() {
        Conversation talk = conversation(Optional.empty());
        talk.ask("the very first one");
        talk.answered("answer");

        String prompt = text(talk.ask("second"));

        assertThat(prompt).isEqualTo("user:second|");
    }

    @Test
    void refusesWhatIsTooLongAndForgetsIt() {
        Conversation talk = conversation(Optional.empty());

        assertThatThrownBy(() -> talk.ask("x".repeat(MAX_MODEL_LEN)))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("for a context of 100");

        assertThat(text(talk.ask("y"))).isEqualTo("user:y|");
    }

    @Test
    void aRefusedLineLeavesTheTalkAsItWas() {
        Conversation talk = conversation(Optional.empty());
        talk.ask("a");
        talk.answered("b");

        assertThatThrownBy(() -> talk.ask("x".repeat(MAX_MODEL_LEN))).isInstanceOf(Refusal.class);

        assertThat(text(talk.ask("c"))).isEqualTo("user:a|assistant:b|user:c|");
    }

    @Test
    void forgetsALineThatTheTemplateRefuses() {
        ChatTemplate choosy =
                ChatTemplate.compile(
                        "{% for m in messages %}{% if m.content == 'bad' %}"
                                + "{{ raise_exception('no') }}{% endif %}"
                                + "{{ m.content }}|{% endfor %}");
        Conversation talk =
                new Conversation(prompts(Optional.of(choosy)), MAX_MODEL_LEN, Optional.empty());

        assertThatThrownBy(() -> talk.ask("bad")).isInstanceOf(Refusal.class);

        assertThat(text(talk.ask("good"))).isEqualTo("good|");
    }

    @Test
    void saysThatAModelWithoutATemplateCannotChat() {
        Prompts prompts = prompts(Optional.empty());

        assertThatThrownBy(() -> new Conversation(prompts, MAX_MODEL_LEN, Optional.empty()))
                .isInstanceOf(Refusal.class)
                .hasMessage("tiny has no chat template; continue text with: sluice generate");
    }

    private static Conversation conversation(Optional<String> system) {
        return new Conversation(prompts(Optional.of(TEMPLATE)), MAX_MODEL_LEN, system);
    }

    private static Prompts prompts(Optional<ChatTemplate> template) {
        return new Prompts("tiny", new ByteTokenizer(), template, Map.of());
    }

    private static String text(TokenIds prompt) {
        return new ByteTokenizer().decode(prompt, true);
    }
}
