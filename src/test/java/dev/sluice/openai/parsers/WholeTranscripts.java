package dev.sluice.openai.parsers;

import java.util.List;

/// Answers that are told as a whole: an end of the thinking that nothing has begun splits them, and
/// without one nothing is thinking.
final class WholeTranscripts {
    private static final String CALL =
            "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>";
    private static final List<String> NAMES = List.of("f");
    private static final List<String> ARGUMENTS = List.of("{\"a\":1}");

    private WholeTranscripts() {}

    static List<Transcript> all() {
        return List.of(
                Transcript.of("whole deepseek: end alone", "deepseek", "", "嗯 \n</think>\n ok\n")
                        .told()
                        .thinks("嗯 \n")
                        .says("ok"),
                Transcript.of("whole deepseek: nothing before the end", "deepseek", "", "</think>a")
                        .told()
                        .says("a"),
                Transcript.of("whole deepseek: no markers", "deepseek", "", " Hello 😀 ")
                        .told()
                        .says(" Hello 😀 "),
                Transcript.of("whole deepseek: both markers", "deepseek", "", "<think>a</think>b")
                        .told()
                        .thinks("a")
                        .says("b"),
                Transcript.of("whole deepseek: closed by the prompt", "deepseek", "", "a</think>b")
                        .after("hi|assistant\n<think>\n\n</think>\n\n")
                        .told()
                        .says("a</think>b"),
                Transcript.of("whole qwen3: not asked, and thinks", "qwen3", "", " a </think> b ")
                        .asked(false, true)
                        .told()
                        .thinks("a")
                        .says("b"),
                Transcript.of("whole qwen3: no markers", "qwen3", "hermes", " It is <4>. ")
                        .told()
                        .says(" It is <4>. "),
                Transcript.of(
                                "whole qwen3: text, then a call",
                                "qwen3",
                                "hermes",
                                "I look. " + CALL)
                        .told()
                        .says("I look.")
                        .calls(NAMES, ARGUMENTS, true),
                Transcript.of(
                                "whole qwen3: a call that was only thought of",
                                "qwen3",
                                "hermes",
                                "I may " + CALL + "</think>No.")
                        .told()
                        .thinks("I may " + CALL)
                        .says("No."),
                Transcript.of("whole qwen3: second end is text", "qwen3", "", "a</think>b</think>c")
                        .told()
                        .thinks("a")
                        .says("b</think>c"),
                Transcript.of("whole qwen3: a late start is text", "qwen3", "", "a<think>b")
                        .told()
                        .says("a<think>b"),
                Transcript.of("whole vl: no markers", "ernie-45-vl", "", "a\n").told().says("a\n"),
                Transcript.of(
                                "whole x1: end alone",
                                "ernie-x1",
                                "",
                                "a</think><response>b</response>")
                        .told()
                        .thinks("a")
                        .says("b"),
                Transcript.of("whole x1: response alone", "ernie-x1", "", "<response>b</response>")
                        .told()
                        .says("b"));
    }
}
