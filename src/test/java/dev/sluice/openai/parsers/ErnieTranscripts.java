package dev.sluice.openai.parsers;

import java.util.List;

/// ERNIE's formats, with and without calls.
final class ErnieTranscripts {
    private static final String OPEN = "hi|assistant\n<think>\n";
    private static final String CALL =
            "<tool_call>\n{\"name\": \"查天气\", \"arguments\": {\"城市\": \"北京\"}}\n</tool_call>\n";
    private static final List<String> NAMES = List.of("查天气");
    private static final List<String> ARGUMENTS = List.of("{\"城市\":\"北京\"}");

    private ErnieTranscripts() {}

    static List<Transcript> all() {
        return List.of(
                Transcript.of(
                                "x1: response",
                                "ernie-x1",
                                "",
                                "想\n</think>\n\n\n<response>\n好 👍\n</response>\n")
                        .after(OPEN)
                        .thinks("想\n")
                        .says("\n好 👍\n"),
                Transcript.of("x1: no end", "ernie-x1", "ernie-x1", "a\n<response>b")
                        .thinks("a\n<response>b"),
                Transcript.of(
                                "x1: open response",
                                "ernie-x1",
                                "",
                                "a</think><response>b <tool_call>")
                        .cutOff()
                        .thinks("a")
                        .says("b <tool_call>"),
                Transcript.of("x1: call", "ernie-x1", "ernie-x1", "想</think>\n\n" + CALL + CALL)
                        .thinks("想")
                        .calls(
                                List.of("查天气", "查天气"),
                                List.of(ARGUMENTS.get(0), ARGUMENTS.get(0)),
                                true),
                Transcript.of("x1: unwanted call", "ernie-x1", "", "想</think>\n" + CALL)
                        .thinks("想"),
                Transcript.of(
                                "x1: response, then call",
                                "ernie-x1",
                                "ernie-x1",
                                "想</think><response>a</response>\n" + CALL)
                        .thinks("想")
                        .says("a"),
                Transcript.of(
                                "x1: text outside",
                                "ernie-x1",
                                "",
                                "想</think> b <response>a</response> c")
                        .thinks("想")
                        .says("a"),
                Transcript.of("x1: not asked to think", "ernie-x1", "", "\nplain answer")
                        .asked(false, true)
                        .says("\nplain answer"),
                Transcript.of(
                                "x1 tools alone: response before a call",
                                "",
                                "ernie-x1",
                                "t</think><response>a</response>\n" + CALL)
                        .says("t</think><response>a</response>\n" + CALL),
                Transcript.of("x1 tools alone: call", "", "ernie-x1", "t</think>\n\n" + CALL)
                        .says("t</think>")
                        .calls(NAMES, ARGUMENTS, true),
                Transcript.of(
                                "vl: split at the first marker",
                                "ernie-45-vl",
                                "",
                                "a\n</think>\n\nb</think>")
                        .after(OPEN)
                        .thinks("a\n")
                        .says("\n\nb</think>"),
                Transcript.of("vl: not asked to think", "ernie-45-vl", "", "a\n")
                        .asked(false, true)
                        .says("a\n"),
                Transcript.of(
                                "vl thinking: line breaks, then call",
                                "ernie-45-vl-thinking",
                                "ernie-45-vl-thinking",
                                "a\n</think>\n\n\n" + CALL)
                        .after(OPEN)
                        .thinks("a\n")
                        .calls(NAMES, ARGUMENTS, true),
                Transcript.of(
                                "vl thinking: misspelt",
                                "erine-45-vl-thinking",
                                "ernie-45-vl-thinking",
                                "a</think>" + CALL + "\nmore")
                        .thinks("a")
                        .calls(NAMES, ARGUMENTS, true),
                Transcript.of(
                                "vl thinking: text before the call",
                                "ernie-45-vl-thinking",
                                "ernie-45-vl-thinking",
                                "a</think>\nb\n" + CALL)
                        .thinks("a")
                        .says("\nb\n" + CALL),
                Transcript.of(
                                "vl thinking: a space is text",
                                "ernie-45-vl-thinking",
                                "ernie-45-vl-thinking",
                                "a</think> \n" + CALL)
                        .thinks("a")
                        .says(" \n" + CALL),
                Transcript.of(
                                "vl thinking: unwanted call",
                                "ernie-45-vl-thinking",
                                "",
                                "a</think>\n" + CALL)
                        .thinks("a"),
                Transcript.of(
                                "vl thinking: answer",
                                "ernie-45-vl-thinking",
                                "",
                                "a</think>\n\nb\n\nc\n")
                        .thinks("a")
                        .says("\n\nb\n\nc\n"),
                Transcript.of(
                                "vl thinking tools alone",
                                "",
                                "ernie-45-vl-thinking",
                                "a</think>\n" + CALL)
                        .says("a</think>")
                        .calls(NAMES, ARGUMENTS, true));
    }
}
