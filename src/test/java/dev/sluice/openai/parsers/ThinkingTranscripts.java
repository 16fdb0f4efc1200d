package dev.sluice.openai.parsers;

import java.util.List;

/// Thinking and answers without calls.
final class ThinkingTranscripts {
    private static final String OPEN = "hi|assistant\n<think>\n";
    private static final String CLOSED = "hi|assistant\n<think>\n\n</think>\n\n";

    private ThinkingTranscripts() {}

    static List<Transcript> all() {
        return List.of(
                Transcript.of(
                                "qwen3: both parts",
                                "qwen3",
                                "",
                                "<think>\n想一想 🤔\n</think>\n\n答案 42 \n")
                        .thinks("想一想 🤔")
                        .says("答案 42"),
                Transcript.of("qwen3: begun by the prompt", "qwen3", "", "a < b\n</think>\n\nYes.")
                        .after(OPEN)
                        .thinks("a < b")
                        .says("Yes."),
                Transcript.of("qwen3: begun by none", "qwen3", "", " a </think> b ")
                        .thinks("a")
                        .says("b"),
                Transcript.of("qwen3: ended by the prompt", "qwen3", "", "\nPlain <b>text</b>\n")
                        .after(CLOSED)
                        .says("\nPlain <b>text</b>\n"),
                Transcript.of("qwen3: not asked to think", "qwen3", "", "{\"a\": 1}")
                        .asked(false, true)
                        .says("{\"a\": 1}"),
                Transcript.of("qwen3: thinks though not asked", "qwen3", "", "\n<think>x</think>y")
                        .asked(false, true)
                        .thinks("x")
                        .says("y"),
                Transcript.of("qwen3: nothing thought", "qwen3", "", "<think>\n\n</think>\n\nHello")
                        .says("Hello"),
                Transcript.of(
                                "qwen3: second end is text",
                                "qwen3",
                                "",
                                "a</think>b</think>c<think>")
                        .thinks("a")
                        .says("b</think>c<think>"),
                Transcript.of("qwen3: still thinking", "qwen3", "", "<think>\nso ")
                        .cutOff()
                        .thinks("so"),
                Transcript.of("qwen3: nearly a marker", "qwen3", "", "a </thin k> </think></thin")
                        .thinks("a </thin k>")
                        .says("</thin"),
                Transcript.of("qwen3: earlier turns do not count", "qwen3", "", "Hi")
                        .after("x <think>|user|" + CLOSED)
                        .says("Hi"),
                Transcript.of("deepseek: no markers", "deepseek", "", "Hello 😀").says("Hello 😀"),
                Transcript.of(
                                "deepseek: begun by the prompt",
                                "deepseek-r1",
                                "",
                                "\n嗯 \n</think>\n\nok\n")
                        .after(OPEN)
                        .thinks("\n嗯 \n")
                        .says("ok"),
                Transcript.of("deepseek: start without end", "deepseek_v3.1", "", "<think>hm")
                        .thinks("hm"),
                Transcript.of("deepseek: user wrote a marker", "deepseek", "", "it opens")
                        .after("what is <think>?|assistant\n")
                        .says("it opens"),
                Transcript.of("deepseek: end alone", "deepseek", "", "</think>ok").says("ok"),
                Transcript.of("nothing parsed", "", "", "a<think>b</think> <tool_call>")
                        .says("a<think>b</think> <tool_call>"),
                Transcript.of("empty", "qwen3", "hermes", ""));
    }
}
