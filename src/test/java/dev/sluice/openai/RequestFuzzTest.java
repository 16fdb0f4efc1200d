package dev.sluice.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.engine.ApiException;
import dev.sluice.testing.ParrotServer;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/// Whatever a client sends is either prepared or refused with an answer for the client.
class RequestFuzzTest {
    private static final int BODIES_PER_SEED = 60;
    private static final RequestTranslator TRANSLATOR =
            new RequestTranslator(
                    ParrotServer.servedModel(), RequestValidator.create(), InstantSource.system());
    private static final List<String> FIELDS =
            List.of(
                    "messages",
                    "prompt",
                    "model",
                    "stream",
                    "stream_options",
                    "temperature",
                    "top_p",
                    "top_k",
                    "min_p",
                    "seed",
                    "max_tokens",
                    "max_completion_tokens",
                    "stop",
                    "stop_token_ids",
                    "include_stop_str_in_output",
                    "ignore_eos",
                    "user",
                    "request_id",
                    "prompt_token_ids",
                    "n",
                    "tools",
                    "tool_choice",
                    "logprobs",
                    "response_format",
                    "metadata",
                    "chat_template_kwargs",
                    "best_of",
                    "echo",
                    "suffix",
                    "logit_bias",
                    "logits_processors_args",
                    "bad_words",
                    "bad_words_token_ids",
                    "min_tokens",
                    "truncate_prompt_tokens",
                    "completion_token_ids",
                    "chat_template",
                    "disable_chat_template",
                    "continue_final_message",
                    "prompt_logprobs",
                    "top_logprobs",
                    "reasoning_max_tokens",
                    "response_max_tokens",
                    "return_token_ids",
                    "repetition_penalty",
                    "max_streaming_response_tokens",
                    "reasoning_effort",
                    "mm_hashes",
                    "unknown",
                    "\u0000");
    private static final List<String> KEYS =
            List.of(
                    "role",
                    "content",
                    "type",
                    "text",
                    "tool_calls",
                    "function",
                    "arguments",
                    "options",
                    "thinking_mode",
                    "enable_thinking",
                    "include_usage",
                    "x");

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void noBodyIsAFaultOfTheServer(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < BODIES_PER_SEED; i++) {
            byte[] body = body(random);
            assertAnswered(() -> TRANSLATOR.chat(body), body);
            assertAnswered(() -> TRANSLATOR.completion(body), body);
        }
    }

    private static void assertAnswered(Runnable preparation, byte[] body) {
        try {
            preparation.run();
        } catch (ApiException.InvalidRequest | ApiException.NotFound e) {
            assertThat(e.text()).as(new String(body, StandardCharsets.UTF_8)).isNotBlank();
        }
    }

    private static byte[] body(SplittableRandom random) {
        Map<String, Object> body = new LinkedHashMap<>();
        if (random.nextInt(4) > 0) {
            body.put("messages", List.of(Map.of("role", "user", "content", text(random))));
            body.put("prompt", text(random));
        }
        for (int i = random.nextInt(6); i > 0; i--) {
            RequestJson.putNull(body, "null_" + i);
            body.put(pick(random, FIELDS), value(random, 3));
        }
        byte[] json = RequestJson.write(body).getBytes(StandardCharsets.UTF_8);
        for (int i = random.nextInt(8) == 0 ? random.nextInt(1, 4) : 0; i > 0; i--) {
            json[random.nextInt(json.length)] = (byte) random.nextInt(256);
        }
        return json;
    }

    private static Object value(SplittableRandom random, int depth) {
        return switch (random.nextInt(depth > 0 ? 10 : 7)) {
            case 0 -> random.nextBoolean();
            case 1 -> random.nextInt(-3, 4);
            case 2 -> random.nextLong();
            case 3 -> new BigInteger("9".repeat(random.nextInt(1, 60)));
            case 4 -> random.nextDouble() * 4 - 2;
            case 5 -> Double.MAX_VALUE;
            case 6 -> text(random);
            case 7, 8 -> list(random, depth);
            default -> object(random, depth);
        };
    }

    private static List<Object> list(SplittableRandom random, int depth) {
        List<Object> list = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            list.add(value(random, depth - 1));
        }
        return list;
    }

    private static Map<String, Object> object(SplittableRandom random, int depth) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            object.put(pick(random, KEYS), value(random, depth - 1));
        }
        return object;
    }

    private static String text(SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0 -> "";
            case 1 -> "text";
            case 2 -> "user";
            case 3 -> "\u0000\ud83d\ude00\ud83d \"\\";
            case 4 -> "x".repeat(random.nextInt(2000));
            default -> "{\"a\":1}";
        };
    }

    private static String pick(SplittableRandom random, List<String> from) {
        return from.get(random.nextInt(from.size()));
    }
}
