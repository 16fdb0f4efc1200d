package dev.sluice.fuzz;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Makes bodies of requests: valid ones, ones at the bounds, and hostile ones. The same seed makes
/// the same bodies. JSON is written by hand, so that it can also be wrong.
final class RequestGenerator {
    private static final int MAX_TOKENS = 6;

    /// Field and values that are valid, at a bound, or just outside.
    private static final List<List<String>> FIELDS =
            List.of(
                    List.of("n", "1", "2", "3", "0", "-1", "129", "1.5", "\"2\"", "null"),
                    List.of("best_of", "1", "2", "0", "null", "[]"),
                    List.of(
                            "temperature",
                            "0",
                            "1",
                            "1e-9",
                            "2",
                            "-0.1",
                            "1e308",
                            "1e999",
                            "\"x\""),
                    List.of("top_p", "0", "0.5", "1", "1.0000001", "-0", "true"),
                    List.of("top_k", "0", "-1", "1", "50", "-2", "99999999999", "2.5"),
                    List.of("min_p", "0", "0.5", "1", "1.5", "null"),
                    List.of("seed", "0", "922337203685477580", "922337203685477581", "-1", "1e3"),
                    List.of("max_tokens", "1", "5", "0", "-10", "10000000", "10.5", "10.0"),
                    List.of("max_completion_tokens", "1", "4", "0", "null"),
                    List.of("min_tokens", "0", "2", "600", "-1"),
                    List.of("frequency_penalty", "0", "2", "-2", "2.1", "null"),
                    List.of("presence_penalty", "0", "2", "-2.1"),
                    List.of("repetition_penalty", "1", "1.3", "0", "-1", "1e30"),
                    List.of(
                            "stop",
                            "\"a\"",
                            "[\"a\",\"\"]",
                            "[1]",
                            "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]"),
                    List.of("stop_token_ids", "[1]", "[[1],[2]]", "[-1]", "[99999999]", "[\"x\"]"),
                    List.of("bad_words", "[\"the\"]", "[\"\"]", "[\" a b\"]", "\"x\""),
                    List.of("bad_words_token_ids", "[5]", "[-5]", "[1e20]"),
                    List.of("logit_bias", "{\"5\":1}", "{\"x\":1}", "{\"5\":1e999}", "{\"-1\":0}"),
                    List.of("logprobs", "true", "false", "0", "3", "-1", "null"),
                    List.of("top_logprobs", "0", "2", "21", "-1", "-2", "true"),
                    List.of("prompt_logprobs", "0", "2", "-2"),
                    List.of("echo", "true", "false", "1"),
                    List.of("stream", "true", "false", "\"yes\""),
                    List.of("stream_options", "{}", "{\"include_usage\":true}", "[]", "{\"x\":1}"),
                    List.of("return_token_ids", "true", "null", "0"),
                    List.of("prompt_token_ids", "[1,2,3]", "[]", "[[1],[2]]", "[-1]", "[1.5]"),
                    List.of("completion_token_ids", "[1]", "[999999]"),
                    List.of(
                            "chat_template",
                            "\"{{ messages }}\"",
                            "\"{% for %}\"",
                            "\"{{ 1/0 }}\"",
                            "7"),
                    List.of(
                            "chat_template_kwargs",
                            "{\"enable_thinking\":false}",
                            "[]",
                            "{\"messages\":1}"),
                    List.of("disable_chat_template", "true", "\"\""),
                    List.of("reasoning_max_tokens", "1", "0", "-1"),
                    List.of("truncate_prompt_tokens", "-1", "2", "0", "null"),
                    List.of("max_streaming_response_tokens", "1", "3", "0"),
                    List.of(
                            "response_format",
                            "{\"type\":\"text\"}",
                            "{\"type\":\"json_object\"}",
                            "{}",
                            "1"),
                    List.of("guided_json", "{}", "\"{\""),
                    List.of("guided_regex", "\"a+\"", "\"(\""),
                    List.of("structured_outputs", "{\"json\": {}}", "{\"regex\": \"(\"}"),
                    List.of(
                            "tools",
                            "[]",
                            "[{}]",
                            "[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]"),
                    List.of("tool_choice", "\"auto\"", "\"none\"", "\"required\"", "{}"),
                    List.of(
                            "logits_processors_args",
                            "{\"logit_bias\":{\"1\":2}}",
                            "{\"logit_bias\":5}"),
                    List.of("metadata", "null", "{\"min_tokens\":1}", "{\"raw_request\":1}", "[]"),
                    List.of("mm_hashes", "[]", "{}"),
                    List.of("user", "\"bob\"", "\"\\n\\u0000\"", "5"),
                    List.of("request_id", "\"r\"", "\"chatcmpl-x\"", "{}"),
                    List.of("model", "\"default\"", "\"null\"", "null", "[]"),
                    List.of("suffix", "\"x\"", "null"),
                    List.of("collect_metrics", "true"),
                    List.of("ignore_eos", "true", "2"),
                    List.of("unknown_field", "{\"deep\":[[[[1]]]]}"));

    private final SplittableRandom random;

    RequestGenerator(long seed) {
        this.random = new SplittableRandom(seed);
    }

    /// What to send where.
    static final class Request {
        private final boolean chat;
        private final byte[] body;

        private Request(boolean chat, byte[] body) {
            this.chat = chat;
            this.body = body;
        }

        /// Whether it is for chats, else for completions.
        boolean isChat() {
            return chat;
        }

        /// May be no JSON.
        byte[] body() {
            return body;
        }
    }

    Request next() {
        boolean chat = random.nextBoolean();
        String body =
                switch (random.nextInt(12)) {
                    case 0 -> hostile(chat);
                    case 1 -> broken(object(chat, 3));
                    default -> object(chat, random.nextInt(7));
                };
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return new Request(chat, random.nextInt(20) == 0 ? garbled(bytes) : bytes);
    }

    private String object(boolean chat, int fields) {
        List<String> members = new ArrayList<>();
        members.add(chat ? "\"messages\":" + messages() : "\"prompt\":" + prompt());
        if (random.nextInt(10) > 0) {
            members.add("\"max_tokens\":" + random.nextInt(1, MAX_TOKENS));
        }
        for (int i = 0; i < fields; i++) {
            List<String> field = pick(FIELDS);
            members.add("\"" + field.getFirst() + "\":" + pick(field.subList(1, field.size())));
        }
        String comma = random.nextInt(10) == 0 ? "," : "";
        return "{" + String.join(",", members) + comma + "}";
    }

    private String messages() {
        return switch (random.nextInt(12)) {
            case 0 -> "[]";
            case 1 -> "[1,2,3]";
            case 2 -> "\"text\"";
            case 3 ->
                    "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}]";
            case 4 ->
                    "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"x\"}]}]";
            case 5 -> "[{\"role\":\"tool\",\"content\":null,\"tool_call_id\":5}]";
            case 6 ->
                    "[{\"role\":\"assistant\",\"tool_calls\":[{\"function\":{\"arguments\":\"{\"}}]}]";
            case 7 -> "[{}]";
            default -> "[{\"role\":\"user\",\"content\":" + text() + "}]";
        };
    }

    private String prompt() {
        return switch (random.nextInt(8)) {
            case 0 -> "[1,2,3]";
            case 1 -> "[[1,2],[3]]";
            case 2 -> "[\"a\",\"b\"]";
            case 3 -> "[\"a\",1]";
            case 4 -> "[]";
            default -> text();
        };
    }

    private String text() {
        return pick(
                List.of(
                        "\"Hello\"",
                        "\"\"",
                        "\" \"",
                        "\"\\u0000\\u0001\"",
                        "\"\\ud83d\\ude00 \\ud83d\"",
                        "\"<|im_start|>\"",
                        "\"{{ 7*7 }}{% raw %}\"",
                        "null",
                        "\"日本語 und Ümläute\""));
    }

    private String hostile(boolean chat) {
        int kind = random.nextInt(9);
        String key = chat ? "messages" : "prompt";
        return switch (kind) {
            case 0 -> "[".repeat(random.nextInt(1, 100_000));
            case 1 -> "{\"a\":".repeat(5_000) + "1" + "}".repeat(5_000);
            case 2 -> "{\"" + key + "\":" + "9".repeat(50_000) + "}";
            case 3 -> "{\"" + key + "\":[" + "1,".repeat(200_000) + "1]}";
            case 4 -> "{\"" + key + "\":\"" + "x".repeat(3_000_000) + "\"}";
            case 5 ->
                    IntStream.range(0, 4_000)
                            .mapToObj(i -> "{\"role\":\"user\",\"content\":\"" + i + "\"}")
                            .collect(Collectors.joining(",", "{\"messages\":[", "]}"));
            case 6 -> "{\"" + key + "\":\"a\",\"" + key + "\":\"b\",\"n\":1,\"n\":2}";
            case 7 -> "{\"" + key + "\":\"a\",\"temperature\":1e" + "9".repeat(400) + "}";
            default -> "";
        };
    }

    private String broken(String json) {
        int at = random.nextInt(json.length());
        return switch (random.nextInt(3)) {
            case 0 -> json.substring(0, at);
            case 1 ->
                    json.substring(0, at)
                            + pick(List.of("}", "\"", ",", "\u0000"))
                            + json.substring(at);
            default -> json + json;
        };
    }

    /// Bytes that are no UTF-8.
    private byte[] garbled(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte b : bytes) {
            out.write(random.nextInt(200) == 0 ? random.nextInt(256) : b);
        }
        return out.toByteArray();
    }

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }
}
