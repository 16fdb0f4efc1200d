package dev.sluice.openai.parsers;

import java.util.List;
import java.util.stream.Stream;

/// Answers that a grammar forms: markers in them are text, unless the answer's first token opens
/// the thinking.
final class GuidedTranscripts {
    private static final String NESTED = "{\"t\":\"<think>x</think>y\"}";
    private static final String CALL = "{\"t\":\"<tool_call><response>\"}";

    private GuidedTranscripts() {}

    static List<Transcript> all() {
        return Stream.of("qwen3", "deepseek", "ernie-45-vl", "ernie-45-vl-thinking", "ernie-x1")
                .flatMap(GuidedTranscripts::of)
                .flatMap(t -> Stream.of(t.guided(), t.told().guided()))
                .toList();
    }

    private static Stream<Transcript> of(String name) {
        return Stream.of(
                Transcript.of("guided " + name + ": an end in a text", name, "", "\"a </think> b\"")
                        .says("\"a </think> b\""),
                Transcript.of("guided " + name + ": both in a text", name, "", NESTED).says(NESTED),
                Transcript.of("guided " + name + ": an end at once", name, "", "</think>b")
                        .says("</think>b"),
                Transcript.of("guided " + name + ": behind white space", name, "", "\n<think>b")
                        .says("\n<think>b"),
                Transcript.of(
                                "guided " + name + ": not asked to think",
                                name,
                                "",
                                "<think>x</think>")
                        .asked(false, true)
                        .says("<think>x</think>"),
                Transcript.of("guided " + name + ": closed by the prompt", name, "", "<think>x")
                        .after("hi|assistant\n<think>\n\n</think>\n\n")
                        .says("<think>x"),
                Transcript.of("guided " + name + ": opened", name, "", "a</think>" + NESTED)
                        .after("hi|assistant\n<think>")
                        .thinks("a")
                        .says(NESTED),
                Transcript.of("guided " + name + ": other markers", name, "", CALL).says(CALL));
    }
}
