package dev.sluice.openai.parsers;

import java.util.List;

/// Calls as Hermes and Qwen write them, right and wrong.
final class TaggedCallTranscripts {
    private static final String HERMES = "hermes";
    private static final String HOSTILE =
            "{\"code\": \"if (a) { b[\\\"}\\\"] } \\\\\", \"n\": [1, -2.5e+3, [], {}], "
                    + "\"u\": \"\\u4f60\\ud83d\\ude00 😀 </tool_call> <tool_call>\", \"z\": null}";

    /// The same without white space between its tokens.
    private static final String COMPACT =
            "{\"code\":\"if (a) { b[\\\"}\\\"] } \\\\\",\"n\":[1,-2.5e+3,[],{}],"
                    + "\"u\":\"\\u4f60\\ud83d\\ude00 😀 </tool_call> <tool_call>\",\"z\":null}";

    private TaggedCallTranscripts() {}

    private static String call(String json) {
        return "<tool_call>\n" + json + "\n</tool_call>";
    }

    private static Transcript of(String title, String output) {
        return Transcript.of(title, "", HERMES, output);
    }

    private static Transcript one(String title, String output, String name, String arguments) {
        return of(title, output).calls(List.of(name), List.of(arguments), true);
    }

    static List<Transcript> all() {
        return List.of(
                one(
                        "braces, escapes and markers in strings",
                        call("{\"name\": \"run\", \"arguments\": " + HOSTILE + "}"),
                        "run",
                        COMPACT),
                one(
                                "text before is content",
                                "查一下 🔍\n\n" + call("{\"name\": \"f\", \"arguments\": {}}"),
                                "f",
                                "{}")
                        .says("查一下 🔍"),
                one(
                        "arguments before the name",
                        call("{\"arguments\": {\"a\": {\"b\": [true, false]}}, \"name\": \"f\"}"),
                        "f",
                        "{\"a\":{\"b\":[true,false]}}"),
                one("no arguments", call("{\"name\": \"now\"}"), "now", "{}"),
                one(
                        "null arguments",
                        call("{\"name\": \"now\", \"arguments\": null}"),
                        "now",
                        "{}"),
                one(
                        "arguments in a string",
                        call("{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": \\\"你\\\"}\"}"),
                        "f",
                        "{\"a\":\"你\"}"),
                one(
                        "a number for arguments",
                        call("{\"name\": \"f\", \"arguments\": 7}"),
                        "f",
                        "7"),
                one(
                        "other keys",
                        call(
                                "{\"id\": 12, \"x\": {\"name\": \"no\"}, \"name\": \"f\\u0031\\n\", \"arguments\": {\"name\": \"g\"}, \"y\": [\"}\"]}"),
                        "f1\n",
                        "{\"name\":\"g\"}"),
                one(
                        "the closing marker is missing",
                        "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1}}",
                        "f",
                        "{\"a\":1}"),
                of(
                                "two calls and text between",
                                call("{\"name\": \"f\", \"arguments\": {\"i\": 1}}")
                                        + "\nand\n"
                                        + call("{\"name\": \"g\", \"arguments\": {\"i\":2 }}")
                                        + " done")
                        .calls(List.of("f", "g"), List.of("{\"i\":1}", "{\"i\":2}"), true),
                of(
                                "only the first of two",
                                call("{\"name\": \"f\", \"arguments\": {\"i\": 1}}")
                                        + call("{\"name\": \"g\", \"arguments\": {\"i\": 2}}"))
                        .asked(true, false)
                        .calls(List.of("f"), List.of("{\"i\":1}"), true),
                of("no call at all", "a < b <tool>\n").says("a < b <tool>\n"),
                of("white space only", " \n").says(" \n"),
                of("not JSON", "x\n<tool_call>oops {</tool_call> y")
                        .says("x\n<tool_call>oops {</tool_call> y"),
                of("JSON without a name", call("{\"arguments\": {\"a\": 1}}"))
                        .says(call("{\"arguments\": {\"a\": 1}}")),
                of("a name that is no string", call("{\"name\": 5, \"arguments\": {}}"))
                        .says(call("{\"name\": 5, \"arguments\": {}}")),
                of(
                                "wrong, then right",
                                "<tool_call>{]</tool_call>\n"
                                        + call("{\"name\": \"f\", \"arguments\": {}}"))
                        .says("<tool_call>{]</tool_call>")
                        .calls(List.of("f"), List.of("{}"), true),
                of(
                                "wrong arguments end where they go wrong",
                                call("{\"name\": \"f\", \"arguments\": {\"a\": 'x'}}"))
                        .calls(List.of("f"), List.of("{\"a\":"), false),
                of(
                                "a marker outside of strings ends the call",
                                "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": [1,</tool_call>\n")
                        .calls(List.of("f"), List.of("{\"a\":[1,"), false),
                of(
                                "cut off after a comma",
                                "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1, ")
                        .cutOff()
                        .calls(List.of("f"), List.of("{\"a\":1,"), false),
                of(
                                "cut off inside a string",
                                "<tool_call>{\"name\": \"f\", \"arguments\": {\"城\": {\"b\": \"北\\u4e")
                        .cutOff()
                        .calls(List.of("f"), List.of("{\"城\":{\"b\":\"北\\u4e"), false),
                of("cut off after the name", "<tool_call>{\"name\": \"f\"")
                        .cutOff()
                        .calls(List.of("f"), List.of(""), false),
                of("cut off before the name", "a <tool_call>{\"na").cutOff().says("a"),
                of("cut off in what may be a marker", "a <tool_c").cutOff().says("a <tool_c"),
                of("cut off in what must be a marker", "<tool_c").cutOff().callsOnly(),
                of(
                                "cut off in the next marker",
                                "<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>\n<tool_c")
                        .cutOff()
                        .calls(List.of("f"), List.of("{}"), true)
                        .callsOnly(),
                of("ended before the name", "a <tool_call>{\"na").says("a <tool_call>{\"na"),
                Transcript.of(
                                "after thinking",
                                "qwen3",
                                "qwen3",
                                "<think>\n我想 <tool_call>\n</think>\n\n"
                                        + call("{\"name\": \"f\", \"arguments\": {\"e\": \"🎉\"}}"))
                        .thinks("我想 <tool_call>")
                        .calls(List.of("f"), List.of("{\"e\":\"🎉\"}"), true),
                Transcript.of(
                                "without thinking",
                                "qwen3",
                                "qwen3",
                                call("{\"name\": \"f\", \"arguments\": {}}"))
                        .calls(List.of("f"), List.of("{}"), true));
    }
}
