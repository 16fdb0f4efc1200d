package dev.sluice.openai.parsers;

import java.util.List;

/// DeepSeek's calls, in both forms.
final class DeepseekTranscripts {
    private static final String BEGIN = CallFormat.CALLS_BEGIN;
    private static final String END = CallFormat.CALLS_END;

    private DeepseekTranscripts() {}

    private static String newer(String name, String json) {
        return CallFormat.CALL_BEGIN + name + CallFormat.SEPARATOR + json + CallFormat.CALL_END;
    }

    private static String older(String name, String json) {
        return newer("function", name + "\n```json\n" + json + "\n```");
    }

    private static Transcript of(String title, String output) {
        return Transcript.of(title, "", "deepseek-v3.1", output);
    }

    static List<Transcript> all() {
        String two = "{\"城市\": \"杭州 ｜ }\", \"x\": {\"y\": [\"<｜tool▁call▁end｜>\"]}}";
        String twoCompact = "{\"城市\":\"杭州 ｜ }\",\"x\":{\"y\":[\"<｜tool▁call▁end｜>\"]}}";
        return List.of(
                of("V3.1: two calls", "好的 \n" + BEGIN + newer("f", "{}") + newer("g", two) + END)
                        .says("好的")
                        .calls(List.of("f", "g"), List.of("{}", twoCompact), true),
                of(
                                "V3: two calls",
                                BEGIN
                                        + older("f", "{\"a\": 1}")
                                        + "\n"
                                        + older("g", two)
                                        + END
                                        + " bye")
                        .calls(List.of("f", "g"), List.of("{\"a\":1}", twoCompact), true),
                of(
                                "the first only",
                                BEGIN + older("f", "{\"a\": 1}") + "\n" + newer("g", two) + END)
                        .asked(true, false)
                        .calls(List.of("f"), List.of("{\"a\":1}"), true),
                of("a function named function", BEGIN + newer("function", " {\"a\": 1}") + END)
                        .calls(List.of("function"), List.of("{\"a\":1}"), true),
                of(
                                "no arguments",
                                BEGIN
                                        + newer("f", "")
                                        + newer("function", "g\n")
                                        + newer("function", "h")
                                        + END)
                        .calls(List.of("f", "g", "h"), List.of("{}", "{}", "{}"), true),
                of("wrong arguments", BEGIN + newer("f", "{\"a\": tru}") + END)
                        .calls(List.of("f"), List.of("{\"a\":tru"), false),
                of(
                                "cut off in the arguments",
                                BEGIN + older("f", "{\"a\": [\"b").replaceFirst("(?s)\n```<.*", ""))
                        .cutOff()
                        .calls(List.of("f"), List.of("{\"a\":[\"b"), false),
                of("arguments that are no object", BEGIN + newer("f", "[1]") + END)
                        .calls(List.of("f"), List.of(""), false),
                of("a fence around nothing", BEGIN + older("f", "") + END)
                        .calls(List.of("f"), List.of("{}"), true),
                of("no call among calls", "a " + BEGIN + "hello").says("a " + BEGIN + "hello"),
                of("no call between calls", "a " + BEGIN + "hello" + END + "b")
                        .says("a " + BEGIN + "hellob"),
                of("text and a call among calls", "a " + BEGIN + "hello" + newer("f", "{}") + END)
                        .says("a")
                        .calls(List.of("f"), List.of("{}"), true),
                of("cut off in a call's marker", "a " + BEGIN + "<｜tool▁ca").cutOff().says("a"),
                of("cut off in text among calls", "a " + BEGIN + "hel")
                        .cutOff()
                        .says("a " + BEGIN + "hel"),
                of("cut off in the name", "a" + BEGIN + CallFormat.CALL_BEGIN + "get_w")
                        .cutOff()
                        .says("a"),
                of("ended in the name", "a" + BEGIN + CallFormat.CALL_BEGIN + "get_w")
                        .says("a" + BEGIN + CallFormat.CALL_BEGIN + "get_w"),
                Transcript.of(
                                "call after thinking",
                                "deepseek",
                                "deepseek",
                                "<think>\n嗯\n</think>\n\n" + BEGIN + newer("f", two) + END)
                        .thinks("\n嗯\n")
                        .calls(List.of("f"), List.of(twoCompact), true),
                Transcript.of(
                                "text between thinking and calls",
                                "deepseek",
                                "deepseek",
                                "<think>h</think>So " + BEGIN + newer("f", "{}") + END)
                        .thinks("h")
                        .says("So " + BEGIN + newer("f", "{}") + END),
                of(
                                "text between thinking and calls, no thinking parser",
                                "h</think>So " + BEGIN + newer("f", "{}") + END)
                        .says("h</think>So " + BEGIN + newer("f", "{}") + END));
    }
}
