package dev.sluice.openai.parsers;

import java.util.List;
import java.util.Optional;

/// An output and what it must be told apart into.
///
/// @param called what `calledTools` must say
record Transcript(
        String title,
        Speaker speaker,
        String reasoning,
        String content,
        List<String> names,
        List<String> arguments,
        boolean called) {

    static Transcript of(String title, String reasoning, String tools, String output) {
        ParserSettings settings =
                new ParserSettings(named(reasoning), named(tools), true, true, true);
        return new Transcript(
                title,
                new Speaker(settings, "", output, false),
                "",
                "",
                List.of(),
                List.of(),
                false);
    }

    private static Optional<String> named(String name) {
        return Optional.of(name).filter(n -> !n.isEmpty());
    }

    Transcript after(String prompt) {
        return with(new Speaker(speaker.settings(), prompt, speaker.output(), speaker.truncated()));
    }

    Transcript cutOff() {
        return with(new Speaker(speaker.settings(), speaker.prompt(), speaker.output(), true));
    }

    Transcript asked(boolean thinking, boolean parallel) {
        ParserSettings old = speaker.settings();
        ParserSettings settings =
                new ParserSettings(
                        old.reasoning(), old.toolCalls(), thinking, parallel, old.stream());
        return with(new Speaker(settings, speaker.prompt(), speaker.output(), speaker.truncated()));
    }

    /// The same for an answer that is told as a whole.
    Transcript told() {
        ParserSettings old = speaker.settings();
        ParserSettings settings =
                new ParserSettings(
                        old.reasoning(),
                        old.toolCalls(),
                        old.thinking(),
                        old.parallelToolCalls(),
                        false);
        return with(new Speaker(settings, speaker.prompt(), speaker.output(), speaker.truncated()));
    }

    /// The same for an answer that a grammar forms; to be said last.
    Transcript guided() {
        return with(
                new Speaker(
                        speaker.settings().whenGuided(),
                        speaker.prompt(),
                        speaker.output(),
                        speaker.truncated()));
    }

    /// The same for an answer that must be calls and nothing else; to be said last.
    Transcript callsOnly() {
        return with(
                new Speaker(
                        speaker.settings().whenCallsOnly(),
                        speaker.prompt(),
                        speaker.output(),
                        speaker.truncated()));
    }

    Transcript thinks(String text) {
        return new Transcript(title, speaker, text, content, names, arguments, called);
    }

    Transcript says(String text) {
        return new Transcript(title, speaker, reasoning, text, names, arguments, called);
    }

    Transcript calls(List<String> functions, List<String> json, boolean complete) {
        return new Transcript(title, speaker, reasoning, content, functions, json, complete);
    }

    private Transcript with(Speaker other) {
        return new Transcript(title, other, reasoning, content, names, arguments, called);
    }

    /// What a parser must give.
    String expected() {
        return "reasoning=[%s] content=[%s] names=%s arguments=%s called=%s"
                .formatted(reasoning, content, names, arguments, called);
    }

    @Override
    public String toString() {
        return title;
    }
}
