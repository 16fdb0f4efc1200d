package dev.sluice.openai.parsers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

import java.util.SplittableRandom;
import java.util.stream.IntStream;

class JsonScannerTest {
    private static final String ALPHABET = "{}[]\",:\\/ \ntrufalsen0123456789.eE+-你😀\u0001";
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    static IntStream seeds() {
        return IntStream.range(0, 200);
    }

    /// Where the value ends: the number of chars, or -1 where it is wrong or not complete.
    private static int end(String text) {
        JsonScanner scanner = new JsonScanner();
        for (int i = 0; i < text.length(); i++) {
            switch (scanner.accept(text.charAt(i))) {
                case LAST -> {
                    return i + 1;
                }
                case BEFORE -> {
                    return i;
                }
                case INVALID -> {
                    return -1;
                }
                case MORE -> {}
            }
        }
        return -1;
    }

    private static boolean isJson(String text) {
        try {
            return !JSON.readTree(text).isMissingNode();
        } catch (JacksonException _) {
            return false;
        }
    }

    private static String value(SplittableRandom random, int depth) {
        int kind = random.nextInt(depth > 3 ? 4 : 8);
        String space = random.nextInt(4) == 0 ? " \n" : "";
        return space
                + switch (kind) {
                    case 0 -> "\"a{\\\"}\\u4f60\\ud83d\\ude00 你😀\\\\\"";
                    case 1 -> random.nextBoolean() ? "-12.50e+7" : "0";
                    case 2 -> random.nextBoolean() ? "true" : "null";
                    case 3 -> "\"\"";
                    case 4, 5 -> object(random, depth);
                    default -> list(random, depth);
                }
                + space;
    }

    private static String object(SplittableRandom random, int depth) {
        StringBuilder text = new StringBuilder("{");
        for (int i = random.nextInt(4); i > 0; i--) {
            text.append("\"k}\\\"").append(i).append("\" :").append(value(random, depth + 1));
            text.append(i > 1 ? "," : "");
        }
        return text.append('}').toString();
    }

    private static String list(SplittableRandom random, int depth) {
        StringBuilder text = new StringBuilder("[");
        for (int i = random.nextInt(4); i > 0; i--) {
            text.append(value(random, depth + 1)).append(i > 1 ? "," : "");
        }
        return text.append(']').toString();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void findsTheEndOfEveryValue(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        String value = value(random, 0).strip();

        assertThat(isJson(value)).isTrue();
        assertThat(end(value + ",")).isEqualTo(value.length());
        assertThat(end("\t " + value + "}")).isEqualTo(value.length() + 2);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void takesWhatAReaderTakes(int seed) {
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < 200; i++) {
            StringBuilder text = new StringBuilder(object(random, 0));
            for (int change = random.nextInt(3); change >= 0; change--) {
                char c = ALPHABET.charAt(random.nextInt(ALPHABET.length()));
                text.setCharAt(random.nextInt(text.length()), c);
            }
            String json = text.toString();
            if (!json.startsWith("{")) {
                continue;
            }

            boolean takes = end(json) == json.stripTrailing().length();

            assertThat(takes).as(json).isEqualTo(isJson(json));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"a\":01}",
                "{'a':1}",
                "{\"a\":1,}",
                "[1,]",
                "[+1]",
                "[.5]",
                "[1.]",
                "[\"\\x\"]",
                "[\"\\u12g4\"]",
                "[\"\n\"]",
                "[tru]",
                "{\"a\" 1}",
                "{1:2}",
                "[1}",
                "{]",
                "[\"\\u１２３４\"]"
            })
    void refusesWhatIsNoJson(String text) {
        assertThat(end(text)).isEqualTo(-1);
        assertThat(isJson(text)).isFalse();
    }

    @Test
    void goesNoDeeperThanItsLimit() {
        String deepest = "[".repeat(JsonScanner.MAX_DEPTH) + "]".repeat(JsonScanner.MAX_DEPTH);

        assertThat(end(deepest)).isEqualTo(deepest.length());
        assertThat(end("[" + deepest + "]")).isEqualTo(-1);
    }

    @Test
    void readsEscapes() {
        assertThat(JsonStrings.unquote("\"a\\n\\t\\b\\f\\r\\\"\\\\\\/\\u4F60\\ud83d\\ude00\""))
                .isEqualTo("a\n\t\b\f\r\"\\/你😀");
    }
}
