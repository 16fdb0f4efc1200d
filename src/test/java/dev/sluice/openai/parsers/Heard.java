package dev.sluice.openai.parsers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;

/// What a client has when the output is over.
final class Heard {
    private final StringBuilder reasoning = new StringBuilder();
    private final StringBuilder content = new StringBuilder();
    private final List<String> names = new ArrayList<>();
    private final List<StringBuilder> arguments = new ArrayList<>();

    void add(ParsedPiece piece) {
        reasoning.append(piece.reasoning());
        content.append(piece.content());
        for (ToolCallDelta delta : piece.toolCalls()) {
            add(delta);
        }
        for (String text : List.of(piece.reasoning(), piece.content())) {
            assertThat(text.isEmpty() || !Character.isHighSurrogate(text.charAt(text.length() - 1)))
                    .as("a whole character at the end of %s", text)
                    .isTrue();
        }
    }

    private void add(ToolCallDelta delta) {
        delta.begin()
                .ifPresent(begin -> {
                    assertThat(delta.index()).isEqualTo(names.size());
                    assertThat(begin.id()).isEqualTo("id-" + delta.index());
                    names.add(begin.name());
                    arguments.add(new StringBuilder());
                });
        assertThat(delta.begin().isPresent() || !delta.arguments().isEmpty()).isTrue();
        arguments.get(delta.index()).append(delta.arguments());
    }

    String reasoning() {
        return reasoning.toString();
    }

    String content() {
        return content.toString();
    }

    List<String> names() {
        return List.copyOf(names);
    }

    List<String> arguments() {
        return arguments.stream().map(StringBuilder::toString).toList();
    }

    @Override
    public String toString() {
        return "reasoning=[%s] content=[%s] names=%s arguments=%s"
                .formatted(reasoning, content, names, arguments);
    }
}
